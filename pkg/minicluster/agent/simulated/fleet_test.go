package simulated

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const masterAddress = "master.test:5050"

// countingMaster admits agents, counts states and acknowledges everything.
type countingMaster struct {
	mu     sync.Mutex
	next   int
	conns  []*link.Conn
	states map[mesos.TaskState]int
	exited int
}

func (m *countingMaster) Closed(*link.Conn) {}

func (m *countingMaster) Receive(c *link.Conn, msg link.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch msg := msg.(type) {
	case link.Register:
		id := mesos.AgentID{Value: fmt.Sprintf("M-S%d", m.next)}
		m.next++
		m.conns = append(m.conns, c)
		c.Send(link.Registered{AgentID: id, MasterID: "M"})
	case link.StatusUpdate:
		m.states[*msg.Status.State]++
		c.Send(link.StatusAcknowledgement{
			AgentID: msg.AgentID, FrameworkID: msg.FrameworkID, TaskID: msg.Status.TaskID, UUID: msg.Status.UUID,
		})
	case link.ExitedExecutor:
		m.exited++
	}
}

func TestFleetRunsTasksOnTimers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const agents, tasks = 20, 10
		network := link.NewNetwork()
		master := &countingMaster{states: make(map[mesos.TaskState]int)}
		stop, err := network.Listen(masterAddress, func(*link.Conn) link.Receiver { return master })
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		fleet, err := New(Config{
			Network: network, Detector: agent.StaticMaster(masterAddress), Count: agents, Seed: 1,
			Plan: func(task *mesos.TaskInfo, _ *rand.Rand) Plan {
				return Plan{Start: time.Second, Run: time.Minute, Failure: task.Name == "bad"}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- fleet.Run(ctx) }()
		time.Sleep(2 * time.Second)
		if got := fleet.Stats().Registered; got != agents {
			t.Fatalf("got %d agents registered, want %d", got, agents)
		}
		launch(master, tasks)
		time.Sleep(2 * time.Second)
		if got := fleet.Stats().Live; got != agents*tasks {
			t.Errorf("got %d live tasks, want %d", got, agents*tasks)
		}
		time.Sleep(time.Minute)
		master.mu.Lock()
		got := fmt.Sprint(master.states[mesos.TASK_RUNNING], master.states[mesos.TASK_FINISHED], master.states[mesos.TASK_FAILED], master.exited)
		master.mu.Unlock()
		if want := fmt.Sprint(agents*tasks, agents*(tasks-1), agents, agents); got != want {
			t.Errorf("running, finished, failed, executors exited: got %s, want %s", got, want)
		}
		if got := fleet.Stats(); got.Live != 0 || got.Ended != agents*tasks || got.Pending != 0 {
			t.Errorf("got %+v", got)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// launch gives each agent tasks; the last one of each is bad and has a custom executor.
func launch(m *countingMaster, tasks int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := mesos.FrameworkInfo{Name: "f", ID: &mesos.FrameworkID{Value: "F"}}
	for i, c := range m.conns {
		for n := range tasks {
			task := mesos.TaskInfo{Name: "good", TaskID: mesos.TaskID{Value: fmt.Sprintf("t%d.%d", i, n)}}
			if n == tasks-1 {
				task.Name = "bad"
				task.Executor = &mesos.ExecutorInfo{ExecutorID: mesos.ExecutorID{Value: "e"}}
			}
			c.Send(link.RunTask{Framework: f, Task: task, LaunchExecutor: true})
		}
	}
}
