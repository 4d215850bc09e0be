package zktest

import (
	"fmt"
	"strings"
)

// Ensemble is a replicated ZooKeeper of several servers.
type Ensemble struct {
	// Servers can be stopped, started and frozen one by one. Server.Start waits until that server serves
	// clients, which needs a majority running.
	Servers []*Server
}

// StartEnsemble runs n servers (an odd number, at least 3) that replicate to one another and returns once all serve.
func StartEnsemble(tb TB, n int) *Ensemble {
	tb.Helper()
	ports := freePorts(tb, 3*n)
	e := &Ensemble{}
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, "server.%d=127.0.0.1:%d:%d;127.0.0.1:%d\n", i+1, ports[3*i], ports[3*i+1], ports[3*i+2])
		e.Servers = append(e.Servers, &Server{t: tb, dir: tb.TempDir(), port: ports[3*i+2], id: i + 1, heap: heapSmall})
	}
	for _, s := range e.Servers {
		s.writeConfig(lines.String())
		tb.Cleanup(s.Stop)
		s.launch()
	}
	for _, s := range e.Servers {
		s.waitReady()
	}
	return e
}

// Addrs is the connection string of all servers: host:port,host:port,...
func (e *Ensemble) Addrs() string {
	addrs := make([]string, 0, len(e.Servers))
	for _, s := range e.Servers {
		addrs = append(addrs, s.Addr())
	}
	return strings.Join(addrs, ",")
}

// Leader is the server that leads the ensemble at this moment, nil if none does.
func (e *Ensemble) Leader() *Server {
	for _, s := range e.Servers {
		if s.Mode() == "leader" {
			return s
		}
	}
	return nil
}

// Stop kills all servers; their data stay.
func (e *Ensemble) Stop() {
	for _, s := range e.Servers {
		s.Stop()
	}
}

// Start runs all stopped servers again and returns once they serve.
func (e *Ensemble) Start() {
	for _, s := range e.Servers {
		s.launch()
	}
	for _, s := range e.Servers {
		s.waitReady()
	}
}
