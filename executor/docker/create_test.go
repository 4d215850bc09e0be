package docker_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/go-units"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/executor/docker"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// creation returns what the engine is asked for, nil and the failure if nothing.
func creation(t *testing.T, edit func(*docker.Config, *taskinfo.Task)) (*docker.Creation, *core.Failed) {
	t.Helper()
	e := newFake(image)
	r := newRun(t, e, "exit 0")
	edit(&r.cfg, &r.task)
	e.images[r.task.Container.Image] = true
	r.runtime = docker.New(r.cfg, e, docker.Output{Stdout: &r.stdout, Stderr: &r.stderr}, zap.NewNop())
	r.start()
	<-r.done
	if len(e.creations) == 0 {
		failed := await[core.Failed](r)
		return nil, &failed
	}
	return &e.creations[0], nil
}

func compare(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(got, want, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b network.Port) bool { return a == b }), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestCreation_describes_the_whole_task(t *testing.T) {
	t.Parallel()
	var cfg docker.Config
	var task taskinfo.Task
	c, failed := creation(t, func(c *docker.Config, tk *taskinfo.Task) {
		tk.Environment = []mesos.Variable{{Name: "A", Value: "b"}}
		tk.Container.Network = taskinfo.NetworkBridge
		tk.Ports = []taskinfo.Port{{Host: 31001, Container: 80, Protocol: "udp,tcp"}, {Container: 90, Protocol: "tcp"}}
		c.Sandbox = t.TempDir()
		if err := os.Symlink("/", filepath.Join(c.Sandbox, "data")); err != nil {
			t.Fatal(err)
		}
		tk.Volumes = []taskinfo.Volume{
			{ContainerPath: "/etc/conf", HostPath: "/host/conf", ReadOnly: true}, {ContainerPath: "/logs", HostPath: "logs"},
			{ContainerPath: "cache", HostPath: "/host/cache"}, {ContainerPath: "data", Persistent: true},
			{ContainerPath: "/ext", External: &taskinfo.ExternalVolume{Name: "v", Driver: "rexray", Options: []mesos.Variable{{Name: "size", Value: "2"}}}},
		}
		cfg, task = *c, *tk
	})
	if failed != nil {
		t.Fatal(failed)
	}
	tcp, udp := network.MustParsePort("80/tcp"), network.MustParsePort("80/udp")
	pids, yes := int64(100), true
	binding := []network.PortBinding{{HostIP: netip.IPv4Unspecified(), HostPort: "31001"}}
	compare(t, c, &docker.Creation{
		Name: "gantry-" + string(task.ID),
		Config: &container.Config{
			Image: image, Entrypoint: []string{"/bin/sh"}, Cmd: []string{"-c", "exit 0"},
			Env: []string{"MESOS_SANDBOX=/mnt/mesos/sandbox", "MESOS_CONTAINER_NAME=gantry-" + string(task.ID), "MESOS_ALLOCATION_ROLE=*", "A=b"},
			Labels: map[string]string{
				docker.LabelFramework: "gantry-test", docker.LabelExecutor: string(cfg.ExecutorID), docker.LabelAgent: "a1", docker.LabelTask: string(task.ID),
				docker.LabelInstance: task.InstanceID, docker.LabelApp: "/web", docker.LabelOwner: cfg.Owner.String(), "MESOS_TASK_ID": string(task.ID),
			},
			ExposedPorts: network.PortSet{tcp: {}, udp: {}, network.MustParsePort("90/tcp"): {}},
		},
		Host: &container.HostConfig{
			NetworkMode: "bridge", PortBindings: network.PortMap{tcp: binding, udp: binding}, Init: &yes,
			Binds: []string{
				cfg.Sandbox + ":/mnt/mesos/sandbox", "/host/conf:/etc/conf:ro", filepath.Join(cfg.Sandbox, "logs") + ":/logs:rw",
				"/host/cache:/mnt/mesos/sandbox/cache:rw", "/:/mnt/mesos/sandbox/data:rw",
			},
			Mounts:    []mount.Mount{{Type: mount.TypeVolume, Source: "v", Target: "/ext", VolumeOptions: &mount.VolumeOptions{DriverConfig: &mount.Driver{Name: "rexray", Options: map[string]string{"size": "2"}}}}},
			LogConfig: container.LogConfig{Type: "local", Config: map[string]string{"max-size": "1m", "max-file": "1", "compress": "false"}},
			Resources: container.Resources{CPUShares: 102, Memory: 32 << 20, MemorySwap: 32 << 20, PidsLimit: &pids},
		},
	})
}

func TestCreation_limits(t *testing.T) {
	t.Parallel()
	pids := int64(100)
	rows := map[string]struct {
		edit func(*docker.Config, *taskinfo.Task)
		want container.Resources
	}{
		"tiny": {
			func(_ *docker.Config, tk *taskinfo.Task) { tk.Resources = resource.Vector{CPUs: 1, Mem: 1000} },
			container.Resources{CPUShares: 2, Memory: 32 << 20, MemorySwap: 32 << 20},
		},
		"quota": {
			func(c *docker.Config, tk *taskinfo.Task) { c.CPUQuota = true; tk.Resources.CPUs = 1500 },
			container.Resources{CPUShares: 1536, CPUPeriod: 100000, CPUQuota: 150000, Memory: 32 << 20, MemorySwap: 32 << 20},
		},
		"caps above the request": {
			func(_ *docker.Config, tk *taskinfo.Task) {
				tk.CPUCap, tk.MemCap = &app.Limit{Amount: 2000}, &app.Limit{Amount: resource.Units(64)}
			},
			container.Resources{CPUShares: 102, CPUPeriod: 100000, CPUQuota: 200000, Memory: 64 << 20, MemorySwap: 64 << 20, MemoryReservation: 32 << 20},
		},
		"unlimited": {
			func(c *docker.Config, tk *taskinfo.Task) {
				c.CPUQuota = true
				tk.CPUCap, tk.MemCap = &app.Limit{Unlimited: true}, &app.Limit{Unlimited: true}
			},
			container.Resources{CPUShares: 102, MemoryReservation: 32 << 20},
		},
		"gpus": {
			func(_ *docker.Config, tk *taskinfo.Task) { tk.Resources.GPUs = 2000 },
			container.Resources{CPUShares: 102, Memory: 32 << 20, MemorySwap: 32 << 20, DeviceRequests: []container.DeviceRequest{{Count: 2, Capabilities: [][]string{{"gpu"}}}}},
		},
		"own cgroup": {
			func(c *docker.Config, _ *taskinfo.Task) { c.Cgroup = "/mesos/c1" },
			container.Resources{CPUShares: 102, Memory: 32 << 20, MemorySwap: 32 << 20, CgroupParent: "/mesos/c1"},
		},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, failed := creation(t, row.edit)
			if failed != nil {
				t.Fatal(failed)
			}
			row.want.PidsLimit = &pids
			compare(t, c.Host.Resources, row.want)
		})
	}
}

func TestParameters_are_those_of_docker_run(t *testing.T) {
	t.Parallel()
	yes, no, n7 := true, false, int64(7)
	rows := []struct {
		parameters []app.Parameter
		want       func(*docker.Creation)
	}{
		{[]app.Parameter{{Key: "label", Value: "a=b"}, {Key: "label", Value: "c"}}, func(c *docker.Creation) { c.Config.Labels["a"], c.Config.Labels["c"] = "b", "" }},
		{[]app.Parameter{{Key: "env", Value: "X=1"}, {Key: "e", Value: "Y=2"}}, func(c *docker.Creation) { c.Config.Env = append(c.Config.Env, "X=1", "Y=2") }},
		{[]app.Parameter{{Key: "volume", Value: "/a:/b:ro"}, {Key: "v", Value: "n:/c"}}, func(c *docker.Creation) { c.Host.Binds = append(c.Host.Binds, "/a:/b:ro", "n:/c") }},
		{[]app.Parameter{{Key: "hostname", Value: "h"}}, func(c *docker.Creation) { c.Config.Hostname = "h" }},
		{[]app.Parameter{{Key: "cap-add", Value: "NET_ADMIN"}, {Key: "cap-drop", Value: "ALL"}}, func(c *docker.Creation) { c.Host.CapAdd, c.Host.CapDrop = []string{"NET_ADMIN"}, []string{"ALL"} }},
		{[]app.Parameter{{Key: "ulimit", Value: "nofile=10:20"}}, func(c *docker.Creation) { c.Host.Ulimits = []*units.Ulimit{{Name: "nofile", Soft: 10, Hard: 20}} }},
		{[]app.Parameter{{Key: "dns", Value: "8.8.8.8"}, {Key: "dns-search", Value: "x"}}, func(c *docker.Creation) {
			c.Host.DNS, c.Host.DNSSearch = []netip.Addr{netip.MustParseAddr("8.8.8.8")}, []string{"x"}
		}},
		{[]app.Parameter{{Key: "add-host", Value: "a:1.2.3.4"}}, func(c *docker.Creation) { c.Host.ExtraHosts = []string{"a:1.2.3.4"} }},
		{[]app.Parameter{{Key: "workdir", Value: "/w"}, {Key: "user", Value: "1:2"}}, func(c *docker.Creation) { c.Config.WorkingDir, c.Config.User = "/w", "1:2" }},
		{[]app.Parameter{{Key: "log-driver", Value: "syslog"}, {Key: "log-opt", Value: "tag=x"}}, func(c *docker.Creation) {
			c.Host.LogConfig = container.LogConfig{Type: "syslog", Config: map[string]string{"tag": "x"}}
		}},
		{[]app.Parameter{{Key: "shm-size", Value: "64m"}, {Key: "read-only", Value: "true"}, {Key: "tmpfs", Value: "/t:size=1m"}}, func(c *docker.Creation) {
			c.Host.ShmSize, c.Host.ReadonlyRootfs, c.Host.Tmpfs = 64<<20, true, map[string]string{"/t": "size=1m"}
		}},
		{[]app.Parameter{{Key: "privileged", Value: ""}, {Key: "ipc", Value: "host"}, {Key: "pid", Value: "host"}}, func(c *docker.Creation) { c.Host.Privileged, c.Host.IpcMode, c.Host.PidMode = true, "host", "host" }},
		{[]app.Parameter{{Key: "security-opt", Value: "no-new-privileges"}, {Key: "sysctl", Value: "net.core.somaxconn=1"}}, func(c *docker.Creation) {
			c.Host.SecurityOpt, c.Host.Sysctls = []string{"no-new-privileges"}, map[string]string{"net.core.somaxconn": "1"}
		}},
		{[]app.Parameter{{Key: "device", Value: "/dev/a"}, {Key: "device", Value: "/dev/b:/dev/c:r"}}, func(c *docker.Creation) {
			c.Host.Devices = []container.DeviceMapping{{PathOnHost: "/dev/a", PathInContainer: "/dev/a", CgroupPermissions: "rwm"}, {PathOnHost: "/dev/b", PathInContainer: "/dev/c", CgroupPermissions: "r"}}
		}},
		{[]app.Parameter{{Key: "network", Value: "mine"}, {Key: "network-alias", Value: "web"}}, func(c *docker.Creation) {
			c.Host.NetworkMode, c.Aliases = "mine", []string{"web"}
			c.Network = &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{"mine": {Aliases: []string{"web"}}}}
		}},
		{[]app.Parameter{{Key: "net", Value: "none"}}, func(c *docker.Creation) { c.Host.NetworkMode = "none" }},
		{[]app.Parameter{{Key: "init", Value: "false"}, {Key: "memory-swap", Value: "-1"}, {Key: "memory-swappiness", Value: "7"}, {Key: "pids-limit", Value: "7"}, {Key: "oom-kill-disable"}, {Key: "oom-score-adj", Value: "7"}}, func(c *docker.Creation) {
			c.Host.Init, c.Host.MemorySwap, c.Host.MemorySwappiness, c.Host.PidsLimit, c.Host.OomKillDisable, c.Host.OomScoreAdj = &no, -1, &n7, &n7, &yes, 7
		}},
		{[]app.Parameter{{Key: "--cpuset-cpus", Value: "0"}, {Key: "cpu-shares", Value: "7"}}, func(c *docker.Creation) { c.Host.CpusetCpus, c.Host.CPUShares = "0", 7 }},
	}
	for _, row := range rows {
		t.Run(row.parameters[0].Key, func(t *testing.T) {
			t.Parallel()
			var id mesos.TaskID
			var cfg docker.Config
			plain, _ := creation(t, func(c *docker.Config, tk *taskinfo.Task) { id, cfg = tk.ID, *c })
			row.want(plain)
			got, failed := creation(t, func(c *docker.Config, tk *taskinfo.Task) {
				*c, tk.ID, tk.InstanceID, tk.Container.Parameters = cfg, id, string(id), row.parameters
			})
			if failed != nil {
				t.Fatal(failed)
			}
			compare(t, got, plain)
		})
	}
}

func TestParameters_without_effect_elsewhere_are_left_out(t *testing.T) {
	t.Parallel()
	got, failed := creation(t, func(_ *docker.Config, tk *taskinfo.Task) {
		tk.Container.Parameters = []app.Parameter{{Key: "name", Value: "my-agent"}, {Key: "--restart", Value: "always"}}
	})
	if failed != nil {
		t.Fatal(failed)
	}
	if got.Name == "my-agent" || got.Host.RestartPolicy.Name != "" {
		t.Errorf("got name %s, restart policy %q", got.Name, got.Host.RestartPolicy.Name)
	}
}

func TestParameters_that_make_no_sense_are_refused(t *testing.T) {
	t.Parallel()
	rows := map[app.Parameter]string{
		{Key: "rm", Value: "true"}:         "the executor looks after the container's life",
		{Key: "publish", Value: "80:80"}:   "ports come from the offer",
		{Key: "no-such", Value: "x"}:       "docker parameter no-such=x is not known; known are add-host, ",
		{Key: "shm-size", Value: "much"}:   "shm-size=much: want a size such as 64m",
		{Key: "dns", Value: "x"}:           "dns=x: want an IP address",
		{Key: "ulimit", Value: "x"}:        "ulimit=x: want name=soft[:hard]",
		{Key: "device", Value: "a:b:c:d"}:  "want host[:container[:rwm]]",
		{Key: "sysctl", Value: "x"}:        "want name=value",
		{Key: "read-only", Value: "maybe"}: "want true or false",
		{Key: "pids-limit", Value: "x"}:    "want a whole number",
		{Key: "entrypoint", Value: "/x"}:   "use args",
		{Key: "net-alias", Value: "x"}:     "needs a network of its own, not host",
	}
	for p, want := range rows {
		t.Run(p.Key, func(t *testing.T) {
			t.Parallel()
			_, failed := creation(t, func(_ *docker.Config, tk *taskinfo.Task) { tk.Container.Parameters = []app.Parameter{p} })
			if failed == nil || !failed.Invalid || !strings.Contains(failed.Message, want) {
				t.Errorf("got %+v, want an invalid task because %q", failed, want)
			}
		})
	}
}
