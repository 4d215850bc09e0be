package httpapi

import (
	"net/http"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// The parts of a route's path that stand for others.
const (
	// aName is one segment, anApp the segments of an App's id, one at least, anyPath
	// any number of them.
	aName   = "{name}"
	anApp   = "{app}"
	anyPath = "{path}"
)

// route leads from a path to its endpoint.
type route struct {
	path string
	// head is the path up to the part that stands for any number of segments, of
	// which there are least at least, and tail what follows it. Without such a part
	// the path is head alone.
	head, tail []string
	open       bool
	least      int
	at         func(p params) endpoint
	// kinds are what it answers with; without any it pays no heed to what is accepted.
	kinds []string
	// absent says that it only tells that there is nothing.
	absent bool
}

// in returns the route with other kinds of answers than JSON.
func (t route) in(kinds ...string) route {
	t.kinds = kinds
	return t
}

// params are what the parts of a path stand for.
type params struct {
	name string
	// id is the App, or the path.
	id app.ID
}

// to makes a route.
func to(path string, at func(p params) endpoint) route {
	t := route{path: path, at: at, head: split(path), kinds: []string{kindJSON}}
	for n, part := range t.head {
		if part == anApp || part == anyPath {
			t.open, t.head, t.tail = true, t.head[:n], t.head[n+1:]
			if part == anApp {
				t.least = 1
			}
			break
		}
	}
	return t
}

// fixed makes a route whose endpoint depends on nothing.
func fixed(path string, e endpoint) route { return to(path, func(params) endpoint { return e }) }

// match reports whether the route leads from a path, and what its parts stand for.
func (t *route) match(path []string) (p params, ok bool) {
	between := len(path) - len(t.head) - len(t.tail)
	if between < t.least || between > 0 && !t.open {
		return p, false
	}
	if !p.match(t.head, path) || !p.match(t.tail, path[len(path)-len(t.tail):]) {
		return p, false
	}
	if t.open {
		p.id = join(path[len(t.head) : len(t.head)+between])
	}
	return p, true
}

func (p *params) match(parts, path []string) bool {
	for n, part := range parts {
		switch part {
		case path[n]:
		case aName:
			p.name = path[n]
		default:
			return false
		}
	}
	return true
}

// table lists all that is served. The first route that a path matches is its own:
// literal last segments come before ids, which may hold slashes.
func (s *Server) table() []route {
	d := &desk{scheduler: s.cfg.Scheduler, now: s.cfg.Now, timeout: s.cfg.Timeout, bodyMax: s.cfg.BodyMax, counts: s.metrics.marathon}
	info := &infoRoutes{
		desk: d, leadership: s.cfg.Leadership, version: s.cfg.Version, build: s.cfg.Build, config: s.cfg.Info, resign: s.cfg.Abdicate,
	}
	deployments, queue, kills := &deploymentRoutes{d}, &queueRoutes{d}, &killRoutes{d}
	routes := []route{
		fixed("ping", endpoint{http.MethodGet: info.ping}).in(),
		fixed("metrics", endpoint{http.MethodGet: s.metrics.choose}).in(metricKinds...),
		fixed("metrics/prometheus", endpoint{http.MethodGet: s.metrics.serve}).in(),
		fixed("artifacts/gantry-executor", endpoint{http.MethodGet: s.artifact.serve}).in(),
		fixed("v2/info", endpoint{http.MethodGet: info.info}),
		fixed("v3/status", endpoint{http.MethodGet: info.status}),
		fixed("v2/leader", endpoint{http.MethodGet: info.leader, http.MethodDelete: info.abdicate}),
		fixed("v2/plugins", endpoint{http.MethodGet: info.plugins}),
		fixed("v2/deployments", endpoint{http.MethodGet: deployments.listDeployments}),
		to("v2/deployments/{name}", func(p params) endpoint {
			return endpoint{http.MethodGet: deployments.showDeployment(p.name), http.MethodDelete: deployments.cancelDeployment(p.name)}
		}),
		fixed("v2/queue", endpoint{http.MethodGet: queue.listQueue}),
		to("v2/queue/{app}/delay", func(p params) endpoint { return endpoint{http.MethodDelete: queue.resetDelay(p.id)} }),
		to("v3/tasks/{name}/gone", func(p params) endpoint {
			return endpoint{http.MethodPost: (&taskRoutes{d}).declareGone(mesos.TaskID(p.name))}
		}),
		fixed("v3/kills", endpoint{http.MethodGet: kills.showKills}),
		fixed("v3/kills/confirm", endpoint{http.MethodPost: kills.confirmKills}),
		notYet("pods", "/{path}"),
		fixed("v3/openapi.json", endpoint{http.MethodGet: describe}),
	}
	routes = append(routes, s.eventTable()...)
	apps := &appRoutes{desk: d, reader: api.Reader{Rules: s.cfg.Rules}, definitions: definitions{kept: map[*app.Spec][]byte{}}}
	routes = append(routes, appTable(apps)...)
	routes = append(routes, groupTable(&groupRoutes{apps})...)
	routes = append(routes, shareTable(&shareRoutes{desk: d, quotas: s.cfg.Quotas})...)
	if s.cfg.Page != nil {
		routes = append(routes, pageTable(s.cfg.Page)...)
	}
	if s.cfg.Discovery != nil {
		routes = append(routes, endpointTable(&endpointRoutes{desk: d, hub: s.cfg.Discovery})...)
	}
	if s.cfg.Agents != nil {
		routes = append(routes, agentTable(&agentRoutes{desk: d, master: s.cfg.Agents})...)
	}
	if s.cfg.Export != nil {
		routes = append(routes, fixed("v3/state", endpoint{http.MethodGet: (&stateRoutes{d, s.cfg.Export}).exportState}).in())
	}
	if s.cfg.Sandboxes != nil {
		routes = append(routes, sandboxTable(&sandboxRoutes{desk: d, sandboxes: s.cfg.Sandboxes})...)
	}
	return routes
}

func (s *Server) eventTable() []route {
	if s.cfg.Events == nil {
		return []route{notYet("events", "")}
	}
	stream := eventRoutes{log: s.cfg.Events, open: &s.streaming, texts: &eventTexts{}}
	return []route{
		fixed("v2/events", endpoint{http.MethodGet: stream.events}).in(),
		fixed("v3/events", endpoint{http.MethodGet: stream.listKept}),
	}
}

// appTable lists what is served of Apps and their tasks.
func appTable(apps *appRoutes) []route {
	tasks := &taskRoutes{apps.desk}
	one := func(id app.ID) endpoint {
		return endpoint{
			http.MethodGet: apps.showApp(id), http.MethodPut: apps.changeApp(id, true),
			http.MethodPatch: apps.changeApp(id, false), http.MethodDelete: apps.deleteApp(id),
		}
	}
	return []route{
		fixed("v2/apps", endpoint{
			http.MethodGet: apps.listApps, http.MethodPost: apps.createApp,
			http.MethodPut: apps.changeApps(true), http.MethodPatch: apps.changeApps(false),
		}),
		fixed("v3/apps", endpoint{http.MethodGet: apps.listBriefs}),
		to("v2/apps/{app}/restart", func(p params) endpoint { return endpoint{http.MethodPost: apps.restartApp(p.id)} }),
		to("v2/apps/{app}/tasks", func(p params) endpoint {
			return endpoint{http.MethodGet: tasks.listAppTasks(p.id), http.MethodDelete: tasks.deleteAppTasks(p.id)}
		}).in(kindJSON, kindText),
		to("v2/apps/{app}/versions", func(p params) endpoint { return endpoint{http.MethodGet: apps.listVersions(p.id)} }),
		to("v2/apps/{app}/tasks/{name}", func(p params) endpoint {
			e := one(p.id + app.ID("/tasks/"+p.name))
			e[http.MethodDelete] = tasks.deleteTask(p.name)
			return e
		}),
		to("v2/apps/{app}/versions/{name}", func(p params) endpoint {
			whole := p.id + app.ID("/versions/"+p.name)
			e := one(whole)
			if _, exists := apps.scheduler.View().App(whole); !exists {
				e[http.MethodGet] = apps.showVersion(p.id, p.name)
			}
			return e
		}),
		to("v2/apps/{app}", func(p params) endpoint { return one(p.id) }),
		fixed("v2/tasks", endpoint{http.MethodGet: tasks.listTasks}).in(kindJSON, kindText),
		fixed("v2/tasks/delete", endpoint{http.MethodPost: tasks.deleteTasks}),
	}
}

// groupTable lists what is served of groups. A group whose name ends like one of
// these paths comes before it.
func groupTable(s *groupRoutes) []route {
	one := func(id app.ID) endpoint {
		return endpoint{
			http.MethodGet: s.showGroup(id), http.MethodPost: s.createGroup(id), http.MethodPut: s.changeGroup(id),
			http.MethodPatch: s.patchGroup(id), http.MethodDelete: s.deleteGroup(id),
		}
	}
	list := func(name string, show func(app.ID) action) func(params) endpoint {
		return func(p params) endpoint {
			whole := p.id.Resolve(name)
			e := one(whole)
			if s.scheduler.View().Groups.Group(whole) == nil {
				e[http.MethodGet] = show(p.id)
			}
			return e
		}
	}
	return []route{
		to("v2/groups/{path}/apps", list("apps", s.listGroupApps)),
		to("v2/groups/{path}/versions", list("versions", s.listGroupVersions)),
		to("v2/groups/{path}/versions/{name}", func(p params) endpoint {
			whole := p.id.Resolve("versions/" + p.name)
			e := one(whole)
			if s.scheduler.View().Groups.Group(whole) == nil {
				e[http.MethodGet], e[http.MethodPut] = s.showGroupVersion(p.id, p.name), s.rollBackGroup(p.id, p.name)
			}
			return e
		}),
		to("v2/groups/{path}", func(p params) endpoint { return one(p.id) }),
	}
}

// shareTable lists what is served of queues; for changes the root queue "/" has
// the path of all.
func shareTable(s *shareRoutes) []route {
	return []route{to("v3/queues/{path}", func(p params) endpoint {
		path := string(p.id)
		e := endpoint{http.MethodGet: s.showQueue(path), http.MethodPut: s.setQuota(path), http.MethodDelete: s.resetQuota(path)}
		if path == "/" {
			e[http.MethodGet] = s.listQueues
		}
		return e
	})}
}

// pageTable lists where the web page is served.
func pageTable(page http.Handler) []route {
	get := func(do action) func(params) endpoint {
		return func(params) endpoint { return endpoint{http.MethodGet: do} }
	}
	return []route{to("/", get(toPage)).in(), to("ui/{path}", get(func(w http.ResponseWriter, r *http.Request) error {
		page.ServeHTTP(w, r)
		return nil
	})).in()}
}

// agentTable lists what is served of agents.
func agentTable(s *agentRoutes) []route {
	post := func(do func(mesos.AgentID) action) func(params) endpoint {
		return func(p params) endpoint { return endpoint{http.MethodPost: do(mesos.AgentID(p.name))} }
	}
	return []route{
		fixed("v3/agents", endpoint{http.MethodGet: s.listAgents}),
		to("v3/agents/{name}", func(p params) endpoint { return endpoint{http.MethodGet: s.showAgent(mesos.AgentID(p.name))} }),
		to("v3/agents/{name}/drain", post(s.drainAgent)),
		to("v3/agents/{name}/undrain", post(s.undrainAgent)),
		to("v3/agents/{name}/gone", post(s.markAgentGone)),
	}
}

// sandboxTable lists what is served of the files of tasks.
func sandboxTable(s *sandboxRoutes) []route {
	get := func(show func(mesos.TaskID) action) func(params) endpoint {
		return func(p params) endpoint { return endpoint{http.MethodGet: show(mesos.TaskID(p.name))} }
	}
	return []route{
		to("v3/tasks/{name}/logs", get(s.showLog)).in(),
		to("v3/tasks/{name}/files", get(s.listFiles)),
		to("v3/tasks/{name}/files/content", get(s.downloadFile)).in(),
	}
}
