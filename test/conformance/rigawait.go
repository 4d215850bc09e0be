package conformance

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/go-zookeeper/zk"
)

// startMasters starts masters strictly one after the other: the first leads, the second is next. It returns once the
// leader has recovered, unless the case holds masters back that the registry needs for that.
func (r *mesosRig) startMasters(ctx context.Context) error {
	var started []*daemon
	for n, m := range r.masters {
		if r.c.startsMaster(n + 1) {
			continue
		}
		if err := m.start(); err != nil {
			return err
		}
		started = append(started, m)
		if err := r.until(ctx, m.name()+" answers", func() error { return m.answers(ctx) }); err != nil {
			return err
		}
		if r.zkAddr == "" || r.c.zooKeeperDown() {
			continue
		}
		if err := r.until(ctx, m.name()+" is a candidate", func() error { return r.candidates(started) }); err != nil {
			return err
		}
	}
	if len(started) == 0 || r.c.zooKeeperDown() {
		return nil
	}
	leader := started[0]
	if err := r.until(ctx, leader.name()+" leads", func() error { return r.leads(ctx, leader) }); err != nil {
		return err
	}
	if len(started) < len(r.masters) {
		return nil
	}
	return r.until(ctx, leader.name()+" has recovered", func() error { return r.recovered(ctx, leader) })
}

// until repeats check until it returns nil, a process has ended, ctx ends, or the error says that it never will.
func (r *mesosRig) until(ctx context.Context, what string, check func() error) error {
	for {
		err := check()
		if err == nil {
			return nil
		}
		for _, d := range slices.Concat(r.masters, r.agents) {
			if over := d.ended(); over != nil {
				return fmt.Errorf("wait until %s: %w", what, over)
			}
		}
		if errors.Is(err, errNever) {
			return fmt.Errorf("wait until %s: %w", what, err)
		}
		if pause(ctx, probeEvery) != nil {
			return fmt.Errorf("wait until %s: %w: %w", what, context.Cause(ctx), err)
		}
	}
}

// errNever marks what waiting does not mend.
var errNever = errors.New("waiting does not help")

// answers returns nil once the process answers with any status but 404 and 503.
func (d *daemon) answers(ctx context.Context) error {
	status, _, err := get(ctx, d.addr(), "/version")
	if err == nil && (status == http.StatusNotFound || status == http.StatusServiceUnavailable) {
		err = fmt.Errorf("/version: %d", status)
	}
	return err
}

// candidates returns nil once the masters stand in ZooKeeper, in the order in which they were started.
func (r *mesosRig) candidates(masters []*daemon) error {
	conn, _, err := zk.Connect([]string{r.zkAddr}, zkSession, zk.WithLogger(silent{}))
	if err != nil {
		return fmt.Errorf("connect to ZooKeeper: %w", err)
	}
	defer conn.Close()
	names, _, err := conn.Children("/mesos")
	if err != nil {
		return fmt.Errorf("children of /mesos: %w", err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, "json.info_") })
	slices.Sort(names)
	if len(names) < len(masters) {
		return fmt.Errorf("%d of %d masters are candidates", len(names), len(masters))
	}
	for n, m := range masters {
		raw, _, err := conn.Get(path.Join("/mesos", names[n]))
		if err != nil {
			return fmt.Errorf("get /mesos/%s: %w", names[n], err)
		}
		var info struct{ Port int }
		if err := json.Unmarshal(raw, &info); err != nil {
			return fmt.Errorf("/mesos/%s: %w", names[n], err)
		}
		if info.Port != m.port {
			return fmt.Errorf("%w: candidate %d is the master on port %d, not %s", errNever, n+1, info.Port, m.name())
		}
	}
	return nil
}

// leads returns nil once a master knows that it leads: only then it answers /state itself, recovered or not.
func (r *mesosRig) leads(ctx context.Context, m *daemon) error {
	status, _, err := r.ask(ctx, http.MethodGet, m, "/state", nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("/state: %d", status)
	}
	return err
}

// recovered returns nil once a leader has read its registry.
func (r *mesosRig) recovered(ctx context.Context, m *daemon) error {
	status, raw, err := r.ask(ctx, http.MethodPost, m, "/api/v1", []byte(`{"type":"GET_HEALTH"}`))
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("GET_HEALTH: %d %s", status, raw)
	}
	return err
}

// awaitAgents returns once the leading master knows n agents.
func (r *mesosRig) awaitAgents(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	// Every case with agents has a first master.
	return r.until(ctx, fmt.Sprintf("%d agents are registered", n), func() error { return r.registered(ctx, r.masters[0], n) })
}

// registered asks /metrics/snapshot, which needs the least rights of all that tell.
func (r *mesosRig) registered(ctx context.Context, m *daemon, n int) error {
	status, raw, err := r.ask(ctx, http.MethodGet, m, "/metrics/snapshot", nil)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("/metrics/snapshot: %d", status)
	}
	got, err := activeAgents(raw)
	if err == nil && got < n {
		err = fmt.Errorf("%d are", got)
	}
	return err
}

func activeAgents(raw []byte) (int, error) {
	var metrics map[string]float64
	if err := json.Unmarshal(raw, &metrics); err != nil {
		return 0, fmt.Errorf("/metrics/snapshot: %w", err)
	}
	return int(metrics["master/slaves_active"]), nil
}

// ask sends a request as nobody and, where that is not enough, as each of the case's principals.
func (r *mesosRig) ask(ctx context.Context, method string, d *daemon, path string, body []byte) (status int, raw []byte, err error) {
	header := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
	status, raw, err = roundTrip(ctx, method, d.addr(), path, header, body)
	for _, c := range r.c.Config.Credentials {
		if err != nil || status != http.StatusUnauthorized && status != http.StatusForbidden {
			break
		}
		var who struct{ Principal, Secret string }
		if err := json.Unmarshal(c, &who); err != nil {
			return 0, nil, fmt.Errorf("%w: credential %s: %w", errNever, c, err)
		}
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(who.Principal+":"+who.Secret)))
		status, raw, err = roundTrip(ctx, method, d.addr(), path, header, body)
	}
	return status, raw, err
}

func get(ctx context.Context, addr, path string) (status int, raw []byte, err error) {
	return roundTrip(ctx, http.MethodGet, addr, path, http.Header{}, nil)
}

// roundTrip follows no redirect.
func roundTrip(ctx context.Context, method, addr, path string, header http.Header, body []byte) (status int, raw []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeMax)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+addr+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("make request: %w", err)
	}
	req.Header = header
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err = io.ReadAll(resp.Body)
	return resp.StatusCode, raw, err
}

func freePort(tb testing.TB) int {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
