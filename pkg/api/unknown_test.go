package api

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/app"
)

func TestMembersThatNobodyKnowsAreSaidWithTheNearestOne(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		doc  string
		want []app.Problem
	}{
		"none": {`{"id":"/a","cmd":"x","labels":{"any":"thing"},"env":{"Any":"thing"}}`, nil},
		"one letter left out": {`{"id":"/a","cmd":"x","instnces":2}`, []app.Problem{
			{Path: "/instnces", Text: `is no member that is known here; did you mean "instances"?`}}},
		"singular": {`{"id":"/a","cmd":"x","cpu":2}`, []app.Problem{
			{Path: "/cpu", Text: `is no member that is known here; did you mean "cpus"?`}}},
		"other case": {`{"id":"/a","cmd":"x","healthchecks":[]}`, []app.Problem{
			{Path: "/healthchecks", Text: `is no member that is known here; did you mean "healthChecks"?`}}},
		"nothing like it": {`{"id":"/a","cmd":"x","zebra":{"stripes":1}}`, []app.Problem{
			{Path: "/zebra", Text: "is no member that is known here"}}},
		"null is absent": {`{"id":"/a","cmd":"x","zebra":null}`, nil},
		"deep down": {`{"id":"/a","container":{"docker":{"image":"i","forcePulImage":true}},"healthChecks":[{"protocol":"TCP","gracePeriod":3}]}`, []app.Problem{
			{Path: "/container/docker/forcePulImage", Text: `is no member that is known here; did you mean "forcePullImage"?`},
			{Path: "/healthChecks(0)/gracePeriod", Text: "is no member that is known here"}}},
		"what has no effect in Marathon": {`{"id":"/a","cmd":"x","storeUrls":[],"tasks":[{"id":"t"}],"versionInfo":{"lastScalingAt":"x"},"tasksStaged":1}`, nil},
		"parameters without effect": {`{"id":"/a","container":{"docker":{"image":"i","parameters":[{"key":"name","value":"x"}]}}}`, []app.Problem{
			{Path: "/container/docker/parameters(0)", Text: "docker parameter name has no effect: the name marks the task"}}},
	} {
		var heard []app.Problem
		rd := Reader{Rules: app.DefaultRules(), Notice: func(p app.Problem) { heard = append(heard, p) }}
		if _, err := rd.App([]byte(row.doc)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(row.want, heard); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		rd = Reader{Rules: app.DefaultRules(), Strict: true}
		if _, err := rd.App([]byte(row.doc)); (err != nil) != (row.want != nil) {
			t.Errorf("%s, strictly: %v", name, err)
		}
	}
}

// TestEveryMemberThatIsShownIsKnown sends back what FromSpec writes.
func TestEveryMemberThatIsShownIsKnown(t *testing.T) {
	t.Parallel()
	for _, doc := range everyMember {
		spec, err := Reader{Rules: generous()}.App([]byte(doc))
		if err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		shown, err := json.Marshal(FromSpec(spec))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (Reader{Rules: generous(), Strict: true}).App(shown); err != nil {
			t.Errorf("%s: %v", shown, err)
		}
	}
}

// everyMember are definitions that use every member of an App together.
var everyMember = []string{
	`{"id":"/a/b","args":["x","y"],"user":"nobody","env":{"A":"1","S":{"secret":"s"}},"secrets":{"s":{"source":"db/s"}},"instances":3,
	"cpus":0.25,"mem":64.5,"disk":10,"gpus":1,"resourceLimits":{"cpus":"unlimited","mem":128},"executor":"//cmd",
	"constraints":[["hostname","UNIQUE"],["rack","GROUP_BY","3"]],"acceptedResourceRoles":["*"],"role":"*",
	"fetch":[{"uri":"http://h/a.tgz","extract":false,"executable":true,"cache":true,"destPath":"p"}],
	"container":{"type":"MESOS","docker":{"image":"i","forcePullImage":true,"pullConfig":{"secret":"s"}},
	"volumes":[{"containerPath":"/h","hostPath":"/h","mode":"RO"},{"containerPath":"secret","secret":"s"}],
	"portMappings":[{"containerPort":80,"hostPort":0,"servicePort":10001,"protocol":"tcp","name":"http","labels":{"L":"1"},"networkNames":["n"]}]},
	"networks":[{"mode":"container","name":"n","labels":{"N":"1"}}],"backoffSeconds":2,"backoffFactor":1.5,"maxLaunchDelaySeconds":60,
	"healthChecks":[{"protocol":"MESOS_HTTP","path":"/h","portIndex":0,"gracePeriodSeconds":1,"intervalSeconds":2,"timeoutSeconds":1,"delaySeconds":1,
	"maxConsecutiveFailures":2},{"protocol":"COMMAND","command":{"value":"true"}}],
	"check":{"http":{"portIndex":0,"path":"/c","scheme":"https"},"intervalSeconds":3,"timeoutSeconds":2,"delaySeconds":1},
	"readinessChecks":[{"name":"r","protocol":"HTTP","path":"/r","portName":"http","intervalSeconds":3,"timeoutSeconds":2,"httpStatusCodesForReady":[200],"preserveLastResponse":true}],
	"dependencies":["/c"],"upgradeStrategy":{"minimumHealthCapacity":0.5,"maximumOverCapacity":0.5},"labels":{"X":"1"},"killSelection":"OLDEST_FIRST",
	"unreachableStrategy":{"inactiveAfterSeconds":60,"expungeAfterSeconds":120},"taskKillGracePeriodSeconds":4,"tty":true}`,
	`{"id":"/d","cmd":"x","role":"db","executor":"/opt/e","executorResources":{"cpus":0.2,"mem":16,"disk":1},"requirePorts":true,
	"portDefinitions":[{"port":10002,"protocol":"udp","name":"p","labels":{"L":"1"}}],"networks":[{"mode":"host"}],
	"container":{"type":"MESOS","volumes":[{"containerPath":"data","mode":"RW","persistent":{"size":10,"type":"mount","maxSize":20,"profileName":"fast","constraints":[["path","LIKE","/mnt.*"]]}}]},
	"residency":{"relaunchEscalationTimeoutSeconds":10,"taskLostBehavior":"WAIT_FOREVER"},"unreachableStrategy":"disabled"}`,
	`{"id":"/e","container":{"type":"DOCKER","docker":{"image":"i","privileged":true,"parameters":[{"key":"hostname","value":"h"}]},
	"volumes":[{"containerPath":"/x","mode":"RW","external":{"name":"v","provider":"dvdi","options":{"dvdi/driver":"rexray"},"shared":true}}]},
	"healthChecks":[{"protocol":"HTTP","port":8080,"ignoreHttp1xx":true},{"protocol":"MESOS_TCP","port":1,"ipProtocol":"IPv6"}]}`,
}

// generous are rules that let everything in.
func generous() app.Rules {
	r := app.DefaultRules()
	r.GPUs, r.Secrets, r.ExternalVolumes, r.Roles = true, true, true, []string{"*", "db"}
	return r
}
