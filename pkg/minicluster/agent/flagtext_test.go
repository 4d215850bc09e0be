package agent

import (
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

func TestResourcesFlag(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"cpus:4;mem:8;disk:9;ports:[1-2,5-6]":              "cpus:4; mem:8; disk:9; ports:[1-2, 5-6]",
		"cpus(ads):4;mem:8;disk:9;ports:[1-2]":             "cpus(reservations: [(STATIC,ads)]):4; mem:8; disk:9; ports:[1-2]",
		"cpus:1;mem:1;disk:1;ports:[1-1];gpus:2;bag:{a,b}": "cpus:1; mem:1; disk:1; ports:[1-1]; gpus:2; bag:{a, b}",
		`[{"name":"cpus","type":"SCALAR","scalar":{"value":2},"role":"r"},{"name":"mem","type":"SCALAR","scalar":{"value":3}},` +
			`{"name":"disk","type":"SCALAR","scalar":{"value":4}},{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":1,"end":2}]}}]`: "cpus(reservations: [(STATIC,r)]):2; mem:3; disk:4; ports:[1-2]",
	} {
		list, err := ParseResources(text, "*")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := resources.List(list).String(); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	list, err := ParseResources("", "*")
	if err != nil || len(list) != 4 {
		t.Errorf("got %v, %v, want the four detected resources", list, err)
	}
	for _, bad := range []string{"cpus", "cpus:x", "cpus:-1", "ports:[2-1]", "ports:[1-", "cpus():1", "bag:{a", "cpus:", "[{]"} {
		if _, err := ParseResources(bad, "*"); err == nil {
			t.Errorf("%s: got no error", bad)
		}
	}
}

func TestAttributesFlag(t *testing.T) {
	t.Parallel()
	list, err := ParseAttributes("rack:r1;n:2.5;range:[1-3];t:a:b")
	if err != nil || len(list) != 4 {
		t.Fatalf("got %v, %v", list, err)
	}
	if list[0].GetText().GetValue() != "r1" || list[1].GetScalar().GetValue() != 2.5 || list[2].Type != mesos.RANGES ||
		list[3].GetText().GetValue() != "a:b" {
		t.Errorf("got %v", list)
	}
	for _, bad := range []string{"rack", ":x", "set:{a,b}", "x:"} {
		if _, err := ParseAttributes(bad); err == nil {
			t.Errorf("%s: got no error", bad)
		}
	}
}
