package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
	"github.com/gantry-mesos/gantry/pkg/minicluster/minitest"
	"github.com/gantry-mesos/gantry/scheduler"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/store/boltstore"
	"github.com/gantry-mesos/gantry/scheduler/store/record"
)

// says runs a command line and checks its exit code and that it prints all texts.
func says(t *testing.T, code int, line string, texts ...string) {
	t.Helper()
	var out bytes.Buffer
	if got := execute(t.Context(), strings.Fields(line), strings.NewReader(""), &out, &out); got != code {
		t.Errorf("gantry %s ends with %d, want %d:\n%s", line, got, code, out.String())
	}
	for _, text := range texts {
		if !strings.Contains(out.String(), text) {
			t.Errorf("gantry %s does not say %q:\n%s", line, text, out.String())
		}
	}
}

// orphaned is a state directory with one instance that runs, but no framework id.
func orphaned(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	st, err := boltstore.Open(t.Context(), dir, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	spec, err := api.ParseApp([]byte(`{"id": "/web", "cmd": "sleep 1000", "instances": 1}`))
	if err != nil {
		t.Fatal(err)
	}
	spec.Version = time.Unix(1, 0).UTC()
	err = record.New(st).Append(t.Context(), []core.Change{core.PutApp{Spec: spec}, core.PutInstance{Instance: &instance.Instance{
		ID: "web.instance-1", App: "/web", Goal: instance.GoalRunning, Condition: instance.Running, Incarnation: 1, Version: spec.Version,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// scheduling runs a scheduler until the function that it returns is called, which
// returns what it ended with.
func scheduling(t *testing.T, c scheduler.Config) (address string, stop func() error) {
	t.Helper()
	s, err := scheduler.New(c, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return "http://" + s.Address(), func() error {
		cancel()
		return <-ended
	}
}

// registered waits until the scheduler has a framework id.
func registered(t *testing.T, address string) string {
	t.Helper()
	client, err := api.NewClient(address)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-tick.C {
		if info, err := client.Info(t.Context()); err == nil && info.FrameworkID != "" {
			return info.FrameworkID
		}
	}
	t.Fatal("not registered in time")
	return ""
}

func TestAFrameworkIDIsShownAdoptedAndReset(t *testing.T) {
	t.Parallel()
	mini := minicluster.DefaultConfig(1)
	mini.Masters[0].AuthenticateReadonly, mini.Masters[0].AuthenticateReadwrite = true, true
	mini.Masters[0].Credentials = []master.Credential{{Principal: "ops", Secret: "right"}}
	cluster := minitest.Run(t, mini)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("right\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	asOps := " --master " + cluster.MasterURL() + " --principal ops --secret-file " + secret
	c := scheduler.DefaultConfig()
	c.Master, c.StateDir, c.HTTPAddress, c.DefaultExecutor = cluster.MasterURL(), t.TempDir(), "127.0.0.1:0", "mesos"
	address, stop := scheduling(t, c)
	id := registered(t, address)
	says(t, exitDone, "framework show --url "+address, id)
	says(t, exitDone, "framework show --master "+cluster.MasterURL()+" --principal ops --secret-file "+secret, id, "gantry", "subscribed")
	says(t, exitFailed, "framework show --master "+cluster.MasterURL(), "denied")
	dir := orphaned(t)
	in := " --state-dir " + dir
	says(t, exitFailed, "framework adopt "+id+in+asOps, "a scheduler is subscribed as framework "+id)
	if err := stop(); err != nil {
		t.Error(err)
	}

	says(t, exitDone, "framework show --state-dir "+dir+" -o json"+asOps, `"live": 1`, `"without a scheduler"`)
	says(t, exitFailed, "framework adopt other"+in+asOps, "does not know framework other")
	says(t, exitDone, "framework adopt "+id+" --state-dir "+dir+" --master "+cluster.MasterURL()+" --principal ops --secret-file "+secret+" --dry-run", "would be done: framework id "+id+", under which 1 of 1 instances may run")
	says(t, exitDone, "framework show -o json"+in, `"frameworkId": ""`)
	says(t, exitDone, "framework adopt "+id+in, id)
	says(t, exitFailed, "framework adopt "+id+in, "has this framework id already")
	says(t, exitFailed, "framework adopt other"+in, "gantry framework reset --dry-run")

	c.StateDir = dir
	address, stop = scheduling(t, c)
	if got := registered(t, address); got != id {
		t.Errorf("the scheduler registers as %s, want the adopted %s", got, id)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}

	says(t, exitMisused, "framework reset"+in, "--dry-run")
	says(t, exitDone, "framework reset --dry-run --state-dir "+dir, "would be done: framework id "+id+" is forgotten")
	says(t, exitDone, "framework show"+in, id)
	says(t, exitDone, "framework reset --yes"+in, "launched anew")
	says(t, exitFailed, "framework reset --yes"+in, "nothing to forget")
	says(t, exitFailed, "framework reset --yes --zk http://nowhere/", "zk://")
	says(t, exitFailed, "framework adopt x --zk http://nowhere/", "zk://")
	says(t, exitFailed, "framework show --zk http://nowhere/", "zk://")
}
