package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/test/chaos"
	"github.com/gantry-mesos/gantry/test/faultproxy"
	"github.com/gantry-mesos/gantry/test/zktest"
)

var (
	chaosFor  = flag.Duration("chaos", 20*time.Second, "how long TestNothingIsLostOrDoubledInChaos makes faults")
	chaosSeed = flag.Uint64("chaos-seed", 0, "seed of its faults and requests; 0 is one of the time")
)

const (
	schedulers = 3
	clients    = 3
	// requestMax bounds a request in the chaos, after which it has no answer.
	requestMax = 8 * time.Second
)

// member is one of the schedulers.
type member struct {
	address string
	args    []string
	*program
	// network is its way to each server of ZooKeeper.
	network []*faultproxy.Proxy
}

// storm is a cluster of schedulers, masters, agents and ZooKeeper, and what goes wrong there.
type storm struct {
	t       *testing.T
	zk      *zktest.Ensemble
	cluster *minicluster.Cluster
	members []*member
	history *chaos.History
	rand    *rand.Rand // of the faults
	faults  map[string]int
}

func newStorm(t *testing.T, seed uint64) *storm {
	t.Helper()
	s := &storm{t: t, zk: zktest.StartEnsemble(t, 3), history: chaos.NewHistory(), rand: rand.New(rand.NewPCG(seed, 0)), faults: map[string]int{}}
	s.cluster = cluster(t, func(cfg *minicluster.Config) {
		cfg.ZooKeeper = "zk://" + s.zk.Addrs() + "/mesos"
		cfg.Masters = append(cfg.Masters, minicluster.DefaultMasterConfig(), minicluster.DefaultMasterConfig())
		for n := range cfg.Masters {
			cfg.Masters[n].ZKSessionTimeout = 4 * time.Second
		}
	})
	for range schedulers {
		m := &member{address: freeAddress(t)}
		var hosts []string
		for _, server := range s.zk.Servers {
			p := faultproxy.Start(t, server.Addr())
			m.network = append(m.network, p)
			hosts = append(hosts, p.Addr())
		}
		m.args = []string{
			"scheduler", "--http-address", m.address, "--log-level", "info", "--default-executor", "mesos", "--zk-session-timeout", "3s",
			"--master", s.cluster.MasterURL(), "--zk", "zk://" + strings.Join(hosts, ",") + "/gantry",
		}
		m.program = start(t, nil, "gantry", m.args...)
		s.members = append(s.members, m)
	}
	api{t, "http://" + s.members[0].address}.ready()
	return s
}

// fault breaks something and returns what mends it.
type fault struct {
	name  string
	begin func() (mend func())
}

// must fails the test for an error of the test's own tools.
func (s *storm) must(err error) {
	if err != nil {
		s.t.Error(err)
	}
}

func (s *storm) all() []fault {
	one := func() *member { return s.members[s.rand.IntN(len(s.members))] }
	server := func() *zktest.Server { return s.zk.Servers[s.rand.IntN(len(s.zk.Servers))] }
	master := func() int { return 1 + s.rand.IntN(s.cluster.Masters()) }
	agent := func() int { return 1 + s.rand.IntN(s.cluster.Agents()) }
	return []fault{
		{"kill -9 a scheduler", func() func() {
			m := one()
			m.kill()
			return func() { m.program = start(s.t, nil, "gantry", m.args...) }
		}},
		{"stop a scheduler", func() func() {
			m := one()
			s.must(m.cmd.Process.Signal(syscall.SIGSTOP))
			return func() { s.must(m.cmd.Process.Signal(syscall.SIGCONT)) }
		}},
		{"cut a scheduler off", func() func() {
			m := one()
			for _, p := range m.network {
				p.Stall()
			}
			return func() {
				for _, p := range m.network {
					p.Heal()
				}
			}
		}},
		{"lose answers of ZooKeeper", func() func() {
			m := one()
			for _, p := range m.network {
				p.DropReplies()
			}
			return func() {
				for _, p := range m.network {
					p.Heal()
				}
			}
		}},
		{"kill -9 a server of ZooKeeper", func() func() {
			z := server()
			z.Stop()
			return z.Start
		}},
		{"stop a server of ZooKeeper", func() func() {
			z := server()
			z.Freeze()
			return z.Thaw
		}},
		{"kill -9 a master", func() func() {
			n := master()
			s.must(s.cluster.KillMaster(n))
			return s.supervise
		}},
		{"stop a master", func() func() {
			n := master()
			s.must(s.cluster.FreezeMaster(n))
			return func() {
				s.must(s.cluster.ThawMaster(n))
				s.supervise()
			}
		}},
		{"stop an agent", func() func() {
			n := agent()
			s.must(s.cluster.FreezeAgent(n))
			return func() { s.must(s.cluster.ThawAgent(n)) }
		}},
		{"cut an agent off", func() func() {
			n := agent()
			s.must(s.cluster.Partition(n))
			return func() { s.must(s.cluster.Heal(n)) }
		}},
	}
}

// supervise starts again what ends by itself when it loses ZooKeeper, as masters do, and
// fails the test for a scheduler that did.
func (s *storm) supervise() {
	for n := 1; n <= s.cluster.Masters(); n++ {
		if !s.cluster.MasterRunning(n) {
			s.must(s.cluster.StartMaster(n))
		}
	}
	for _, m := range s.members {
		select {
		case <-m.done:
			s.t.Errorf("the scheduler at %s ended by itself: %s", m.address, tail(m.out.String(), 2000))
			m.program = start(s.t, nil, "gantry", m.args...)
		default:
		}
	}
}

// rage makes one fault after the other until ctx ends.
func (s *storm) rage(ctx context.Context) {
	faults := s.all()
	wait := func(d time.Duration) {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	for n := s.rand.IntN(len(faults)); ctx.Err() == nil; n = s.rand.IntN(len(faults)) {
		s.supervise()
		s.faults[faults[n].name]++
		mend := faults[n].begin()
		wait(time.Duration(500+s.rand.IntN(6000)) * time.Millisecond)
		mend()
		wait(time.Duration(s.rand.IntN(3000)) * time.Millisecond)
	}
	s.supervise()
}

// statusOf sends one request to a scheduler and returns its status, 0 for no answer.
func statusOf(client *http.Client, method, url, body string) int {
	ctx, cancel := context.WithTimeout(context.Background(), requestMax)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return 0
	}
	return res.StatusCode
}

// use has one client create, scale, kill and delete Apps of its own until ctx ends.
func (s *storm) use(ctx context.Context, client int, r *rand.Rand) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport}
	for n := 0; ctx.Err() == nil; n++ {
		id := fmt.Sprintf("/c%d/a%d", client, n)
		for goOn := true; goOn && ctx.Err() == nil; {
			url := "http://" + s.members[r.IntN(len(s.members))].address + "/v2/apps" + id
			switch r.IntN(10) {
			case 0:
				goOn = s.history.Answer(id, chaos.Gone, statusOf(c, http.MethodDelete, url+"?force=true", ""))
			case 1:
				statusOf(c, http.MethodDelete, url+"/tasks", "") // they are replaced, whatever the answer
			default:
				want := r.IntN(4)
				body := fmt.Sprintf(`{"cmd": "exec sleep 100000", "cpus": 0.01, "mem": 8, "disk": 0, "instances": %d, "backoffSeconds": 1, "maxLaunchDelaySeconds": 2}`, want)
				goOn = s.history.Answer(id, want, statusOf(c, http.MethodPut, url+"?force=true", body))
			}
			time.Sleep(time.Duration(r.IntN(300)) * time.Millisecond) // think time
		}
	}
}

// live lists the tasks that the leading master lists as alive; false if none answers.
func (s *storm) live() ([]chaos.Task, bool) {
	leader := s.cluster.Leader()
	if leader == 0 {
		return nil, false
	}
	status, data, err := api{s.t, "http://" + s.cluster.MasterAddr(leader)}.try(http.MethodGet, "/state", "")
	var state struct {
		Frameworks []struct{ Tasks []struct{ ID, State string } }
	}
	if err != nil || status != http.StatusOK || json.Unmarshal(data, &state) != nil {
		return nil, false
	}
	var out []chaos.Task
	for _, f := range state.Frameworks {
		for _, tk := range f.Tasks {
			switch tk.State {
			case "TASK_STAGING", "TASK_STARTING", "TASK_RUNNING", "TASK_KILLING":
				out = append(out, chaos.Task{ID: tk.ID})
			}
		}
	}
	return out, true
}

// shown are the Apps and their instances as the API shows them.
func (s *storm) shown() (map[string]int, error) {
	status, data, err := api{s.t, "http://" + s.members[0].address}.try(http.MethodGet, "/v2/apps", "")
	if err != nil || status != http.StatusOK {
		return nil, fmt.Errorf("/v2/apps: %d %w", status, err)
	}
	var list struct{ Apps []appState }
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, err
	}
	out := map[string]int{}
	for _, a := range list.Apps {
		out[a.ID] = a.Instances
	}
	return out, nil
}

// Three schedulers, three servers of ZooKeeper, three masters and two agents, of which
// one after the other fails, under the requests of several clients: in the end all that
// was acknowledged is there, once.
func TestNothingIsLostOrDoubledInChaos(t *testing.T) {
	seed := *chaosSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d: go test ./test/e2e -run %s -args -chaos=%v -chaos-seed=%d makes the same faults", seed, t.Name(), *chaosFor, seed)
	s := newStorm(t, seed)
	ctx, cancel := context.WithTimeout(t.Context(), *chaosFor)
	defer cancel()
	var wg sync.WaitGroup
	for n := range clients {
		wg.Go(func() { s.use(ctx, n, rand.New(rand.NewPCG(seed, uint64(n+1)))) })
	}
	wg.Go(func() {
		for tick := time.Tick(500 * time.Millisecond); ctx.Err() == nil; <-tick {
			if tasks, ok := s.live(); ok {
				s.history.Look(tasks)
			}
		}
	})
	s.rage(ctx)
	wg.Wait()
	var wrong []string
	eventually(t, 3*time.Minute, func() error {
		shown, err := s.shown()
		if err != nil {
			return err
		}
		s.supervise()
		tasks, ok := s.live()
		if !ok {
			return errors.New("no master leads")
		}
		s.history.Look(tasks)
		if wrong = s.history.Judge(shown, tasks); len(wrong) > 0 {
			return fmt.Errorf("%d things are wrong:\n%s", len(wrong), strings.Join(wrong, "\n"))
		}
		return nil
	})
	for _, v := range s.history.Violations() {
		t.Error(v)
	}
	t.Logf("answers %v, faults %v, violations %d", s.history.Counts(), s.faults, len(s.history.Violations()))
}
