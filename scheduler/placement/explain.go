package placement

import (
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/pkg/why"
)

// Explain tells why no agent takes one more instance, nil when some agent would
// take it.
func Explain(s *runspec.Run, r Rejections) why.Cause {
	f := r.LastOffers
	switch {
	case f.Processed == 0:
		return why.NothingOffered{}
	case f.Refused() < f.Processed:
		return nil
	}
	fixed, short := fixedPorts(s), r.short()
	m := why.Misfit{Miss: r.miss(s, short, fixed)}
	switch {
	case short == InsufficientPorts && len(fixed) > 0:
		m.Facts = append(m.Facts, why.Fact{Kind: why.PortsTaken, Agents: r.open(short)})
	case short != 0:
		m.Facts = append(m.Facts, why.Fact{Kind: why.TooSmall, Agents: r.open(short)})
	}
	held := 0
	for k := range f.Declined {
		reason := Reason(k + 1)
		if n := r.open(reason); n > 0 && reason != short {
			m.Facts = append(m.Facts, r.facts(reason, n)...)
		}
		if resourceOf(reason) != 0 {
			held += r.Held.Declined[k]
		}
	}
	if held > 0 {
		m.Facts = append(m.Facts, why.Fact{Kind: why.Held, Agents: held})
	}
	return m
}

// resourceOf returns what is insufficient, zero if the reason is another one.
func resourceOf(r Reason) why.Resource {
	if r < InsufficientCpus || r > InsufficientPorts {
		return 0
	}
	return why.CPUs + why.Resource(r-InsufficientCpus)
}

// open is how many agents a reason excluded that are not just held for another App.
func (r *Rejections) open(reason Reason) int {
	n := r.LastOffers.Declined[reason-1]
	if resourceOf(reason) != 0 {
		n -= r.Held.Declined[reason-1]
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

// miss is the nearest miss of the resource that is short, nil if none is.
func (r *Rejections) miss(s *runspec.Run, short Reason, fixed []uint16) *why.Miss {
	m := &why.Miss{Resource: resourceOf(short)}
	switch m.Resource {
	case why.CPUs:
		m.Need, m.Largest, m.Executor = r.Need.CPUs, r.Largest.CPUs, r.Need.CPUs != s.Resources.CPUs
	case why.Memory:
		m.Need, m.Largest, m.Executor = r.Need.Mem, r.Largest.Mem, r.Need.Mem != s.Resources.Mem
	case why.Disk:
		m.Need, m.Largest = r.Need.Disk, r.Largest.Disk
	case why.GPUs:
		m.Need, m.Largest = r.Need.GPUs, r.Largest.GPUs
	case why.HostPorts:
		m.Need, m.Largest, m.Fixed = resource.Units(int64(hostPortCount(s))), resource.Units(int64(r.LargestPorts)), fixed
	default:
		return nil
	}
	return m
}

// hostPortCount is how many host ports an instance needs.
func hostPortCount(s *runspec.Run) int {
	count := 0
	for _, p := range s.Ports {
		if _, has := hostPort(s, p); has {
			count++
		}
	}
	return count
}

// fixedPorts lists the host ports that have to be just these.
func fixedPorts(s *runspec.Run) (fixed []uint16) {
	for _, p := range s.Ports {
		if n, _ := hostPort(s, p); n != 0 {
			fixed = append(fixed, n)
		}
	}
	return fixed
}

// facts tells what happened to the n agents that a reason excluded, constraints
// one by one.
func (r *Rejections) facts(reason Reason, n int) []why.Fact {
	switch reason {
	case UnfulfilledRole:
		return r.roleFacts(n)
	case UnfulfilledConstraint:
		return r.constraintFacts(n)
	case NoCorrespondingReservationFound:
		return []why.Fact{{Kind: why.NoReservation, Agents: n}}
	case AgentMaintenance:
		return []why.Fact{{Kind: why.Maintenance, Agents: n}}
	case DeclinedScarceResources:
		return []why.Fact{{Kind: why.SparesGPUs, Agents: n}}
	case InsufficientCpus, InsufficientMemory, InsufficientDisk, InsufficientGpus, InsufficientPorts:
		return []why.Fact{{Kind: why.ShortOf, Agents: n, Resource: resourceOf(reason)}}
	default:
		return nil
	}
}

func (r *Rejections) roleFacts(n int) []why.Fact {
	var facts []why.Fact
	if others := n - r.Unaccepted; others > 0 {
		facts = append(facts, why.Fact{Kind: why.OtherRole, Agents: others})
	}
	if r.Unaccepted > 0 {
		facts = append(facts, why.Fact{Kind: why.NotAccepted, Agents: r.Unaccepted, Role: r.Wanted})
	}
	return facts
}

func (r *Rejections) constraintFacts(n int) []why.Fact {
	var facts []why.Fact
	for _, c := range r.Constraints {
		if c.Declined > 0 {
			facts = append(facts, why.Fact{Kind: why.Excluded, Agents: c.Declined, Constraint: c.Constraint})
			n -= c.Declined
		}
	}
	if n > 0 {
		facts = append(facts, why.Fact{Kind: why.OtherRegion, Agents: n})
	}
	return facts
}
