package docker

import (
	"os/exec"
	"testing"

	"go.uber.org/zap"
)

func TestOwner_is_dead_only_when_that_is_sure(t *testing.T) {
	t.Parallel()
	self, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	if read, ok := ParseOwner(self.String()); !ok || read != self {
		t.Errorf("ParseOwner(%q) = %+v, %t", self, read, ok)
	}
	if _, ok := ParseOwner("something else"); ok {
		t.Error("another label was read as an owner")
	}
	child := exec.Command("true")
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	gone, reused, elsewhere, earlier := self, self, self, self
	gone.PID = child.Process.Pid
	reused.Start = "1"
	elsewhere.Namespace, elsewhere.PID = "pid:[1]", child.Process.Pid
	earlier.Boot, earlier.PID = "another", child.Process.Pid
	for name, row := range map[string]struct {
		owner Owner
		want  bool
	}{
		"itself": {self, false}, "ended": {gone, true}, "its id used again": {reused, true}, "in another namespace": {elsewhere, false}, "of an earlier boot": {earlier, false},
	} {
		if got := row.owner.dead(self); got != row.want {
			t.Errorf("%s: dead = %t, want %t", name, got, row.want)
		}
	}
	r := New(Config{Owner: self, AgentID: "a1"}, nil, Output{}, zap.NewNop())
	mine, other := map[string]string{LabelAgent: "a1"}, map[string]string{LabelAgent: "a2"}
	for name, row := range map[string]struct {
		listed Listed
		want   bool
	}{
		"ended before the boot":           {Listed{Labels: mine}, true},
		"running on another machine":      {Listed{Labels: mine, Running: true}, false},
		"another agent's on another host": {Listed{Labels: other}, false},
	} {
		if got := r.stray(earlier, row.listed); got != row.want {
			t.Errorf("%s: stray = %t, want %t", name, got, row.want)
		}
	}
}
