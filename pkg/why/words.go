package why

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// NextOffers is what is said where no cause is known.
const NextOffers = "waits for the next offers"

// Words says the cause in a part of a sentence, "" for none.
func Words(c Cause) string {
	if c == nil {
		return ""
	}
	return c.Words()
}

// Words says in a sentence why instances wait, "" if nothing is known.
func (w Wait) Words() string {
	text := Words(w.Cause)
	if w.Age > 0 {
		text += fmt.Sprintf(" (%v ago, when the last offers came)", w.Age.Round(time.Second))
	}
	if w.Kept == "" {
		return text
	}
	if text != "" {
		text += "; "
	}
	return text + "agent " + w.Kept + " is held for it until an instance fits there"
}

// Words says the cause.
func (Disconnected) Words() string { return "the scheduler is not connected to a Mesos master" }

// Words says the cause, with the first line of the last task's message.
func (b BackOff) Words() string {
	text := fmt.Sprintf("backs off for %v", max(time.Second, b.Left.Round(time.Second)))
	if b.State == 0 {
		return text + ": its last task ended by itself and without an error; an app's command has to go on running"
	}
	text += fmt.Sprintf(" after %v", b.State)
	if line, _, _ := strings.Cut(b.Message, "\n"); line != "" {
		text += ": " + line
	}
	return text
}

// Words says the cause.
func (l Limit) Words() string {
	if l.Need > l.Limit {
		return fmt.Sprintf("needs %v %s, more than the limit of queue %s, which is %v", l.Need, l.Resource.unit(), l.Queue, l.Limit)
	}
	return fmt.Sprintf("the limit of queue %s is reached: %v of %v %s are in use, an instance needs %v", l.Queue, l.Used, l.Limit, l.Resource.unit(), l.Need)
}

// Words says the cause.
func (NothingOffered) Words() string { return "no agent offers anything at present" }

// Words says the cause.
func (n NoOffers) Words() string {
	if n.For == 0 {
		return "no agent has offered anything since the scheduler began: there is none, or others use all"
	}
	return fmt.Sprintf("no agent has offered anything for %v: others may use all", n.For.Round(time.Second))
}

// Words says the cause, and what can be done about it where that is wanted.
func (h Home) Words() string {
	what := "its volumes " + strings.Join(h.Paths, ", ")
	if len(h.Paths) == 1 {
		what = "its volume " + h.Paths[0]
	}
	holds := "holds"
	if !h.Made {
		holds = "was to hold"
	}
	text := fmt.Sprintf("instance %s waits for agent %s (%s), which %s %s: %s", h.Instance, h.Agent, h.Hostname, holds, what, h.Lack.words())
	if h.Wipe {
		text += fmt.Sprintf("; to start without the data, kill task %s with wipe", h.Task)
	}
	return text
}

func (l HomeLack) words() string {
	switch l {
	case HomeSilent:
		return "it offers nothing at present"
	case HomeDraining:
		return "it is in or before maintenance"
	case HomeShort:
		return "its offer lacks the volume or something else that the instance needs"
	default:
		return ""
	}
}

// Words says the cause, such as "needs 4 cpus; the largest free agent has 3.5:
// 12 agents too small, 3 excluded by hostname UNIQUE".
func (m Misfit) Words() string {
	facts := make([]string, len(m.Facts))
	for n, f := range m.Facts {
		facts[n] = f.words(m.HeldFor)
	}
	text := strings.Join(facts, ", ")
	if m.Miss == nil {
		return text
	}
	return m.Miss.words() + ": " + text
}

func (m *Miss) words() string {
	if m.Resource != HostPorts {
		what := m.Resource.unit()
		if m.Executor {
			what += " with its executor"
		}
		return fmt.Sprintf("needs %v %s; the largest free agent has %v", m.Need, what, m.Largest)
	}
	need := "needs " + plural(int(m.Need/1000), "host port")
	if len(m.Fixed) == 0 {
		return fmt.Sprintf("%s; the agent with the most free has %v", need, m.Largest)
	}
	fixed := make([]string, len(m.Fixed))
	for n, p := range m.Fixed {
		fixed[n] = strconv.Itoa(int(p))
	}
	return need + " (" + strings.Join(fixed, ", ") + ")"
}

func (f Fact) words(heldFor []app.ID) string {
	agents := plural(f.Agents, "agent")
	switch f.Kind {
	case TooSmall:
		return agents + " too small"
	case ShortOf:
		return agents + " short of " + f.Resource.noun()
	case PortsTaken:
		return "not free on " + agents + " (in use there, or outside of the ports on offer)"
	case Excluded:
		return fmt.Sprintf("%d excluded by %s", f.Agents, strings.Join(f.Constraint.Strings(), " "))
	case OtherRegion:
		return agents + " in another region"
	case OtherRole:
		return agents + " offered to another role"
	case NotAccepted:
		if f.Role == "" {
			return agents + " without unreserved resources"
		}
		return agents + " without resources reserved for " + f.Role
	case NoReservation:
		return agents + " without the instance's reservation"
	case Maintenance:
		return agents + " in or before maintenance"
	case SparesGPUs:
		return agents + " kept for Apps that need gpus"
	case Held:
		return agents + " held for " + holders(heldFor)
	default:
		return ""
	}
}

func holders(apps []app.ID) string {
	if len(apps) == 0 {
		return "another App"
	}
	names := make([]string, len(apps))
	for n, id := range apps {
		names[n] = string(id)
	}
	return strings.Join(names, " and ")
}

// unit is how an amount of the resource is called.
func (r Resource) unit() string {
	switch r {
	case Memory, Disk:
		return "MiB of " + r.noun()
	case CPUs, GPUs, HostPorts:
		return r.noun()
	default:
		return ""
	}
}

func (r Resource) noun() string {
	switch r {
	case CPUs:
		return "cpus"
	case Memory:
		return "memory"
	case Disk:
		return "disk"
	case GPUs:
		return "gpus"
	case HostPorts:
		return "host ports"
	default:
		return ""
	}
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
