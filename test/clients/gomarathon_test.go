package clients

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	marathon "github.com/gambol99/go-marathon"
)

// connect returns go-marathon's client of a cluster.
func connect(t *testing.T, c cluster) marathon.Marathon {
	t.Helper()
	cfg := marathon.NewDefaultConfig()
	cfg.URL, cfg.EventsTransport, cfg.PollingWaitTime = c.url, marathon.EventsTransportSSE, 50*time.Millisecond
	cfg.HTTPClient = &http.Client{}
	m, err := marathon.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// ok returns what a call answered, or ends the test.
func ok[T any](t *testing.T) func(v T, err error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%v", err)
		}
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func expect[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// sleeper is an app as users of go-marathon make it: the client adds "ports": null
// and "dependencies": null.
func sleeper(id string, instances int) *marathon.Application {
	return marathon.NewDockerApplication().Name(id).Command("exec sleep 1000").CPU(0.05).Memory(16).Count(instances)
}

// plain is an app without the DOCKER container that NewDockerApplication gives it.
func plain(id string, instances int) *marathon.Application {
	a := sleeper(id, instances)
	a.Container = nil
	return a
}

func TestGoMarathonOfApps(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	m := connect(t, c)
	expect(t, "ping", ok[bool](t)(m.Ping()), true)

	app := plain("/prod/web", 2).AddLabel("tier", "front").AddEnv("A", "1").AddConstraint("hostname", "LIKE", ".*")
	created := ok[*marathon.Application](t)(m.CreateApplication(app))
	expect(t, "id of the created", created.ID, "/prod/web")
	expect(t, "deployments of the created", len(created.Deployments), 1)
	_, err := m.CreateApplication(app)
	if e, isAPI := err.(*marathon.APIError); !isAPI || e.ErrCode != marathon.ErrCodeDuplicateID {
		t.Errorf("the same app again: got %v, want a duplicate id", err)
	}
	check(t, m.WaitOnApplication("/prod/web", patience))
	c.settled(t)

	shown := ok[*marathon.Application](t)(m.Application("/prod/web"))
	expect(t, "running", shown.TasksRunning, 2)
	expect(t, "tasks", len(shown.Tasks), 2)
	expect(t, "all run", shown.AllTaskRunning(), true)
	expect(t, "OK", ok[bool](t)(m.ApplicationOK("/prod/web")), true)
	expect(t, "apps", strings.Join(ok[[]string](t)(m.ListApplications(url.Values{"label": {"tier==front"}})), ","), "/prod/web")
	expect(t, "apps in full", len(ok[*marathon.Applications](t)(m.Applications(url.Values{"embed": {"apps.tasks"}})).Apps), 1)
	by := ok[*marathon.Application](t)(m.ApplicationBy("/prod/web", &marathon.GetAppOpts{Embed: []string{"app.taskStats"}}))
	expect(t, "statistics", by.TaskStats["totalSummary"].Stats.Counts["running"], 2)

	versions := ok[*marathon.ApplicationVersions](t)(m.ApplicationVersions("/prod/web")).Versions
	expect(t, "versions", len(versions), 1)
	expect(t, "has the version", ok[bool](t)(m.HasApplicationVersion("/prod/web", versions[0])), true)
	expect(t, "cmd of the version", *ok[*marathon.Application](t)(m.ApplicationByVersion("/prod/web", versions[0])).Cmd, "exec sleep 1000")

	deployed := func(d *marathon.DeploymentID, err error) {
		t.Helper()
		check(t, err)
		check(t, m.WaitOnDeployment(d.DeploymentID, patience))
	}
	deployed(m.ScaleApplicationInstances("/prod/web", 3, false))
	expect(t, "scaled", ok[*marathon.Application](t)(m.Application("/prod/web")).TasksRunning, 3)
	deployed(m.UpdateApplication(plain("/prod/web", 1).Command("exec sleep 2000"), false))
	expect(t, "updated", *ok[*marathon.Application](t)(m.Application("/prod/web")).Cmd, "exec sleep 2000")
	deployed(m.SetApplicationVersion("/prod/web", &marathon.ApplicationVersion{Version: versions[0]}))
	expect(t, "rolled back", *ok[*marathon.Application](t)(m.Application("/prod/web")).Cmd, "exec sleep 1000")
	deployed(m.RestartApplication("/prod/web", true))
	expect(t, "restarted", ok[*marathon.Application](t)(m.Application("/prod/web")).TasksRunning, 2)

	_, err = m.Application("/none")
	if e, isAPI := err.(*marathon.APIError); !isAPI || e.ErrCode != marathon.ErrCodeNotFound {
		t.Errorf("an unknown app: got %v, want not found", err)
	}
	bad := plain("/Bad", 1).CPU(-1)
	if _, err = m.CreateApplication(bad); err == nil || !strings.Contains(err.Error(), "/cpus") {
		t.Errorf("a bad app: got %v, want an error that names /cpus", err)
	}
	deployed(m.DeleteApplication("/prod/web", true))
	expect(t, "left", len(ok[[]string](t)(m.ListApplications(nil))), 0)
}

func TestGoMarathonOfTasksDeploymentsAndQueue(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	m := connect(t, c)
	ok[*marathon.Application](t)(m.CreateApplication(plain("/prod/web", 4)))
	check(t, m.WaitOnApplication("/prod/web", patience))
	c.settled(t)

	tasks := ok[*marathon.Tasks](t)(m.Tasks("/prod/web")).Tasks
	expect(t, "tasks", len(tasks), 4)
	one := tasks[0]
	expect(t, "app of a task", one.AppID, "/prod/web")
	expect(t, "state of a task", one.State, "TASK_RUNNING")
	expect(t, "service ports of a task", len(one.ServicePorts), len(one.Ports))
	for what, text := range map[string]string{"host": one.Host, "agent": one.SlaveID, "staged": one.StagedAt, "started": one.StartedAt, "version": one.Version} {
		if text == "" {
			t.Errorf("the task has no %s", what)
		}
	}
	expect(t, "all that run", len(ok[*marathon.Tasks](t)(m.AllTasks(&marathon.AllTasksOpts{Status: "running"})).Tasks), 4)
	expect(t, "all that stage", len(ok[*marathon.Tasks](t)(m.AllTasks(&marathon.AllTasksOpts{Status: "staging"})).Tasks), 0)

	// The client makes an impossible path of an app out of the task's id.
	killed := ok[*marathon.Task](t)(m.KillTask(one.ID, nil))
	expect(t, "killed", killed.ID, one.ID)
	check(t, m.KillTasks([]string{tasks[1].ID}, &marathon.KillTaskOpts{Scale: true}))
	eventually(t, func() error {
		list, err := m.Tasks("/prod/web")
		if err != nil {
			return err
		}
		if len(list.Tasks) != 3 || slices.ContainsFunc(list.Tasks, func(t marathon.Task) bool {
			return t.State != "TASK_RUNNING" || t.ID == one.ID || t.ID == tasks[1].ID
		}) {
			return fmt.Errorf("got %+v, want three tasks of which one is new", list.Tasks)
		}
		return nil
	})
	c.settled(t)
	expect(t, "killed of the app", len(ok[*marathon.Tasks](t)(m.KillApplicationTasks("/prod/web", &marathon.KillApplicationTasksOpts{Host: one.Host})).Tasks), 3)
	ok[*marathon.Tasks](t)(m.KillApplicationTasks("/prod/web", &marathon.KillApplicationTasksOpts{Scale: true, Force: true}))
	c.settled(t)
	expect(t, "instances after all were killed and scaled", *ok[*marathon.Application](t)(m.Application("/prod/web")).Instances, 0)

	created := ok[*marathon.Application](t)(m.CreateApplication(plain("/stuck", 1).CPU(1000)))
	id := created.DeploymentIDs()[0].DeploymentID
	expect(t, "has the deployment", ok[bool](t)(m.HasDeployment(id)), true)
	var mine *marathon.Deployment
	for _, d := range ok[[]*marathon.Deployment](t)(m.Deployments()) {
		if d.ID == id {
			mine = d
		}
	}
	if mine == nil || strings.Join(mine.AffectedApps, ",") != "/stuck" || mine.TotalSteps != 2 || len(mine.CurrentActions) != 1 || mine.CurrentActions[0].App != "/stuck" {
		t.Errorf("got deployment %+v", mine)
	}
	expect(t, "deployments of the app", len(ok[[]*marathon.DeploymentID](t)(m.ApplicationDeployments("/stuck"))), 1)
	_, err := m.ScaleApplicationInstances("/stuck", 2, false)
	if e, isAPI := err.(*marathon.APIError); !isAPI || e.ErrCode != marathon.ErrCodeAppLocked {
		t.Errorf("a change of a locked app: got %v, want locked", err)
	}
	queue := ok[*marathon.Queue](t)(m.Queue())
	if len(queue.Items) != 1 || queue.Items[0].Application.ID != "/stuck" || queue.Items[0].Count != 1 || !queue.Items[0].Delay.Overdue {
		t.Errorf("got queue %+v, want one instance of /stuck", queue)
	}
	check(t, m.DeleteQueueDelay("/stuck"))
	undone := ok[*marathon.DeploymentID](t)(m.DeleteDeployment(id, false))
	check(t, m.WaitOnDeployment(undone.DeploymentID, patience))
	if _, err := m.Application("/stuck"); err == nil {
		t.Error("the app of an undone deployment is still there")
	}
	created = ok[*marathon.Application](t)(m.CreateApplication(plain("/stuck", 1).CPU(1000)))
	ok[*marathon.DeploymentID](t)(m.DeleteDeployment(created.DeploymentIDs()[0].DeploymentID, true))
	expect(t, "a stopped deployment is under way", ok[bool](t)(m.HasDeployment(created.DeploymentIDs()[0].DeploymentID)), false)
}

func TestGoMarathonOfTheScheduler(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	m := connect(t, c)
	info := ok[*marathon.Info](t)(m.Info())
	expect(t, "name", info.Name, "marathon")
	expect(t, "framework's name", info.MarathonConfig.FrameworkName, "gantry")
	expect(t, "lowest service port", info.MarathonConfig.LocalPortMin, 10000)
	if info.FrameworkID == "" || info.Leader == "" || info.HTTPConfig.HTTPPort == 0 || info.MarathonConfig.MesosLeaderUIURL == "" {
		t.Errorf("got %+v", info)
	}
	expect(t, "leader", ok[string](t)(m.Leader()), info.Leader)
	if _, err := m.AbdicateLeader(); err == nil || !strings.Contains(err.Error(), "runs alone") {
		t.Errorf("got %v, want the one scheduler to say that it runs alone", err)
	}
	// Callbacks went with Marathon 1.5; what remains says so.
	if _, err := m.Subscriptions(); err == nil {
		t.Error("there are subscriptions")
	}
	if err := m.Subscribe("http://127.0.0.1:1/"); err == nil {
		t.Error("a callback could be subscribed")
	}
	if err := m.Unsubscribe("http://127.0.0.1:1/"); err == nil {
		t.Error("a callback could be unsubscribed")
	}
}

func TestGoMarathonHearsEvents(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	m := connect(t, c)
	events, err := m.AddEventsListener(marathon.EventIDAPIRequest | marathon.EventIDStatusUpdate | marathon.EventIDDeploymentSuccess |
		marathon.EventIDDeploymentInfo | marathon.EventIDChangedHealthCheck | marathon.EventIDAppTerminated)
	check(t, err)
	c.must(t, http.MethodPost, "/v2/apps", web)
	c.settled(t)
	c.must(t, http.MethodDelete, "/v2/apps/prod/web", "")
	missing := map[string]bool{
		"api_post_event": true, "status_update_event": true, "deployment_info": true, "deployment_success": true,
		"health_status_changed_event": true, "app_terminated_event": true,
	}
	timeout := time.After(patience)
	for len(missing) > 0 {
		select {
		case e := <-events:
			delete(missing, e.Name)
			switch e := e.Event.(type) {
			case *marathon.EventAPIRequest:
				expect(t, "app of a request", e.AppDefinition.ID, "/prod/web")
			case *marathon.EventStatusUpdate:
				expect(t, "app of a status", e.AppID, "/prod/web")
			case *marathon.EventHealthCheckChanged:
				if e.TaskID == "" {
					t.Errorf("got no task in %+v", e)
				}
			case *marathon.EventAppTerminated:
				expect(t, "app that ended", e.AppID, "/prod/web")
			}
		case <-timeout:
			t.Fatalf("not heard of: %v", missing)
		}
	}
	m.RemoveEventsListener(events)
}

func TestGoMarathonOfGroups(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	m := connect(t, c)
	group := marathon.NewApplicationGroup("/shop").App(plain("/shop/db", 1)).App(plain("/shop/web", 2))
	check(t, m.CreateGroup(group))
	check(t, m.WaitOnGroup("/shop", patience))
	expect(t, "has the group", ok[bool](t)(m.HasGroup("/shop")), true)
	expect(t, "has none of another name", ok[bool](t)(m.HasGroup("/none")), false)
	expect(t, "apps of the group", len(ok[*marathon.Group](t)(m.Group("/shop")).Apps), 2)
	expect(t, "apps of the group, embedded", len(ok[*marathon.Group](t)(m.GroupBy("/shop", &marathon.GetGroupOpts{Embed: []string{"group.apps"}})).Apps), 2)
	expect(t, "groups", len(ok[*marathon.Groups](t)(m.Groups()).Groups), 1)
	expect(t, "groups, embedded", len(ok[*marathon.Groups](t)(m.GroupsBy(&marathon.GetGroupOpts{Embed: []string{"group.groups"}})).Groups), 1)
	smaller := marathon.NewApplicationGroup("/shop").App(plain("/shop/web", 1))
	updated := ok[*marathon.DeploymentID](t)(m.UpdateGroup("/shop", smaller, true))
	check(t, m.WaitOnDeployment(updated.DeploymentID, patience))
	expect(t, "apps of the smaller group", len(ok[*marathon.Group](t)(m.Group("/shop")).Apps), 1)
	deleted := ok[*marathon.DeploymentID](t)(m.DeleteGroup("/shop", true))
	check(t, m.WaitOnDeployment(deleted.DeploymentID, patience))
	expect(t, "has the deleted group", ok[bool](t)(m.HasGroup("/shop")), false)
}
