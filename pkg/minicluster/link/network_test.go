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

// connected runs a test in a bubble of virtual time with one connection from "agent" to "master".
func connected(t *testing.T, f func(t *testing.T, n *Network, agent, master *Conn, atAgent, atMaster *end)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		atAgent, atMaster := new(end), new(end)
		var master *Conn
		stop, err := n.Listen("master", func(c *Conn) Receiver { master = c; return atMaster })
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		agent, err := n.Dial("agent", "master", atAgent)
		if err != nil {
			t.Fatal(err)
		}
		f(t, n, agent, master, atAgent, atMaster)
		n.Break("agent")
		synctest.Wait()
	})
}

func TestMessagesKeepTheirOrder(t *testing.T) {
	connected(t, func(t *testing.T, _ *Network, agent, master *Conn, atAgent, atMaster *end) {
		agent.Send(say("1"))
		agent.Send(say("2"))
		master.Send(say("a"))
		agent.Send(Pong{AgentID: mesos.AgentID{Value: "x"}})
		atMaster.want(t, 0, "1", "2", "ping")
		atAgent.want(t, 0, "a")
	})
}

func TestCloseIsSeenAfterWhatWasSent(t *testing.T) {
	connected(t, func(t *testing.T, _ *Network, agent, _ *Conn, atAgent, atMaster *end) {
		agent.Send(say("1"))
		agent.Close()
		agent.Send(say("2"))
		agent.Close()
		atMaster.want(t, 1, "1")
		atAgent.want(t, 1)
	})
}

func TestBreakLosesWhatIsUnderWay(t *testing.T) {
	connected(t, func(t *testing.T, n *Network, agent, master *Conn, atAgent, atMaster *end) {
		n.Delay("agent", "master", time.Minute)
		agent.Send(say("lost"))
		n.Break("master")
		master.Send(say("too late"))
		time.Sleep(time.Hour)
		atMaster.want(t, 1)
		atAgent.want(t, 1)
	})
}

func TestFreezeKeepsMessagesAndConnections(t *testing.T) {
	connected(t, func(t *testing.T, n *Network, agent, master *Conn, atAgent, atMaster *end) {
		n.Freeze("agent")
		agent.Send(say("1"))
		master.Send(say("a"))
		if _, err := n.Dial("agent", "master", atAgent); !errors.Is(err, ErrRefused) {
			t.Errorf("dial from a frozen address: got %v, want %v", err, ErrRefused)
		}
		atMaster.want(t, 0)
		atAgent.want(t, 0)
		n.Thaw("agent")
		atMaster.want(t, 0, "1")
		atAgent.want(t, 0, "a")
	})
}

func TestPartitionSeparatesTwoAddressesOnly(t *testing.T) {
	connected(t, func(t *testing.T, n *Network, agent, _ *Conn, _, atMaster *end) {
		other, err := n.Dial("other", "master", new(end))
		if err != nil {
			t.Fatal(err)
		}
		n.Partition("master", "agent")
		agent.Send(say("held"))
		other.Send(say("other"))
		atMaster.want(t, 0, "other")
		n.Heal("agent", "master")
		atMaster.want(t, 0, "other", "held")
		n.BreakBetween("other", "master")
		atMaster.want(t, 1, "other", "held")
	})
}

func TestDelayKeepsOrder(t *testing.T) {
	connected(t, func(t *testing.T, n *Network, agent, _ *Conn, _, atMaster *end) {
		n.Delay("agent", "master", time.Second)
		agent.Send(say("1"))
		n.Delay("agent", "master", 0)
		agent.Send(say("2"))
		time.Sleep(time.Second - 1)
		atMaster.want(t, 0)
		time.Sleep(1)
		atMaster.want(t, 0, "1", "2")
	})
}

func TestDropRules(t *testing.T) {
	connected(t, func(t *testing.T, n *Network, agent, master *Conn, atAgent, atMaster *end) {
		remove := n.Drop(DropClass(ClassPing, "agent", ""))
		agent.Send(Pong{})
		master.Send(Ping{})
		agent.Send(say("1"))
		remove()
		master.Send(Ping{})
		atMaster.want(t, 0, "1")
		atAgent.want(t, 0, "ping")
	})
}

func TestListening(t *testing.T) {
	connected(t, func(t *testing.T, n *Network, _, _ *Conn, _, _ *end) {
		if _, err := n.Dial("agent", "nobody", new(end)); !errors.Is(err, ErrRefused) {
			t.Errorf("dial where nobody listens: got %v, want %v", err, ErrRefused)
		}
		if _, err := n.Listen("master", nil); err == nil {
			t.Error("an address is listened on twice")
		}
		stop, err := n.Listen("second", func(*Conn) Receiver { return new(end) })
		if err != nil {
			t.Fatal(err)
		}
		stop()
		if _, err := n.Dial("agent", "second", new(end)); !errors.Is(err, ErrRefused) {
			t.Errorf("dial after listening ended: got %v, want %v", err, ErrRefused)
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
