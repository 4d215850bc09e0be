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
	"time"
)

// remoteRig is a cluster that runs already; nothing can be done to it but talk.
type remoteRig struct {
	*scratch
	master string
	agents []string
}

// newRemoteRig asks the master at a URL for its agents.
func newRemoteRig(tb testing.TB, c *Case, master string) *remoteRig {
	tb.Helper()
	u, err := url.Parse(master)
	if err != nil || u.Host == "" {
		tb.Fatalf("MESOS_MASTER=%q: want http://host:port", master)
	}
	r := &remoteRig{scratch: newScratch(tb, c), master: u.Host}
	r.known["MASTER_PORT_1"] = u.Port()
	status, raw, err := get(tb.Context(), r.master, "/slaves")
	if err != nil || status != http.StatusOK {
		tb.Fatalf("agents of %s: status %d, %v", master, status, err)
	}
	var answer struct {
		Slaves []struct {
			PID string `json:"pid"`
		} `json:"slaves"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		tb.Fatalf("agents of %s: %v", master, err)
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
	case mentionsAny(c, "WORK_DIR"):
		return "looks at the agent's work directory"
	case mentionsAny(c, "MARK_AGENT_GONE", "DRAIN_AGENT", "START_MAINTENANCE"):
		return "takes agents away from the cluster"
	case mentionsAny(c, `"GET_FRAMEWORKS"`, `"GET_TASKS"`, `"GET_STATE"`, `"GET_METRICS"`, `"/state`, `"/frameworks"`, `"/tasks`, `"op"`):
		return "needs a cluster without history"
	default:
		return ""
	}
}

// mentionsAny tells whether one of the texts occurs in the steps.
func mentionsAny(c *Case, texts ...string) bool {
	steps := mustJSON(c.Steps)
	for _, t := range texts {
		if strings.Contains(steps, t) {
			return true
		}
	}
	return false
}

// tearDown removes the frameworks of a case, with all their tasks, and waits until nothing of them is allocated.
func (r *remoteRig) tearDown(ctx context.Context, frameworks []string) error {
	for _, id := range frameworks {
		body := `{"type":"TEARDOWN","teardown":{"framework_id":{"value":` + strconv.Quote(id) + `}}}`
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+r.master+"/api/v1", strings.NewReader(body))
		if err != nil {
			return fmt.Errorf("tear down %s: %w", id, err)
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return fmt.Errorf("tear down %s: %w", id, err)
		}
		_ = resp.Body.Close() // 400: the case has removed it
	}
	deadline := time.Now().Add(startMax)
	for {
		_, raw, err := get(ctx, r.master, "/metrics/snapshot")
		var metrics map[string]float64
		if err == nil {
			err = json.Unmarshal(raw, &metrics)
		}
		if err == nil && metrics["master/cpus_used"] == 0 && metrics["master/mem_used"] == 0 {
			if err = r.idle(ctx); err == nil {
				return nil
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("resources of removed frameworks are still in use after %v (%w)", startMax, err)
		}
		if err := pause(ctx, probeEvery); err != nil {
			return err
		}
	}
}

// idle fails while an agent still has an executor, which the next case would take for its own.
func (r *remoteRig) idle(ctx context.Context) error {
	header := http.Header{"Content-Type": {"application/json"}}
	for _, agent := range r.agents {
		_, raw, err := roundTrip(ctx, http.MethodPost, agent, "/api/v1", header, []byte(`{"type":"GET_EXECUTORS"}`))
		if err != nil {
			return fmt.Errorf("executors of %s: %w", agent, err)
		}
		var answer struct {
			Executors struct {
				Executors []json.RawMessage `json:"executors"`
			} `json:"get_executors"`
		}
		if err := json.Unmarshal(raw, &answer); err != nil {
			return fmt.Errorf("executors of %s: %w", agent, err)
		}
		if n := len(answer.Executors.Executors); n > 0 {
			return fmt.Errorf("agent %s still has %d executors", agent, n)
		}
	}
	return nil
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
