package statusupdate

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// recorder notes what is sent: the message of each status and the newest state behind it.
type recorder struct{ sent []string }

func (r *recorder) Forward(u Update, latest mesos.TaskStatus) {
	r.sent = append(r.sent, fmt.Sprintf("%s/%s", u.Status.GetMessage(), latest.GetMessage()))
}

func (r *recorder) take() []string {
	sent := r.sent
	r.sent = nil
	return sent
}

var epoch = time.Unix(1000, 0)

func update(task, name string, state mesos.TaskState) Update {
	return Update{
		Key:    Key{Framework: "f", Task: task},
		Status: mesos.TaskStatus{State: state.Enum(), UUID: []byte(task + name), Message: &name},
	}
}

func started() (*Manager, *recorder) {
	r := &recorder{}
	m := NewManager(r, 10*time.Second, time.Minute)
	m.Resume(epoch)
	return m, r
}

func TestUpdatesLeaveOneAtATimeInOrder(t *testing.T) {
	t.Parallel()
	m, r := started()
	m.Add(epoch, update("t", "running", mesos.TASK_RUNNING))
	m.Add(epoch, update("t", "finished", mesos.TASK_FINISHED))
	m.Add(epoch, update("u", "other", mesos.TASK_RUNNING))
	if diff := cmp.Diff(r.take(), []string{"running/running", "other/other"}); diff != "" {
		t.Errorf("sent (-got +want):\n%s", diff)
	}
	key := Key{Framework: "f", Task: "t"}
	if _, _, err := m.Acknowledge(epoch, key, []byte("wrong")); !errors.Is(err, ErrUnexpected) {
		t.Errorf("got %v, want ErrUnexpected", err)
	}
	if _, ended, err := m.Acknowledge(epoch, key, []byte("trunning")); ended || err != nil {
		t.Errorf("got %v, %v", ended, err)
	}
	if diff := cmp.Diff(r.take(), []string{"finished/finished"}); diff != "" {
		t.Errorf("sent (-got +want):\n%s", diff)
	}
	if _, ended, err := m.Acknowledge(epoch, key, []byte("tfinished")); !ended || err != nil {
		t.Errorf("got %v, %v, want the end", ended, err)
	}
	if _, _, ok := m.Head(key); ok {
		t.Error("stream is left")
	}
}

func TestUnacknowledgedUpdateIsRepeatedWithDoublingIntervals(t *testing.T) {
	t.Parallel()
	m, r := started()
	m.Add(epoch, update("t", "running", mesos.TASK_RUNNING))
	m.Add(epoch, update("t", "finished", mesos.TASK_FINISHED))
	var got []time.Duration
	now := epoch
	for range 5 {
		at, ok := m.Next()
		if !ok {
			t.Fatal("nothing due")
		}
		got = append(got, at.Sub(now))
		m.Tick(at.Add(-time.Nanosecond))
		now = at
		m.Tick(now)
	}
	want := []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, time.Minute, time.Minute}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("intervals (-got +want):\n%s", diff)
	}
	// The newest state travels with the old update.
	if diff := cmp.Diff(r.take()[1:3], []string{"running/finished", "running/finished"}); diff != "" {
		t.Errorf("sent (-got +want):\n%s", diff)
	}
	if _, _, err := m.Acknowledge(now, Key{Framework: "f", Task: "t"}, []byte("trunning")); err != nil {
		t.Fatal(err)
	}
	if at, _ := m.Next(); at.Sub(now) != 10*time.Second {
		t.Errorf("next update is due after %v, want 10s again", at.Sub(now))
	}
}

func TestPauseResumeAndResend(t *testing.T) {
	t.Parallel()
	m, r := started()
	m.Pause()
	m.Add(epoch, update("t", "running", mesos.TASK_RUNNING))
	if _, ok := m.Next(); ok || len(r.take()) > 0 {
		t.Error("sent while paused")
	}
	m.Resume(epoch)
	m.Resend(epoch, "other framework")
	m.Resend(epoch, "f")
	if diff := cmp.Diff(r.take(), []string{"running/running", "running/running"}); diff != "" {
		t.Errorf("sent (-got +want):\n%s", diff)
	}
	m.Forget("f")
	if _, ok := m.Next(); ok {
		t.Error("something is due after Forget")
	}
}

func TestDuplicatesAreDroppedAlsoAfterRestore(t *testing.T) {
	t.Parallel()
	m, r := started()
	u := update("t", "running", mesos.TASK_RUNNING)
	if !m.Add(epoch, u) || m.Add(epoch, u) {
		t.Error("duplicate is not told from the first")
	}
	restored, _ := started()
	restored.Restore(u.Key, [][]byte{u.Status.UUID}, nil)
	if restored.Add(epoch, u) {
		t.Error("duplicate is not known after Restore")
	}
	if got := len(r.take()); got != 1 {
		t.Errorf("sent %d updates, want 1", got)
	}
}
