package api

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// seeds touch every member that a definition can have.
var seeds = []string{
	`{"id":"/web","cmd":"sleep 1"}`,
	`{"id":"web/","args":["a","b"],"cpus":0.1,"mem":32,"disk":1.5,"instances":3.0,"user":"me","tty":true}`,
	`{"id":"/a/b","container":{"docker":{"image":"nginx"}},"networks":[{"mode":"container/bridge"}]}`,
	`{"id":"/a/b","container":{"type":"docker","docker":{"image":"nginx","network":"BRIDGE","portMappings":[{"containerPort":80,"protocol":"tcp,udp"}],"parameters":[{"key":"cap-add","value":"SYS_TIME"}]}},
	  "healthChecks":[{"protocol":"mesos_http","path":"/"},{"protocol":"COMMAND","command":{"value":"true"}}],"uris":["http://x/a.tgz"]}`,
	`{"id":"/m","cmd":"x","ipAddress":{"networkName":"n","labels":{"a":"b"},"discovery":{"ports":[{"number":80,"name":"http","protocol":"tcp"}]}}}`,
	`{"id":"/h","cmd":"x","ports":[80,0],"requirePorts":true,"constraints":[["hostname","max_per",2],["rack","UNLIKE","a|b"]],"labels":{"k":"v"}}`,
	`{"id":"/h","cmd":"x","portDefinitions":[{"port":8080,"name":"http","labels":{"VIP_0":"a:1"}}],"readinessChecks":[{"portName":"http"}],
	  "env":{"A":"1"},"dependencies":["../db","cache","/x"],"unreachableStrategy":{"inactiveAfterSeconds":10,"expungeAfterSeconds":20}}`,
	`{"id":"/c","cmd":"x","networks":[{"name":"n1","labels":{"x":"y"}},{"name":"n2"}],"container":{"type":"MESOS","portMappings":[{"hostPort":0,"networkNames":["n1"]}]},
	  "check":{"exec":{"command":{"argv":["true"]}}},"resourceLimits":{"cpus":"unlimited","mem":256},"executorResources":{"cpus":0.2}}`,
	`{"id":"/v","args":["x"],"container":{"docker":{"image":"i"},"volumes":[{"containerPath":"/d","hostPath":"/h","mode":"ro"}]},
	  "killSelection":"oldest_first","unreachableStrategy":"disabled","taskKillGracePeriodSeconds":3,"fetch":[{"uri":"http://x","destPath":"y"}]}`,
	`{"id":"/p","cmd":"x","role":"r","container":{"type":"MESOS","volumes":[{"containerPath":"data","mode":"RW","persistent":{"size":10,"type":"path","constraints":[["path","LIKE","/x.*"]]}}]}}`,
	`{"id":"/e","cmd":"x","check":{"http":{"portIndex":0}},"upgradeStrategy":{"minimumHealthCapacity":0.5},"acceptedResourceRoles":["*"]}`,
	`[{"id":5}]`, `{"id":"/x","cmd":"a\u0000b"}`, `nul`, ``, `{"id":"/x","cpus":1e999}`,
}

// reader takes everything that can be taken, so that fuzzing gets far.
var reader = Reader{Rules: app.Rules{Roles: []string{"r", "*"}, BridgeName: "bridge", DefaultNetwork: "net",
	GPUs: true, Secrets: true, ExternalVolumes: true, MaxInstances: 1000}}

func FuzzAppRoundTrip(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := reader.App(data)
		if err != nil {
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Status < 400 || e.Status > 499 {
				t.Fatalf("got %v, want an *Error with a status from 400 to 499", err)
			}
			return
		}
		written, err := json.Marshal(FromSpec(s))
		if err != nil {
			t.Fatal(err)
		}
		again, err := reader.App(written)
		if err != nil {
			t.Fatalf("%s is written as %s, which is not read back: %v", data, written, err)
		}
		if diff := cmp.Diff(again, s, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s is written as %s, which means something else (-again +first):\n%s", data, written, diff)
		}
	})
}

func FuzzUpdate(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(seeds[3]), []byte(s))
	}
	f.Add([]byte(seeds[0]), []byte(`{"ports":[1],"cmd":null,"args":["x"],"container":{"docker":{"image":"i","network":"BRIDGE"}}}`))
	f.Fuzz(func(t *testing.T, stored, data []byte) {
		base, err := reader.App(stored)
		if err != nil {
			return
		}
		d, err := ParseDocument(data)
		if err != nil {
			return
		}
		changed, err := reader.Update(d, base)
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Status < 400 || e.Status > 499 {
				t.Fatalf("got %v, want an *Error with a status from 400 to 499", err)
			}
			return
		}
		again, err := reader.Update(d, changed)
		if err != nil {
			t.Fatalf("%s updates %s once but not twice: %v", data, stored, err)
		}
		if diff := cmp.Diff(again, changed, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s updates %s otherwise the second time (-second +first):\n%s", data, stored, diff)
		}
	})
}
