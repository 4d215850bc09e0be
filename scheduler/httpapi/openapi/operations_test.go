package openapi_test

import (
	"reflect"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/scheduler/dropwizard"
)

// parameter is a parameter of a query.
type parameter struct {
	name, kind, text string
	repeated         bool
}

// operation is a method of a path.
type operation struct {
	method, path, summary, text string
	query                       []parameter
	// body is the type of the request's body, nil if there is none; list says that it is an array.
	body reflect.Type
	list bool
	// status, answer and kind are of a good answer: without a type it has no body
	// unless its kind is another than JSON.
	status int
	answer reflect.Type
	kind   string
	// starts says that a deployment is started, which a header names.
	starts bool
}

// The answers that have no type of their own in package api.
type (
	appList       struct{ Apps []api.App }
	oneApp        struct{ App api.App }
	versionList   struct{ Versions []api.Time }
	killedTask    struct{ Task api.Task }
	queueList     struct{ Queue []api.QueueItem }
	leaderAnswer  struct{ Leader string }
	messageAnswer struct{ Message string }
	pluginList    struct{ Plugins []any }
	nothing       struct{}
	// groupAnswer is what a PUT of a group answers: a deployment, or a plan.
	groupAnswer struct {
		Version      api.Time   `json:"version,omitzero"`
		DeploymentID string     `json:"deploymentId,omitempty"`
		Steps        []api.Step `json:"steps,omitempty"`
	}
	roleRequest struct {
		EnforceRole bool `json:"enforceRole"`
	}
	taskIDs struct {
		IDs []string `json:"ids"`
	}
	infoAnswer struct {
		Name            string
		Version         string
		Buildref        string
		Elected         bool
		Leader          any
		FrameworkID     any            `json:"frameworkId"`
		EventSubscriber any            `json:"event_subscriber"`
		MarathonConfig  map[string]any `json:"marathon_config"`
		ZookeeperConfig map[string]any `json:"zookeeper_config"`
		HTTPConfig      map[string]any `json:"http_config"`
	}
)

var (
	force      = parameter{name: "force", kind: "boolean", text: "Override deployments that hold the app."}
	partial    = parameter{name: "partialUpdate", kind: "boolean", text: "Keep members that are left out (true, the default), or give them their defaults (false)."}
	dryRun     = parameter{name: "dryRun", kind: "boolean", text: "Change nothing: 200 with the apps as they would be stored, in a member named apps."}
	drySteps   = parameter{name: "dryRun", kind: "boolean", text: "Only tell the steps that there would be."}
	groupEmbed = parameter{name: "embed", kind: "string", text: "What to tell: group.groups, group.apps, group.pods; group.apps.tasks and so on tell more of apps. Without any all of a group is told, and nothing of its apps but their definitions.", repeated: true}
	asStored   = parameter{name: "dryRun", kind: "boolean", text: "Change nothing: 200 with the apps as they would be stored, in a member named apps."}
	strict     = parameter{name: "strict", kind: "boolean", text: "Refuse what would have no effect, instead of warning of it."}
	embed      = parameter{name: "embed", kind: "string", text: "Tell more: tasks, counts, deployments, readiness, lastTaskFailure, taskStats; each also as apps.tasks, app.tasks and so on.", repeated: true}
	scale      = parameter{name: "scale", kind: "boolean", text: "Lower the app's instances by those that end, instead of replacing them."}
	onlyApps   = parameter{name: "app", kind: "string", text: "Only the app with this id.", repeated: true}
	onAgent    = parameter{name: "embed", kind: "string", text: "What to tell of our tasks there: tasks, which is what is told without it, or apps.", repeated: true}
	wipe       = parameter{name: "wipe", kind: "boolean", text: "Forget the instances and destroy their persistent volumes."}
)

func typed[T any]() reflect.Type { return reflect.TypeFor[T]() }

// operations are all that /v2 and /v3 do.
var operations = slices.Concat(marathonOperations, groupOperations, ownOperations)

var groupOperations = slices.Concat(
	groupOperationsAt("/v2/groups", "all groups and the apps in none"), groupOperationsAt("/v2/groups/{id}", "a group"),
	[]operation{
		{method: "GET", path: "/v2/groups/{id}/apps", summary: "List the apps in a group, at any depth", query: []parameter{embed}, status: 200, answer: typed[[]api.App]()},
		{method: "GET", path: "/v2/groups/{id}/versions", summary: "List the versions of a group, newest first", status: 200, answer: typed[[]api.Time]()},
		{method: "GET", path: "/v2/groups/{id}/versions/{version}", summary: "Show a version of a group", status: 200, answer: typed[api.Group]()},
		{method: "PUT", path: "/v2/groups/{id}/versions/{version}", summary: "Return to a version of a group", query: []parameter{force}, status: 200, answer: typed[api.DeploymentResult](), starts: true},
	},
)

// groupOperationsAt are those of a path that stands for a group.
func groupOperationsAt(path, what string) []operation {
	return []operation{
		{method: "GET", path: path, summary: "Show " + what, query: []parameter{groupEmbed}, status: 200, answer: typed[api.Group]()},
		{method: "POST", path: path, summary: "Create a group, which the body may name relative to " + what, body: typed[api.GroupUpdate](), query: []parameter{force, strict}, status: 201, answer: typed[api.DeploymentResult](), starts: true},
		{method: "PUT", path: path, summary: "Change " + what + ", in one deployment", text: "With dryRun the answer has the steps that there would be.", body: typed[api.GroupUpdate](), query: []parameter{force, drySteps, strict}, status: 200, answer: typed[groupAnswer](), starts: true},
		{method: "PATCH", path: path, summary: "Have a group at the top enforce its role, or not", body: typed[roleRequest](), status: 200},
		{method: "DELETE", path: path, summary: "Remove " + what, query: []parameter{force}, status: 200, answer: typed[api.DeploymentResult](), starts: true},
	}
}

var marathonOperations = []operation{
	{method: "GET", path: "/v2/apps", summary: "List apps", status: 200, answer: typed[appList](), query: []parameter{
		{name: "cmd", kind: "string", text: "A text that cmd must contain, in any case."}, {name: "id", kind: "string", text: "A text that the id must contain."},
		{name: "label", kind: "string", text: "A selector: terms joined by commas, such as a, a==b, a!=b, a in (b,c), a notin (b,c)."}, embed,
	}},
	{method: "POST", path: "/v2/apps", summary: "Create an app", body: typed[api.App](), query: []parameter{force, strict, asStored}, status: 201, answer: typed[api.App](), starts: true},
	{method: "PUT", path: "/v2/apps", summary: "Change or create apps, in one deployment", body: typed[api.App](), list: true, query: []parameter{force, partial, strict, asStored}, status: 200, answer: typed[api.DeploymentResult](), starts: true},
	{method: "PATCH", path: "/v2/apps", summary: "Change apps that exist, in one deployment", body: typed[api.App](), list: true, query: []parameter{force, strict, asStored}, status: 200, answer: typed[api.DeploymentResult](), starts: true},
	{method: "GET", path: "/v2/apps/{id}", summary: "Show an app", query: []parameter{embed}, status: 200, answer: typed[oneApp](),
		text: "An id that ends in /* means all apps below that group; the answer then has them in a member named *."},
	{method: "PUT", path: "/v2/apps/{id}", summary: "Change or create an app", body: typed[api.App](), query: []parameter{force, partial, strict, asStored}, status: 200, answer: typed[api.DeploymentResult](), starts: true,
		text: "201 when the app was created. A body of nothing but a version makes that version current again. The header If-Match makes the change conditional on the app's present version."},
	{method: "PATCH", path: "/v2/apps/{id}", summary: "Change an app that exists", body: typed[api.App](), query: []parameter{force, strict, asStored}, status: 200, answer: typed[api.DeploymentResult](), starts: true},
	{method: "DELETE", path: "/v2/apps/{id}", summary: "Delete an app and end its tasks", query: []parameter{{name: "force", kind: "boolean", text: "Override deployments that hold the app; true unless it says false."}}, status: 200, answer: typed[api.DeploymentResult](), starts: true},
	{method: "POST", path: "/v2/apps/{id}/restart", summary: "Replace all instances of an app", query: []parameter{force}, status: 200, answer: typed[api.DeploymentResult](), starts: true},
	{method: "GET", path: "/v2/apps/{id}/versions", summary: "List the versions of an app, newest first", status: 200, answer: typed[versionList]()},
	{method: "GET", path: "/v2/apps/{id}/versions/{version}", summary: "Show a version of an app", status: 200, answer: typed[api.App]()},
	{method: "GET", path: "/v2/apps/{id}/tasks", summary: "List the tasks of an app", status: 200, answer: typed[api.Tasks](), text: "Also as text/plain: a line for each app and service port, with its endpoints."},
	{method: "DELETE", path: "/v2/apps/{id}/tasks", summary: "End tasks of an app", query: []parameter{{name: "host", kind: "string", text: "Only those on this agent."}, scale, wipe, force}, status: 200, answer: typed[api.Tasks](),
		text: "With scale the answer is a deployment."},
	{method: "DELETE", path: "/v2/apps/{id}/tasks/{task}", summary: "End a task", query: []parameter{scale, wipe, force}, status: 200, answer: typed[killedTask](), text: "With scale the answer is a deployment."},
	{method: "GET", path: "/v2/tasks", summary: "List the tasks of all apps", query: []parameter{{name: "status", kind: "string", text: "Only those that are running, or staging.", repeated: true}}, status: 200, answer: typed[api.Tasks](),
		text: "Also as text/plain: a line for each app and service port, with its endpoints."},
	{method: "POST", path: "/v2/tasks/delete", summary: "End tasks by their ids", body: typed[taskIDs](), query: []parameter{scale, wipe, force}, status: 200, answer: typed[api.Tasks](), text: "With scale the answer is a deployment."},
	{method: "GET", path: "/v2/deployments", summary: "List the deployments that are under way", status: 200, answer: typed[[]api.Deployment]()},
	{method: "GET", path: "/v2/deployments/{deployment}", summary: "Show a deployment that is under way", status: 200, answer: typed[api.Deployment]()},
	{method: "DELETE", path: "/v2/deployments/{deployment}", summary: "Undo a deployment", query: []parameter{{name: "force", kind: "boolean", text: "Only stop it: 202 without a body."}}, status: 200, answer: typed[api.DeploymentResult](), starts: true},
	{method: "GET", path: "/v2/queue", summary: "List what waits to be launched, and why", query: []parameter{{name: "embed", kind: "string", text: "Tell more: lastUnusedOffers, explanation.", repeated: true}, onlyApps}, status: 200, answer: typed[queueList]()},
	{method: "DELETE", path: "/v2/queue/{id}/delay", summary: "End the back-off of an app", status: 204},
	{method: "GET", path: "/v2/events", summary: "Follow what happens", kind: "text/event-stream", status: 200, query: []parameter{
		{name: "event_type", kind: "string", text: "Only events of this type; * is all there are.", repeated: true}, {name: "plan-format", kind: "string", text: "light leaves original and target out of plans."},
		{name: "forward", kind: "boolean", text: "Have a standby pass the leader's stream on, instead of leading there."},
	}, text: "Needs Accept: text/event-stream. The header Last-Event-ID goes on after that event."},
	{method: "GET", path: "/v2/info", summary: "Tell of the scheduler", status: 200, answer: typed[infoAnswer]()},
	{method: "GET", path: "/v2/leader", summary: "Name the scheduler that leads", status: 200, answer: typed[leaderAnswer]()},
	{method: "DELETE", path: "/v2/leader", summary: "Hand over to another scheduler", status: 200, answer: typed[messageAnswer]()},
	{method: "GET", path: "/v2/plugins", summary: "List plugins, of which there are none", status: 200, answer: typed[pluginList]()},
}

var ownOperations = []operation{
	{method: "GET", path: "/v3/openapi.json", summary: "Describe the API", status: 200, answer: typed[map[string]any]()},
	{method: "GET", path: "/v3/status", summary: "Tell what to look at first", status: 200, answer: typed[api.Status]()},
	{method: "GET", path: "/v3/apps", summary: "List apps in brief", status: 200, answer: typed[api.Briefs](), query: []parameter{
		{name: "cmd", kind: "string", text: "A text that cmd must contain, in any case."}, {name: "id", kind: "string", text: "A text that the id must contain."},
		{name: "label", kind: "string", text: "A selector, as for /v2/apps."}, onlyApps, {name: "waiting", kind: "boolean", text: "Only apps that wait, the longest first."},
		{name: "limit", kind: "integer", text: "How many at most."}, {name: "embed", kind: "string", text: "Tell more: explanation.", repeated: true},
	}},
	{method: "GET", path: "/v3/events", summary: "List the events that are kept, the newest first", status: 200, answer: typed[api.KeptEvents](), query: []parameter{
		{name: "event_type", kind: "string", text: "Only events of this type.", repeated: true}, {name: "app", kind: "string", text: "Only events that concern this app."},
		{name: "limit", kind: "integer", text: "How many at most, from 1 to 1000; 100 without it."},
	}},
	{method: "GET", path: "/v3/kills", summary: "Tell how many kills are held back", status: 200, answer: typed[api.Kills]()},
	{method: "POST", path: "/v3/kills/confirm", summary: "Let the kills happen that are held back", status: 200, answer: typed[api.Kills]()},
	{method: "GET", path: "/v3/state", summary: "Export what is stored", text: "An archive for gantry state import, as it is between two changes.", kind: "application/octet-stream", status: 200, query: []parameter{
		{name: "leaveOutDamaged", kind: "boolean", text: "Leave out what cannot be read, instead of failing."},
	}},
	{method: "GET", path: "/v3/queues", summary: "Show how tenants share the cluster", status: 200, answer: typed[api.Queues]()},
	{method: "PUT", path: "/v3/queues", summary: "Set weight, guarantee and limit of all together", body: typed[api.Quota](), status: 200, answer: typed[api.Share]()},
	{method: "DELETE", path: "/v3/queues", summary: "Reset weight, guarantee and limit of all together", status: 200, answer: typed[api.Share]()},
	{method: "GET", path: "/v3/queues/{path}", summary: "Show the share of a queue", status: 200, answer: typed[api.Share]()},
	{method: "PUT", path: "/v3/queues/{path}", summary: "Set weight, guarantee and limit of a queue", body: typed[api.Quota](), status: 200, answer: typed[api.Share]()},
	{method: "DELETE", path: "/v3/queues/{path}", summary: "Reset weight, guarantee and limit of a queue", status: 200, answer: typed[api.Share]()},
	{method: "GET", path: "/v3/agents", summary: "List agents", query: []parameter{onAgent}, status: 200, answer: typed[api.Agents]()},
	{method: "GET", path: "/v3/agents/{agent}", summary: "Show an agent", query: []parameter{onAgent}, status: 200, answer: typed[api.Agent]()},
	{method: "POST", path: "/v3/agents/{agent}/drain", summary: "End all tasks on an agent", status: 200, answer: typed[api.Agent](), query: []parameter{
		{name: "maxGracePeriod", kind: "string", text: "Bounds the grace periods of tasks, such as 30s."}, {name: "markGone", kind: "boolean", text: "Mark it as gone for ever when it is drained."},
	}},
	{method: "POST", path: "/v3/agents/{agent}/undrain", summary: "Take an agent back", status: 200, answer: typed[api.Agent]()},
	{method: "POST", path: "/v3/agents/{agent}/gone", summary: "Mark an agent as gone for ever", status: 200, answer: typed[nothing]()},
	{method: "POST", path: "/v3/tasks/{task}/gone", summary: "Say that an unreachable task is dead, so that it is replaced at once", status: 200, answer: typed[nothing]()},
	{method: "GET", path: "/v3/tasks/{task}/logs", summary: "Show what a task has written", kind: "text/plain", status: 200, query: []parameter{
		{name: "file", kind: "string", text: "stdout or stderr."}, {name: "tail", kind: "string", text: "How many lines from the end, or all."}, {name: "follow", kind: "boolean", text: "Go on until the task ends."},
	}},
	{method: "GET", path: "/v3/tasks/{task}/files", summary: "List files of a task's sandbox", query: []parameter{{name: "path", kind: "string", text: "A directory in the sandbox."}}, status: 200, answer: typed[api.TaskFiles]()},
	{method: "GET", path: "/v3/tasks/{task}/files/content", summary: "Download a file of a task's sandbox", kind: "application/octet-stream", status: 200, query: []parameter{
		{name: "path", kind: "string", text: "A file in the sandbox."}, {name: "follow", kind: "boolean", text: "Go on until the task ends."},
	}},
}

// further are the paths beside /v2 and /v3 that other tools read.
var further = []operation{
	{method: "GET", path: "/ping", summary: "Tell that the scheduler lives", kind: "text/plain", status: 200},
	{method: "GET", path: "/metrics", summary: "Show metrics, for Prometheus or as Marathon's JSON", status: 200, answer: typed[dropwizard.Document](), kind: "text/plain"},
	{method: "GET", path: "/metrics/prometheus", summary: "Show metrics for Prometheus", kind: "text/plain", status: 200},
}
