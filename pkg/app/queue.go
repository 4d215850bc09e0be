package app

import "strconv"

// Labels by which an App says where its instances stand in line.
const (
	// QueueLabel names the queue instead of the top-level group, such as "/batch/nightly".
	QueueLabel = "GANTRY_QUEUE"
	// PriorityLabel orders the Apps of a queue, the highest number first; 0 is ordinary.
	PriorityLabel = "GANTRY_PRIORITY"
)

// PriorityMax bounds priorities in both directions.
const PriorityMax = 1_000_000

// Queue returns the path of the queue that the App's instances stand in: what
// its label says, else its top-level group.
func (s *Spec) Queue() string {
	if q := s.Labels[QueueLabel]; q != "" {
		return string(Canonical(q))
	}
	return string(s.ID.Tenant())
}

// Priority returns the App's priority in its queue.
func (s *Spec) Priority() int {
	n, err := strconv.Atoi(s.Labels[PriorityLabel])
	if err != nil {
		return 0
	}
	return n
}

// CheckQueue reports whether a path can be a queue's: its segments obey the
// rules of ids.
func CheckQueue(path string) error {
	return CheckGroup(Canonical(path))
}

func validateQueue(s *Spec, f *findings) {
	if q, ok := s.Labels[QueueLabel]; ok {
		if err := CheckQueue(q); err != nil || q == "" || q[0] != '/' {
			f.add("/labels/"+QueueLabel, "got %q, expected the path of a queue, such as /prod or /prod/batch", q)
		}
	}
	if p, ok := s.Labels[PriorityLabel]; ok {
		if n, err := strconv.Atoi(p); err != nil || n > PriorityMax || n < -PriorityMax {
			f.add("/labels/"+PriorityLabel, "got %q, expected a whole number from -%d to %d", p, PriorityMax, PriorityMax)
		}
	}
}
