package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Rig is a cluster on which a case runs.
type Rig interface {
	// Known are the values of placeholders before the first step: ports, work dirs and the like.
	Known() map[string]string
	// Files are the paths of the case's files by name.
	Files() map[string]string
	// Addr is the host:port of "master:n" or "agent:n".
	Addr(to string) (string, error)
	// Ctl acts on a process.
	Ctl(ctx context.Context, c *Ctl) error
	// ZooKeeper is the address of the ZooKeeper server, empty if there is none.
	ZooKeeper() string
}

// Replay is one run of a case.
type Replay struct {
	c       *Case
	rig     Rig
	matcher *Matcher
	binding *Binding
	streams map[string]*stream

	unchecked bool // messages are sent as they are, whatever rules they break

	mark      time.Time // begin of the preceding send, ctl or close, or end of the preceding sleep
	stepStart time.Time
}

// NewReplay prepares a run of c on rig.
func NewReplay(c *Case, rig Rig, strict bool) *Replay {
	return &Replay{
		c: c, rig: rig, matcher: &Matcher{Strict: strict}, binding: NewBinding(rig.Known(), rig.Files()),
		streams: map[string]*stream{}, mark: time.Now(),
	}
}

// Unchecked sends messages that a real master or agent would refuse instead of ending the case.
func (r *Replay) Unchecked() { r.unchecked = true }

// Wording are the differences in texts meant for people that were tolerated.
func (r *Replay) Wording() []string { return r.matcher.Wording }

// Frameworks are the ids of the frameworks that have subscribed.
func (r *Replay) Frameworks() []string {
	var ids []string
	for name, value := range r.binding.values {
		if strings.HasPrefix(name, "FRAMEWORK_ID_") {
			ids = append(ids, value)
		}
	}
	return ids
}

// Run goes through the steps and returns the first difference.
func (r *Replay) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for i := range r.c.Steps {
		step := &r.c.Steps[i]
		r.stepStart = time.Now()
		name, err := r.step(ctx, step)
		if err != nil {
			return fmt.Errorf("step %d (%s): %w", i+1, name, err)
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("step %d (%s): %w", i+1, name, context.Cause(ctx))
		}
	}
	return nil
}

func (r *Replay) step(ctx context.Context, step *Step) (name string, err error) {
	switch {
	case step.Send != nil:
		r.mark = r.stepStart
		return describe("send", step.Send), r.send(ctx, step)
	case step.Poll != nil:
		return describe("poll", step.Poll), r.poll(ctx, step)
	case step.Pipeline != nil:
		r.mark = r.stepStart
		return "pipeline", r.pipeline(ctx, step)
	case step.Await != "":
		return "await " + step.Await, r.await(step)
	case step.None != "":
		return "none " + step.None, r.none(step)
	case step.EOF != "":
		return "eof " + step.EOF, r.eof(step)
	case step.Close != "":
		r.mark = r.stepStart
		return "close " + step.Close, r.closeStream(step.Close)
	case step.Ctl != nil:
		r.mark = r.stepStart
		return "ctl " + step.Ctl.Op, r.rig.Ctl(ctx, step.Ctl)
	case step.ZK != nil:
		return "zk " + step.ZK.Op, r.readZooKeeper(step)
	case step.SleepMS > 0:
		err := pause(ctx, ms(step.SleepMS))
		r.mark = time.Now()
		return "sleep", err
	default:
		return "unknown", errors.New("no action that this suite knows")
	}
}

func describe(action string, req *Request) string {
	kind := ""
	if body, ok := req.Body.(map[string]any); ok {
		kind = fmt.Sprint(" ", body["type"])
	}
	return fmt.Sprintf("%s %s %s %s%s", action, req.To, req.Method, req.Path, kind)
}

func (r *Replay) closeStream(name string) error {
	s, err := r.stream(name)
	if err != nil {
		return err
	}
	s.closeConn()
	return nil
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
