package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/runspec"
)

func TestValidateRefusesQueueLabelsThatMeanNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ label, value, want string }{
		{QueueLabel, "/prod/batch", ""},
		{QueueLabel, "/", ""},
		{QueueLabel, "prod", "/labels/GANTRY_QUEUE"},
		{QueueLabel, "/a/../b", "/labels/GANTRY_QUEUE"},
		{QueueLabel, "", "/labels/GANTRY_QUEUE"},
		{PriorityLabel, "-5", ""},
		{PriorityLabel, "high", "/labels/GANTRY_PRIORITY"},
		{PriorityLabel, "1000001", "/labels/GANTRY_PRIORITY"},
	} {
		s := sleeper()
		s.Labels = map[string]string{c.label: c.value}
		err := Validate(Normalize(&s, DefaultRules()), DefaultRules())
		if got := fmt.Sprint(err); (err == nil) != (c.want == "") || !strings.Contains(got, c.want) && c.want != "" {
			t.Errorf("%s=%q: got %v, want an error about %q", c.label, c.value, err, c.want)
		}
	}
}

func TestQueueAndPriority(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		id, queue, priority string
		wantQueue           string
		wantPriority        int
	}{
		{"/prod/web/front", "", "", "/prod", 0},
		{"/web", "", "", "/", 0},
		{"/prod/web", "/batch//night/", "-3", "/batch/night", -3},
	} {
		s := Spec{ID: ID(c.id), Run: runspec.Run{Labels: map[string]string{QueueLabel: c.queue, PriorityLabel: c.priority}}}
		if q, p := s.Queue(), s.Priority(); q != c.wantQueue || p != c.wantPriority {
			t.Errorf("%+v: got queue %s, priority %d", c, q, p)
		}
	}
}
