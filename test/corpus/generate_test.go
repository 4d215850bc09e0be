package corpus

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// pool are values of each member that can stand beside any of the others in the same
// setting; "" leaves the member out.
type pool map[string][]string

// anywhere are members that no setting restricts.
var anywhere = pool{
	"user":                       {"", `"nobody"`},
	"env":                        {"", `{}`, `{"A":"b","EMPTY":""}`, `{"A":{"secret":"s"},"B":"ä=\n"}`},
	"disk":                       {"", `0`, `10.5`},
	"resourceLimits":             {"", `{"cpus":"unlimited"}`, `{"cpus":2000,"mem":2000000}`},
	"executorResources":          {"", `{"mem":64}`, `{"cpus":0.2,"mem":64,"disk":20}`},
	"constraints":                {"", `[]`, `[["hostname","UNIQUE"],["rack","max_per",2]]`, `[["@zone","GROUP_BY"]]`},
	"acceptedResourceRoles":      {"", `["*"]`},
	"fetch":                      {"", `[]`, `[{"uri":"http://h/f.tgz"}]`, `[{"uri":"http://h/f","extract":false,"executable":true,"cache":true,"destPath":"bin/f"}]`},
	"backoffSeconds":             {"", `0`, `5`},
	"backoffFactor":              {"", `1`, `1.23456789`},
	"maxLaunchDelaySeconds":      {"", `0`, `3600`},
	"dependencies":               {"", `["/db","cache"]`},
	"labels":                     {"", `{}`, `{"a":"b","empty":""}`},
	"killSelection":              {"", `"oldest_first"`, `"YOUNGEST_FIRST"`},
	"taskKillGracePeriodSeconds": {"", `0`, `30`},
	"residency":                  {"", `{"relaunchEscalationTimeoutSeconds":10,"taskLostBehavior":"WAIT_FOREVER"}`},
	"tty":                        {"", `true`, `false`},
	"secrets":                    {`{"s":{"source":"db/pw"}}`},
	"role":                       {`"data"`},
	"requirePorts":               {"", `true`, `false`},
	"healthChecks": {"", `[]`, `[{"protocol":"COMMAND","command":{"value":"true"}}]`, `[{}]`,
		`[{"protocol":"HTTPS","path":"/h","portIndex":0,"gracePeriodSeconds":1,"intervalSeconds":2,"timeoutSeconds":1,"maxConsecutiveFailures":0,"delaySeconds":0,"ignoreHttp1xx":true,"ipProtocol":"IPv4"},{"protocol":"MESOS_TCP","port":80}]`},
	"readinessChecks": {"", `[{}]`, `[{"name":"r","protocol":"HTTPS","path":"/r","portName":"http-api","intervalSeconds":5,"timeoutSeconds":4,"httpStatusCodesForReady":[200,204],"preserveLastResponse":true}]`},
}

// settings are what else an App can be: what is in a container, how it is connected,
// whether it has data of its own. Each comes on top of anywhere.
var settings = []pool{
	{ // a process in the host's network
		"networks": {"", `[{"mode":"host"}]`}, "gpus": {"", `0`, `2`}, "executor": {"", `"//cmd"`, `"/opt/executor"`},
		"portDefinitions":     {`[{"port":0,"name":"http-api"}]`, `[{"port":8080,"protocol":"tcp,udp","name":"http-api","labels":{"VIP_0":"/v:80"}},{}]`},
		"upgradeStrategy":     {"", `{"minimumHealthCapacity":0.5,"maximumOverCapacity":0.2}`},
		"unreachableStrategy": {"", `"disabled"`, `{"inactiveAfterSeconds":60,"expungeAfterSeconds":120}`},
		"check":               {"", `{"http":{"portIndex":0,"path":"/c","scheme":"https"}}`, `{"http":{"port":80}}`, `{"tcp":{"portIndex":0}}`, `{"tcp":{"port":80},"intervalSeconds":1,"timeoutSeconds":1,"delaySeconds":0}`, `{"exec":{"command":{"shell":"true"}}}`, `{"exec":{"command":{"argv":["true","x"]}}}`},
	},
	{ // a container of Docker's
		"networks": {`[{"mode":"container/bridge"}]`, `[{"mode":"container","name":"n","labels":{"a":"b"}}]`},
		"container": {
			`{"docker":{"image":"i"},"portMappings":[{"containerPort":80,"name":"http-api"}]}`,
			`{"type":"DOCKER","docker":{"image":"i","forcePullImage":true,"privileged":true,"parameters":[{"key":"hostname","value":"h"}]},"volumes":[{"containerPath":"/a","hostPath":"/b","mode":"ro"}],"portMappings":[{"containerPort":80,"hostPort":0,"servicePort":9000,"protocol":"udp","name":"http-api","labels":{"a":"b"}},{}]}`,
		},
		"upgradeStrategy": {"", `{"minimumHealthCapacity":0.5}`}, "unreachableStrategy": {"", `{"inactiveAfterSeconds":0,"expungeAfterSeconds":0}`},
	},
	{ // an image run by Mesos itself, in networks of its own
		"networks": {`[{"name":"n"},{"name":"m"}]`}, "gpus": {"", `1`},
		"container": {
			`{"type":"MESOS","docker":{"image":"i","pullConfig":{"secret":"s"}},"volumes":[{"containerPath":"/d","secret":"s"}],"portMappings":[{"containerPort":80,"hostPort":0,"name":"http-api","networkNames":["n"]}]}`,
		},
	},
	{ // data of its own
		"portDefinitions": {`[{"name":"http-api"}]`, `[{"port":0,"name":"http-api"},{"port":0}]`}, "networks": {""},
		"container": {
			`{"type":"MESOS","volumes":[{"containerPath":"data","mode":"RW","persistent":{"size":10.5}}]}`,
			`{"type":"mesos","volumes":[{"containerPath":"data","persistent":{"size":10,"maxSize":20,"type":"mount","profileName":"fast","constraints":[["path","LIKE","/mnt/.*"]]}}]}`,
		},
		"unreachableStrategy": {"", `"disabled"`}, "upgradeStrategy": {"", `{"minimumHealthCapacity":0}`},
	},
	{ // somebody else's volume
		"portDefinitions": {`[{"name":"http-api"}]`}, "networks": {""}, "instances": {"", `0`, `1`},
		"container": {`{"type":"MESOS","volumes":[{"containerPath":"/d","mode":"RW","external":{"name":"v","provider":"dvdi","size":5,"options":{"dvdi/driver":"rexray"},"shared":true}}]}`},
	},
}

// definitions draws Apps, all of which are valid.
func definitions() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		all := maps.Clone(anywhere)
		maps.Copy(all, rapid.SampledFrom(settings).Draw(t, "setting"))
		doc := map[string]json.RawMessage{
			"id":   json.RawMessage(`"a/web"`),
			"cpus": json.RawMessage(fmt.Sprint(float64(rapid.IntRange(1, 4000).Draw(t, "cpus")) / 1000)),
			"mem":  json.RawMessage(fmt.Sprint(float64(rapid.IntRange(0, 1<<20).Draw(t, "mem")) / 2)),
		}
		if _, fixed := all["instances"]; !fixed {
			doc["instances"] = json.RawMessage(strconv.Itoa(rapid.IntRange(0, 20).Draw(t, "instances")))
		}
		if rapid.Bool().Draw(t, "shell") {
			doc["cmd"] = encoded(t, rapid.StringMatching(`[a-z <&;"'$|ä]{1,20}`).Draw(t, "cmd"))
		} else {
			doc["args"] = encoded(t, rapid.SliceOfN(rapid.StringMatching(`[a-z -]{0,8}`), 1, 4).Draw(t, "args"))
		}
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if v := rapid.SampledFrom(all[name]).Draw(t, name); v != "" {
				doc[name] = json.RawMessage(v)
			}
		}
		return string(encoded(t, doc))
	})
}

// TestTheSameDefinitionSentAgainIsNoChange posts drawn definitions, then sends the same
// body, and the body of a GET: neither may start a deployment with something to do.
func TestTheSameDefinitionSentAgainIsNoChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newServer(t)
		body := []byte(definitions().Draw(t, "definition"))
		if status, v := s.call(t, http.MethodPost, "/v2/apps", body); status != http.StatusCreated {
			t.Fatalf("got %d with %v for %s", status, v, body)
		}
		s.sentAgain(t, "a/web", "the same body", body)
		s.sentAgain(t, "a/web", "what a GET shows", encoded(t, s.app(t, "a/web")))
	})
}

func TestADifferenceIsSeen(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call(t, http.MethodPost, "/v2/apps", []byte(`{"id":"web","cmd":"x"}`))
	was := s.app(t, "web")["version"]
	s.call(t, http.MethodPut, "/v2/apps/web?force=true", []byte(`{"labels":{"a":"b"}}`))
	if is := s.app(t, "web")["version"]; is == was {
		t.Errorf("got version %v after a change, want another one", is)
	}
}

func TestDrawnDefinitionsUseEveryMember(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{"id": true, "cpus": true, "mem": true, "instances": true, "cmd": true, "args": true, "version": true}
	for _, p := range append(slices.Clone(settings), anywhere) {
		for name, values := range p {
			for _, v := range values {
				var doc any
				if v == "" {
					continue
				}
				if err := json.Unmarshal([]byte(v), &doc); err != nil {
					t.Fatalf("%s: %v", v, err)
				}
				seen[name] = true
				collect(doc, name, seen)
			}
		}
	}
	for _, path := range members() {
		if !seen[path] {
			t.Errorf("no drawn definition has %s", path)
		}
	}
}
