package minicluster_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
)

// A framework's own test starts a cluster, gives its scheduler the master's address, and breaks something.
func Example() {
	dir, err := os.MkdirTemp("", "minicluster")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()

	cfg := minicluster.DefaultConfig(2) // one master, two agents
	cfg.WorkDir = dir
	cfg.Masters[0].AgentPingTimeout = 300 * time.Millisecond // notice lost agents within a second
	cfg.Masters[0].MaxAgentPingTimeouts = 2
	cluster, err := minicluster.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	ended := make(chan error, 1)
	go func() { ended <- cluster.Run(ctx) }()
	defer func() {
		cancel()
		<-ended // all processes of the cluster are gone
	}()
	if err := cluster.Ready(ctx); err != nil {
		fmt.Println(err)
		return
	}

	// Start the scheduler under test with cluster.MasterURL() here. Any Mesos tool works, too:
	resp, err := http.Get(cluster.MasterURL() + "/health")
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = resp.Body.Close()
	fmt.Println(resp.Status)

	before, _ := cluster.RegisteredAgents(ctx)
	fmt.Println(before, "agents")
	if err := cluster.StopAgent(ctx, 2); err != nil {
		fmt.Println(err)
		return
	}
	after, _ := cluster.RegisteredAgents(ctx)
	fmt.Println(after, "agent")
	// Output:
	// 200 OK
	// 2 agents
	// 1 agent
}
