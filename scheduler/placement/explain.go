package placement

import (
	"fmt"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

// HeldForAnother is how Explain calls agents that are held for another App, for
// who knows which.
const HeldForAnother = "held for another App"

// Explain says in a sentence why no agent takes one more instance, such as
// "needs 4 cpus; the largest free agent has 3.5: 12 agents too small, 3
// excluded by hostname UNIQUE". It is "" when some agent would take it.
func Explain(s *runspec.Run, r Rejections) string {
	f := r.LastOffers
	switch {
	case f.Processed == 0:
		return "no agent offers anything at present"
	case f.Refused() < f.Processed:
		return ""
	}
	var facts []string
	short := r.short()
	switch {
	case short == InsufficientPorts && len(fixedPorts(s)) > 0:
		facts = []string{"not free on " + plural(r.open(short), "agent") + " (in use there, or outside of the ports on offer)"}
	case short != 0:
		facts = r.fact(short, r.open(short))
	}
	held := 0
	for k := range f.Declined {
		why := Reason(k + 1)
		if n := r.open(why); n > 0 && why != short {
			facts = append(facts, r.fact(why, n)...)
		}
		if why >= InsufficientCpus && why <= InsufficientPorts {
			held += r.Held.Declined[k]
		}
	}
	if held > 0 {
		facts = append(facts, plural(held, "agent")+" "+HeldForAnother)
	}
	if lack := r.lack(s); lack != "" {
		return lack + ": " + strings.Join(facts, ", ")
	}
	return strings.Join(facts, ", ")
}

// open is how many agents a reason excluded that are not just held for another App.
func (r *Rejections) open(why Reason) int {
	n := r.LastOffers.Declined[why-1]
	if why >= InsufficientCpus && why <= InsufficientPorts {
		n -= r.Held.Declined[why-1]
	}
	return n
}

// short returns the resource that most agents lack, 0 if none lacks any.
func (r *Rejections) short() Reason {
	worst, most := Reason(0), 0
	for k := InsufficientCpus; k <= InsufficientPorts; k++ {
		if n := r.open(k); n > most {
			worst, most = k, n
		}
	}
	return worst
}

// lack is the nearest miss: what is needed and the most that there is of it.
func (r *Rejections) lack(s *runspec.Run) string {
	say := func(need, own resource.Scalar, what string, most resource.Scalar) string {
		if need != own {
			what += " with its executor"
		}
		return fmt.Sprintf("needs %v %s; the largest free agent has %v", need, what, most)
	}
	switch r.short() {
	case InsufficientCpus:
		return say(r.Need.CPUs, s.Resources.CPUs, "cpus", r.Largest.CPUs)
	case InsufficientMemory:
		return say(r.Need.Mem, s.Resources.Mem, "MiB of memory", r.Largest.Mem)
	case InsufficientDisk:
		return say(r.Need.Disk, r.Need.Disk, "MiB of disk", r.Largest.Disk)
	case InsufficientGpus:
		return say(r.Need.GPUs, r.Need.GPUs, "gpus", r.Largest.GPUs)
	case InsufficientPorts:
		if len(fixedPorts(s)) > 0 {
			return "needs " + wantedPorts(s)
		}
		return fmt.Sprintf("needs %s; the agent with the most free has %d", wantedPorts(s), r.LargestPorts)
	case UnfulfilledRole, UnfulfilledConstraint, NoCorrespondingReservationFound, AgentMaintenance, DeclinedScarceResources:
	}
	return ""
}

// wantedPorts says how many host ports an App needs, and which.
func wantedPorts(s *runspec.Run) string {
	count := 0
	for _, p := range s.Ports {
		if _, has := hostPort(s, p); has {
			count++
		}
	}
	text := plural(count, "host port")
	if fixed := fixedPorts(s); len(fixed) > 0 {
		text += " (" + strings.Join(fixed, ", ") + ")"
	}
	return text
}

// fixedPorts lists the host ports that have to be just these.
func fixedPorts(s *runspec.Run) (fixed []string) {
	for _, p := range s.Ports {
		if n, _ := hostPort(s, p); n != 0 {
			fixed = append(fixed, fmt.Sprint(n))
		}
	}
	return fixed
}

// fact says what happened to n agents, constraints one by one.
func (r *Rejections) fact(why Reason, n int) []string {
	agents := plural(n, "agent")
	switch why {
	case UnfulfilledConstraint:
		return r.constraintFacts(n)
	case UnfulfilledRole:
		return r.roleFacts(n)
	case NoCorrespondingReservationFound:
		return []string{agents + " without the instance's reservation"}
	case AgentMaintenance:
		return []string{agents + " in or before maintenance"}
	case DeclinedScarceResources:
		return []string{agents + " kept for Apps that need gpus"}
	case r.short():
		return []string{agents + " too small"}
	case InsufficientCpus:
		return []string{agents + " short of cpus"}
	case InsufficientMemory:
		return []string{agents + " short of memory"}
	case InsufficientDisk:
		return []string{agents + " short of disk"}
	case InsufficientGpus:
		return []string{agents + " short of gpus"}
	case InsufficientPorts:
		return []string{agents + " short of host ports"}
	default:
		return nil
	}
}

func (r *Rejections) roleFacts(n int) []string {
	var facts []string
	if others := n - r.Unaccepted; others > 0 {
		facts = append(facts, plural(others, "agent")+" offered to another role")
	}
	if r.Unaccepted > 0 {
		facts = append(facts, plural(r.Unaccepted, "agent")+" without "+r.Wanted)
	}
	return facts
}

func (r *Rejections) constraintFacts(n int) []string {
	var facts []string
	for _, c := range r.Constraints {
		if c.Declined > 0 {
			facts = append(facts, fmt.Sprintf("%d excluded by %s", c.Declined, strings.Join(c.Constraint.Strings(), " ")))
			n -= c.Declined
		}
	}
	if n > 0 {
		facts = append(facts, plural(n, "agent")+" in another region")
	}
	return facts
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
