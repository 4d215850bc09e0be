package link

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// end records what arrives at one end of a connection.
type end struct {
	mu     sync.Mutex
	got    []string
	closed int
}

func (e *end) Receive(_ *Conn, m Message) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if msg, ok := m.(ShutdownAgent); ok {
		e.got = append(e.got, msg.Message)
		return
	}
	e.got = append(e.got, m.Class().String())
}

func (e *end) Closed(*Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed++
}

func (e *end) want(t *testing.T, closed int, messages ...string) {
	t.Helper()
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	if diff := cmp.Diff(e.got, messages); diff != "" {
		t.Errorf("messages: -got +want:\n%s", diff)
	}
	if e.closed != closed {
		t.Errorf("closed: got %d times, want %d", e.closed, closed)
	}
}

func say(text string) Message { return ShutdownAgent{Message: text} }

// wire is one connection from "agent" to "master" with what arrives at its ends.
type wire struct {
	*testing.T
	n                 *Network
	agent, master     *Conn
	atAgent, atMaster *end
}

// connected runs a test in a bubble of virtual time.
func connected(t *testing.T, f func(w *wire)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{T: t, n: NewNetwork(), atAgent: new(end), atMaster: new(end)}
		stop, err := w.n.Listen("master", func(c *Conn) Receiver { w.master = c; return w.atMaster })
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		if w.agent, err = w.n.Dial("agent", "master", w.atAgent); err != nil {
			t.Fatal(err)
		}
		f(w)
		w.n.Break("agent")
		synctest.Wait()
	})
}

func TestMessagesKeepTheirOrder(t *testing.T) {
	connected(t, func(w *wire) {
		w.agent.Send(say("1"))
		w.agent.Send(say("2"))
		w.master.Send(say("a"))
		w.agent.Send(Pong{AgentID: mesos.AgentID{Value: "x"}})
		w.atMaster.want(w.T, 0, "1", "2", "ping")
		w.atAgent.want(w.T, 0, "a")
	})
}

func TestCloseIsSeenAfterWhatWasSent(t *testing.T) {
	connected(t, func(w *wire) {
		w.agent.Send(say("1"))
		w.agent.Close()
		w.agent.Send(say("2"))
		w.agent.Close()
		w.atMaster.want(w.T, 1, "1")
		w.atAgent.want(w.T, 1)
	})
}

func TestBreakLosesWhatIsUnderWay(t *testing.T) {
	connected(t, func(w *wire) {
		w.n.Delay("agent", "master", time.Minute)
		w.agent.Send(say("lost"))
		w.n.Break("master")
		w.master.Send(say("too late"))
		time.Sleep(time.Hour)
		w.atMaster.want(w.T, 1)
		w.atAgent.want(w.T, 1)
	})
}

func TestFreezeKeepsMessagesAndConnections(t *testing.T) {
	connected(t, func(w *wire) {
		w.n.Freeze("agent")
		w.agent.Send(say("1"))
		w.master.Send(say("a"))
		if _, err := w.n.Dial("agent", "master", w.atAgent); !errors.Is(err, ErrRefused) {
			w.Errorf("dial from a frozen address: got %v, want %v", err, ErrRefused)
		}
		w.atMaster.want(w.T, 0)
		w.atAgent.want(w.T, 0)
		w.n.Thaw("agent")
		w.atMaster.want(w.T, 0, "1")
		w.atAgent.want(w.T, 0, "a")
	})
}

func TestPartitionSeparatesTwoAddressesOnly(t *testing.T) {
	connected(t, func(w *wire) {
		other, err := w.n.Dial("other", "master", new(end))
		if err != nil {
			w.Fatal(err)
		}
		w.n.Partition("master", "agent")
		w.agent.Send(say("held"))
		other.Send(say("other"))
		w.atMaster.want(w.T, 0, "other")
		w.n.Heal("agent", "master")
		w.atMaster.want(w.T, 0, "other", "held")
		w.n.BreakBetween("other", "master")
		w.atMaster.want(w.T, 1, "other", "held")
	})
}

func TestDelayKeepsOrder(t *testing.T) {
	connected(t, func(w *wire) {
		w.n.Delay("agent", "master", time.Second)
		w.agent.Send(say("1"))
		w.n.Delay("agent", "master", 0)
		w.agent.Send(say("2"))
		time.Sleep(time.Second - 1)
		w.atMaster.want(w.T, 0)
		time.Sleep(time.Nanosecond)
		w.atMaster.want(w.T, 0, "1", "2")
	})
}

func TestDropRules(t *testing.T) {
	connected(t, func(w *wire) {
		remove := w.n.Drop(DropClass(ClassPing, "agent", ""))
		w.agent.Send(Pong{})
		w.master.Send(Ping{})
		w.agent.Send(say("1"))
		remove()
		w.master.Send(Ping{})
		w.atMaster.want(w.T, 0, "1")
		w.atAgent.want(w.T, 0, "ping")
	})
}

func TestListening(t *testing.T) {
	connected(t, func(w *wire) {
		if _, err := w.n.Dial("agent", "nobody", new(end)); !errors.Is(err, ErrRefused) {
			w.Errorf("dial where nobody listens: got %v, want %v", err, ErrRefused)
		}
		if _, err := w.n.Listen("master", nil); err == nil {
			w.Error("an address is listened on twice")
		}
		stop, err := w.n.Listen("second", func(*Conn) Receiver { return new(end) })
		if err != nil {
			w.Fatal(err)
		}
		stop()
		if _, err := w.n.Dial("agent", "second", new(end)); !errors.Is(err, ErrRefused) {
			w.Errorf("dial after listening ended: got %v, want %v", err, ErrRefused)
		}
	})
}

func TestEveryMessageHasAClass(t *testing.T) {
	t.Parallel()
	for _, m := range []Message{
		Registered{}, Reregistered{}, ShutdownAgent{}, RunTask{}, RunTaskGroup{}, KillTask{}, StatusAcknowledgement{},
		FrameworkToExecutor{}, ShutdownExecutor{}, ShutdownFramework{}, UpdateFramework{}, ApplyOperation{},
		OperationAcknowledgement{}, Drain{}, StopDraining{}, Ping{}, Register{}, Reregister{}, Unregister{},
		StatusUpdate{}, ExitedExecutor{}, ExecutorToFramework{}, OperationUpdate{}, Pong{},
	} {
		if m.Class().String() == "unknown" {
			t.Errorf("%T has no class", m)
		}
	}
}
