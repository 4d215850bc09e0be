package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// remoteRig is a cluster that runs already; nothing can be done to it but talk.
type remoteRig struct {
	*scratch
	master string
	agents []string
}

// newRemoteRig asks the master at a URL for its agents.
func newRemoteRig(t testing.TB, c *Case, master string) *remoteRig {
	t.Helper()
	u, err := url.Parse(master)
	if err != nil || u.Host == "" {
		t.Fatalf("MESOS_MASTER=%q: want http://host:port", master)
	}
	r := &remoteRig{scratch: newScratch(t, c), master: u.Host}
	r.known["MASTER_PORT_1"] = u.Port()
	status, raw, err := get(t.Context(), r.master, "/slaves")
	if err != nil || status != http.StatusOK {
		t.Fatalf("agents of %s: status %d, %v", master, status, err)
	}
	var answer struct {
		Slaves []struct {
			PID string `json:"pid"`
		} `json:"slaves"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatalf("agents of %s: %v", master, err)
	}
	for i, s := range answer.Slaves {
		_, addr, _ := strings.Cut(s.PID, "@")
		r.agents = append(r.agents, addr)
		_, port, _ := strings.Cut(addr, ":")
		r.known["AGENT_PORT_"+strconv.Itoa(i+1)] = port
	}
	return r
}

// unfitForRemote is the reason why a case cannot run on a cluster that is there already, empty if it can.
func unfitForRemote(c *Case) string {
	switch {
	case c.Config.ZooKeeper || c.Config.Masters != 1:
		return "needs several masters or ZooKeeper of its own"
	case len(c.Config.MasterFlags) > 0:
		return "needs master flags of its own"
	case len(c.Config.AgentFlags) != 1 || len(c.Config.AgentFlags[0]) > 0:
		return "needs one agent, or agent flags of its own"
	case c.usesCtl():
		return "stops or freezes processes"
	case strings.Contains(fmt.Sprint(mustJSON(c.Steps)), "WORK_DIR"):
		return "looks at the agent's work directory"
	default:
		return ""
	}
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// Addr implements Rig.
func (r *remoteRig) Addr(to string) (string, error) {
	kind, n, err := parseTarget(to)
	switch {
	case err != nil:
		return "", err
	case kind == "master" && n == 1:
		return r.master, nil
	case kind == "agent" && n >= 1 && n <= len(r.agents):
		return r.agents[n-1], nil
	default:
		return "", fmt.Errorf("target %q: the cluster has 1 master and %d agents", to, len(r.agents))
	}
}

// Ctl implements Rig.
func (r *remoteRig) Ctl(_ context.Context, c *Ctl) error {
	return fmt.Errorf("ctl %s: not possible on a cluster that was there already", c.Op)
}

// ZooKeeper implements Rig.
func (r *remoteRig) ZooKeeper() string { return "" }
