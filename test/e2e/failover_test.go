package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/minitest"
	"github.com/gantry-mesos/gantry/test/zktest"
)

// cluster runs masters and agents until the test ends, without a scheduler.
func cluster(t *testing.T, change func(*minicluster.Config)) *minicluster.Cluster {
	t.Helper()
	cfg := minicluster.DefaultConfig(2)
	cfg.WorkDir = workDir(t)
	for n := range cfg.Agents {
		cfg.Agents[n].Resources = fmt.Sprintf("cpus:4;mem:4096;disk:10240;ports:[%d-%d]", 41000+100*n, 41099+100*n)
	}
	if change != nil {
		change(&cfg)
	}
	return minitest.Run(t, cfg)
}

// scheduling starts "gantry scheduler" and waits until it is subscribed.
func scheduling(t *testing.T, address string, args ...string) (api, *program) {
	t.Helper()
	p := start(t, nil, "gantry", append([]string{"scheduler", "--http-address", address, "--log-level", "info"}, args...)...)
	a := api{t, "http://" + address}
	a.ready()
	return a, p
}

func TestASchedulerKilledInAScaleUpAdoptsEveryTask(t *testing.T) {
	t.Parallel()
	zk := zktest.Start(t)
	for name, state := range map[string][]string{
		"bolt":      {"--state-dir", t.TempDir()},
		"zookeeper": {"--zk", "zk://" + zk.Addr() + "/gantry"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cluster(t, nil)
			address := freeAddress(t)
			args := append([]string{"--master", c.MasterURL()}, state...)
			a, p := scheduling(t, address, args...)
			a.must(http.MethodPost, "/v2/apps", shell("/web", "exec sleep 1000", 2, ""), nil)
			first := ids(a.running("/web", 2, time.Minute))
			a.must(http.MethodPut, "/v2/apps/web", `{"instances": 20}`, nil)
			eventually(t, time.Minute, func() error {
				if n := len(a.app("/web").Tasks); n < 5 {
					return fmt.Errorf("%d tasks", n)
				}
				return nil
			})
			p.kill()
			a, _ = scheduling(t, address, args...)
			tasks := a.running("/web", 20, 2*time.Minute)
			for id := range first {
				if !ids(tasks)[id] {
					t.Errorf("task %s was not adopted", id)
				}
			}
			live := liveTasks(t, c)
			if len(live) != 20 {
				t.Errorf("the master knows %d live tasks, want 20: none doubled, none lost", len(live))
			}
			for _, tk := range tasks {
				if !slices.Contains(live, tk.ID) {
					t.Errorf("the master does not know %s", tk.ID)
				}
			}
		})
	}
}

// liveTasks lists the ids of tasks that the leading master has not seen end.
func liveTasks(t *testing.T, c *minicluster.Cluster) []string {
	t.Helper()
	var state struct {
		Frameworks []struct{ Tasks []struct{ ID, State string } }
	}
	api{t, "http://" + c.MasterAddr(c.Leader())}.must(http.MethodGet, "/state", "", &state)
	var live []string
	for _, f := range state.Frameworks {
		for _, tk := range f.Tasks {
			if tk.State == "TASK_RUNNING" || tk.State == "TASK_STARTING" || tk.State == "TASK_STAGING" {
				live = append(live, tk.ID)
			}
		}
	}
	return live
}

func TestAnotherMasterTakesOverAndTasksGoOn(t *testing.T) {
	t.Parallel()
	zk := zktest.Start(t)
	c := cluster(t, func(cfg *minicluster.Config) {
		cfg.ZooKeeper = "zk://" + zk.Addr() + "/mesos"
		cfg.Masters = append(cfg.Masters, minicluster.DefaultMasterConfig())
		for n := range cfg.Masters {
			cfg.Masters[n].ZKSessionTimeout = 4 * time.Second
		}
	})
	a, _ := scheduling(t, freeAddress(t), "--master", c.MasterURL(), "--state-dir", t.TempDir())
	a.must(http.MethodPost, "/v2/apps", shell("/web", "exec sleep 1000", 3, ""), nil)
	before := ids(a.running("/web", 3, time.Minute))
	led := c.Leader()
	if err := c.KillMaster(led); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, func() error {
		if now := c.Leader(); now == 0 || now == led {
			return fmt.Errorf("leader is %d", now)
		}
		return nil
	})
	// A scale-up proves that the scheduler found the new leader and gets offers there.
	a.must(http.MethodPut, "/v2/apps/web", `{"instances": 5}`, nil)
	after := ids(a.running("/web", 5, 2*time.Minute))
	for id := range before {
		if !after[id] {
			t.Errorf("task %s did not go on", id)
		}
	}
}

func TestAStandbySchedulerTakesOver(t *testing.T) {
	t.Parallel()
	zk := zktest.Start(t)
	c := cluster(t, nil)
	args := []string{"--master", c.MasterURL(), "--zk", "zk://" + zk.Addr() + "/gantry"}
	first, leader := scheduling(t, freeAddress(t), args...)
	first.must(http.MethodPost, "/v2/apps", shell("/web", "exec sleep 1000", 3, ""), nil)
	before := ids(first.running("/web", 3, time.Minute))
	second, _ := scheduling(t, freeAddress(t), args...)
	if got := ids(second.running("/web", 3, 30*time.Second)); len(got) != 3 {
		t.Errorf("the standby does not show what the leader has: %v", got)
	}
	second.must(http.MethodPut, "/v2/apps/web", `{"instances": 4}`, nil)
	first.running("/web", 4, time.Minute)
	leader.interrupt()
	second.ready()
	second.must(http.MethodPut, "/v2/apps/web", `{"instances": 5}`, nil)
	after := ids(second.running("/web", 5, time.Minute))
	for id := range before {
		if !after[id] {
			t.Errorf("task %s was not adopted", id)
		}
	}
	if live := liveTasks(t, c); len(live) != 5 {
		t.Errorf("the master knows %d live tasks, want 5", len(live))
	}
}

func TestALostAgentIsReplacedElsewhere(t *testing.T) {
	t.Parallel()
	c := cluster(t, func(cfg *minicluster.Config) {
		cfg.Masters[0].AgentPingTimeout, cfg.Masters[0].MaxAgentPingTimeouts = 300*time.Millisecond, 3
	})
	a, _ := scheduling(t, freeAddress(t), "--master", c.MasterURL(), "--state-dir", t.TempDir())
	a.must(http.MethodPost, "/v2/apps", shell("/web", "exec sleep 1000", 2, ""), nil)
	lost := a.running("/web", 2, time.Minute)
	agent := 0
	for n := 1; n <= c.Agents(); n++ {
		var state struct{ ID string }
		api{t, "http://" + c.AgentAddr(n)}.must(http.MethodGet, "/state", "", &state)
		if state.ID == lost[0].SlaveID {
			agent = n
		}
	}
	if err := c.LoseAgent(agent); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, func() error {
		running := 0
		for _, tk := range a.app("/web").Tasks {
			if tk.State == "TASK_RUNNING" && tk.SlaveID != lost[0].SlaveID {
				running++
			}
		}
		if running != 2 {
			return fmt.Errorf("%d tasks run elsewhere: %+v", running, a.app("/web").Tasks)
		}
		return nil
	})
}

// engine runs a Docker engine of the test's own in a network of its own, where
// stopping it harms nobody.
func engine(t *testing.T, dir string) (host string, stop, again func()) {
	t.Helper()
	socket := filepath.Join(dir, "docker.sock")
	args := []string{
		"--net", "dockerd", "--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"), "--bridge=none",
		"--iptables=false", "--pidfile", filepath.Join(dir, "pid"), "--live-restore", "--host", "unix://" + socket,
	}
	var cmd *exec.Cmd
	again = func() {
		cmd = exec.Command("unshare", args...)
		out := &lockedBuffer{}
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, 30*time.Second, func() error {
			if err := exec.Command("docker", "-H", "unix://"+socket, "version").Run(); err != nil {
				return fmt.Errorf("the engine does not come up: %w\n%s", err, tail(out.String(), 2000))
			}
			return nil
		})
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = cmd.Wait()                          // how it ends does not matter
	}
	again()
	t.Cleanup(func() {
		stop()
		unmount(t, dir)
	})
	return "unix://" + socket, stop, again
}

// unmount ends the mounts that an engine leaves below its directories.
func unmount(t *testing.T, dir string) {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(mounts), "\n")
	slices.Reverse(lines)
	for _, line := range lines {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[1], dir+"/") {
			if err := syscall.Unmount(fields[1], syscall.MNT_DETACH); err != nil {
				t.Logf("unmount %s: %v", fields[1], err)
			}
		}
	}
}

func TestAStoppedDockerEngineIsReportedAndRecoveredFrom(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Fatal("this test starts a Docker engine of its own and needs root")
	}
	dir := workDir(t)
	host, stop, again := engine(t, dir)
	load := exec.Command("sh", "-c", "docker save gantry-hello:latest | docker -H "+host+" load")
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("load the image: %v\n%s", err, out)
	}
	address := freeAddress(t)
	start(t, []string{"DOCKER_HOST=" + host, "GANTRY_EXECUTOR_ENGINE_WAIT=2s", "GANTRY_EXECUTOR_ENGINE_RETURN=5s"}, "gantry", "mini",
		"--http-address", address, "--mesos-address", freeAddress(t), "--runtime", "docker", "--work-dir", workDir(t), "--log-level", "info")
	a := api{t, "http://" + address}
	a.ready()
	app := func(id string) string {
		return fmt.Sprintf(`{"id": %q, "cpus": 0.1, "mem": 32, "backoffSeconds": 1, "maxLaunchDelaySeconds": 2, "env": {"LISTEN_PORT": "8000"},
		  "networks": [{"mode": "host"}], "portDefinitions": [],
		  "container": {"type": "DOCKER", "docker": {"image": "gantry-hello:latest"}}}`, id)
	}
	a.must(http.MethodPost, "/v2/apps", app("/before"), nil)
	a.running("/before", 1, time.Minute)
	stop()
	a.must(http.MethodPost, "/v2/apps", app("/during"), nil)
	eventually(t, time.Minute, func() error {
		f := a.app("/during").LastTaskFailure
		if f == nil || !strings.Contains(strings.ToLower(f.Message), "docker") {
			return fmt.Errorf("no failure that names the engine: %+v", f)
		}
		return nil
	})
	a.must(http.MethodGet, "/v2/apps", "", nil)
	again()
	a.running("/during", 1, time.Minute)
	a.running("/before", 1, time.Minute)
	for _, id := range []string{"/before", "/during"} {
		a.must(http.MethodDelete, "/v2/apps"+id, "", nil)
	}
	eventually(t, time.Minute, func() error {
		out, err := exec.Command("docker", "-H", host, "ps", "-q").CombinedOutput()
		if err != nil || len(strings.Fields(string(out))) > 0 {
			return fmt.Errorf("containers are left: %s %w", out, err)
		}
		return nil
	})
}
