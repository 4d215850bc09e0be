package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestBadInput(t *testing.T) {
	t.Parallel()
	app := func(members string) string { return `{"id":"/x","cmd":"true",` + members + `}` }
	rows := []struct {
		name, method, path, body string
		status                   int
		// where is the path in details, "" for none; texts must all be in the answer.
		where string
		texts []string
	}{
		{"text that is no JSON", "POST", "/v2/apps", `{"id":`, 400, "", []string{"Invalid JSON"}},
		{"text after the document", "POST", "/v2/apps", app(`"a":1`) + "}", 400, "", []string{"Invalid JSON"}},
		{"no body", "POST", "/v2/apps", "", 400, "", []string{"empty"}},
		{"an array for an app", "POST", "/v2/apps", "[]", 422, "/", []string{"error.expected.jsobject"}},
		{"null for an app", "POST", "/v2/apps", "null", 422, "/", []string{"error.expected.jsobject"}},
		{"no id", "POST", "/v2/apps", `{"cmd":"x"}`, 422, "/id", []string{"error.path.missing"}},
		{"an id that is a number", "POST", "/v2/apps", `{"id":5,"cmd":"x"}`, 422, "/id", []string{"error.expected.jsstring", "number 5"}},
		{"an id with upper case", "POST", "/v2/apps", `{"id":"/Web","cmd":"x"}`, 422, "/id", []string{"Web", "lower-case"}},
		{"an id with an underscore", "POST", "/v2/apps", `{"id":"/a_b","cmd":"x"}`, 422, "/id", []string{"a_b"}},
		{"an id that ends like a path of the API", "POST", "/v2/apps", `{"id":"/a/tasks","cmd":"x"}`, 422, "/id", []string{"tasks"}},
		{"the root as an app", "POST", "/v2/apps", `{"id":"/","cmd":"x"}`, 422, "/id", []string{"root"}},
		{"an id too long for Mesos", "POST", "/v2/apps", `{"id":"/` + strings.Repeat("a", 300) + `","cmd":"x"}`, 422, "/id", []string{"255"}},
		{"a docker parameter that nobody knows", "POST", "/v2/apps", app(`"container":{"type":"DOCKER","docker":{"image":"x","parameters":[{"key":"env-file","value":"/x"}]}}`), 422,
			"/container/docker/parameters(0)", []string{"env-file=/x is not known", "known are add-host"}},
		{"a docker parameter that is the executor's", "POST", "/v2/apps", app(`"container":{"type":"DOCKER","docker":{"image":"x","parameters":[{"key":"cap-add","value":"ALL"},{"key":"rm","value":"true"}]}}`), 422,
			"/container/docker/parameters(1)", []string{"rm=true is refused"}},
		{"a docker parameter with a bad value", "POST", "/v2/apps", app(`"container":{"type":"DOCKER","docker":{"image":"x","parameters":[{"key":"memory","value":"much"}]}}`), 422,
			"/container/docker/parameters(0)", []string{"want a size such as 64m"}},
		{"nothing to run", "POST", "/v2/apps", `{"id":"/x"}`, 422, "/cmd", []string{"nothing to run"}},
		{"cmd and args", "POST", "/v2/apps", app(`"args":["a"]`), 422, "/cmd", []string{"not both"}},
		{"an empty cmd", "POST", "/v2/apps", `{"id":"/x","cmd":""}`, 422, "/cmd", []string{"empty"}},
		{"negative cpus", "POST", "/v2/apps", app(`"cpus":-1`), 422, "/cpus", []string{"-1", "0.001"}},
		{"cpus of zero", "POST", "/v2/apps", app(`"cpus":0`), 422, "/cpus", []string{"0.001"}},
		{"cpus as text", "POST", "/v2/apps", app(`"cpus":"1"`), 422, "/cpus", []string{"error.expected.jsnumber"}},
		{"cpus beyond all bounds", "POST", "/v2/apps", app(`"cpus":1e999`), 422, "/cpus", []string{"1e999"}},
		{"negative memory", "POST", "/v2/apps", app(`"mem":-5`), 422, "/mem", []string{"-5"}},
		{"half an instance", "POST", "/v2/apps", app(`"instances":1.5`), 422, "/instances", []string{"whole number"}},
		{"negative instances", "POST", "/v2/apps", app(`"instances":-1`), 422, "/instances", []string{"-1"}},
		{"far too many instances", "POST", "/v2/apps", app(`"instances":2000000000`), 422, "/instances", []string{"100000"}},
		{"a port out of range", "POST", "/v2/apps", app(`"portDefinitions":[{"port":1},{"port":70000}]`), 422, "/portDefinitions(1)/port", []string{"70000", "65535"}},
		{"a port twice", "POST", "/v2/apps", app(`"portDefinitions":[{"port":80},{"port":80}]`), 422, "/portDefinitions(1)/port", []string{"twice"}},
		{"an old port out of range", "POST", "/v2/apps", app(`"ports":[-1]`), 422, "/ports(0)", []string{"-1"}},
		{"a container port out of range", "POST", "/v2/apps",
			`{"id":"/x","networks":[{"mode":"container/bridge"}],"container":{"docker":{"image":"i"},"portMappings":[{"containerPort":99999}]}}`,
			422, "/container/portMappings(0)/containerPort", []string{"99999"}},
		{"a container without an image", "POST", "/v2/apps", app(`"container":{}`), 422, "/container/docker/image", []string{"MESOS"}},
		{"old and new ports", "POST", "/v2/apps", app(`"ports":[1],"portDefinitions":[{"port":2}]`), 422, "/ports", []string{"portDefinitions"}},
		{"ports and portDefinitions for another container type", "POST", "/v2/apps", app(`"container":{"type":"LXC"}`), 422, "/container/type", []string{"LXC", "DOCKER"}},
		{"a check of a port that is not there", "POST", "/v2/apps", app(`"healthChecks":[{"portIndex":3}]`), 422, "/healthChecks(0)/portIndex", []string{"3"}},
		{"a check of an unknown kind", "POST", "/v2/apps", app(`"healthChecks":[{"protocol":"FTP"}]`), 422, "/healthChecks(0)/protocol", []string{"FTP", "MESOS_HTTP"}},
		{"an unknown operator", "POST", "/v2/apps", app(`"constraints":[["hostname","NEAR"]]`), 422, "/constraints(0)", []string{"NEAR", "GROUP_BY"}},
		{"a bad regular expression", "POST", "/v2/apps", app(`"constraints":[["hostname","LIKE","("]]`), 422, "/constraints(0)", []string{"LIKE"}},
		{"a constraint that is null", "POST", "/v2/apps", app(`"constraints":[null]`), 422, "/constraints(0)", []string{"error.expected.jsarray"}},
		{"too much health", "POST", "/v2/apps", app(`"upgradeStrategy":{"minimumHealthCapacity":2}`), 422, "/upgradeStrategy/minimumHealthCapacity", []string{"2"}},
		{"inactive after expunged", "POST", "/v2/apps", app(`"unreachableStrategy":{"inactiveAfterSeconds":2,"expungeAfterSeconds":1}`),
			422, "/unreachableStrategy/inactiveAfterSeconds", []string{"expungeAfterSeconds"}},
		{"a role that the scheduler has not", "POST", "/v2/apps", app(`"role":"other"`), 422, "/role", []string{"other", "--mesos-role"}},
		{"a volume for everybody's role", "POST", "/v2/apps",
			app(`"container":{"type":"MESOS","volumes":[{"containerPath":"data","mode":"RW","persistent":{"size":10}}]}`), 422, "/role", []string{"--mesos-role"}},
		{"resources of a foreign role", "POST", "/v2/apps", app(`"acceptedResourceRoles":["other"]`), 422, "/acceptedResourceRoles", []string{"other"}},
		{"a label that is a number", "POST", "/v2/apps", app(`"labels":{"a":1}`), 422, "/labels/a", []string{"quotes"}},
		{"a variable with a zero byte", "POST", "/v2/apps", app(`"env":{"A":"a\u0000"}`), 422, "/env/A", []string{"U+0000"}},
		{"secrets without a store", "POST", "/v2/apps", app(`"secrets":{"a":{"source":"b"}}`), 422, "/secrets", []string{"secrets"}},
		{"a network of an unknown mode", "POST", "/v2/apps", app(`"networks":[{"mode":"vlan"}]`), 422, "/networks(0)/mode", []string{"vlan"}},
		{"two modes of network", "POST", "/v2/apps", app(`"networks":[{"mode":"host"},{"mode":"container/bridge"}]`), 422, "/networks", []string{"exactly one"}},
		{"a volume of no kind", "POST", "/v2/apps", app(`"container":{"docker":{"image":"i"},"volumes":[{"containerPath":"/a"}]}`), 422, "/container/volumes(0)", []string{"hostPath"}},
		{"an id other than the URL's", "PUT", "/v2/apps/y", `{"id":"/x","cmd":"true"}`, 422, "/id", []string{"/x", "/y"}},
		{"a URL that is no id", "PUT", "/v2/apps/A_b", `{"cmd":"true"}`, 422, "/id", []string{"A_b"}},
		{"an object where many apps go", "PUT", "/v2/apps", `{}`, 422, "/", []string{"error.expected.jsarray"}},
		{"an app without id among many", "PUT", "/v2/apps", `[{"cmd":"x"}]`, 422, "(0)/id", []string{"error.path.missing"}},
		{"a wrong member among many", "PUT", "/v2/apps", `[{"id":"/a","cmd":"x"},{"id":"/b","cmd":5}]`, 422, "(1)/cmd", []string{"jsstring"}},
		{"a version that is no time", "GET", "/v2/apps/x/versions/yesterday", "", 422, "", []string{"yesterday"}},
		{"tasks by another form", "POST", "/v2/tasks/delete", `{"tasks":[]}`, 400, "", []string{"ids"}},
		{"a malformed task id", "POST", "/v2/tasks/delete", `{"ids":["x"]}`, 400, "", []string{"x"}},
		{"scale and wipe", "POST", "/v2/tasks/delete?scale=true&wipe=true", `{"ids":[]}`, 400, "", []string{"wipe"}},
		{"an unknown task", "DELETE", "/v2/apps/x/tasks/x.instance-1._app.1", "", 404, "", []string{"Task"}},
		{"an unknown deployment", "GET", "/v2/deployments/none", "", 404, "", []string{"DeploymentPlan 'none' does not exist"}},
		{"an unknown app", "DELETE", "/v2/apps/none", "", 404, "", []string{"App '/none' does not exist"}},
		{"an unknown app to restart", "POST", "/v2/apps/none/restart", "", 404, "", []string{"App '/none' does not exist"}},
		{"an unknown app's tasks", "GET", "/v2/apps/none/tasks", "", 404, "", []string{"App '/none' does not exist"}},
		{"an app that does not wait", "DELETE", "/v2/queue/none/delay", "", 404, "", []string{"/none"}},
		{"an unknown path", "GET", "/v3/nothing", "", 404, "", []string{"URI not found"}},
		{"the root", "GET", "/", "", 404, "", []string{"URI not found"}},
		{"an unknown group", "GET", "/v2/groups/none", "", 404, "", []string{"Group '/none' does not exist"}},
		{"pods, which are not served yet", "GET", "/v2/pods/::status", "", 404, "", []string{"pods"}},
		{"a method that a path does not take", "DELETE", "/v2/info", "", 405, "", []string{"Method Not Allowed"}},
		{"a method that HTTP does not know", "BREW", "/v2/apps", "", 405, "", []string{"Method Not Allowed"}},
	}
	s := newService(t)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			body := s.want(t, row.status, row.method, row.path, row.body)
			if m, ok := at(t, body, "message").(string); !ok || m == "" {
				t.Fatalf("got %v, want a message", body)
			}
			if row.where != "" {
				details, _ := at(t, body, "details").([]any)
				found := false
				for _, d := range details {
					found = found || at(t, d, "path") == row.where && len(at(t, d, "errors").([]any)) > 0
				}
				if !found {
					t.Errorf("got details %v, want one for %s", details, row.where)
				}
			}
			for _, text := range row.texts {
				if !strings.Contains(fmt.Sprint(body), text) {
					t.Errorf("got %v, want it to name %q", body, text)
				}
			}
		})
	}
	t.Cleanup(func() {
		if n := s.View().AppCount(); n != 0 {
			t.Errorf("got %d apps after bad requests only, want none", n)
		}
	})
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	body := s.want(t, http.StatusUnprocessableEntity, http.MethodPost, "/v2/apps", `{"id":"/x","cpus":-1,"mem":"a","portDefinitions":[{"port":99999}]}`)
	if got := len(at(t, body, "details").([]any)); got != 3 {
		t.Errorf("got %d details, want 3: %v", got, body)
	}
}
