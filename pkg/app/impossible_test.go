package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
)

// TestWhatNoTaskCanBeGivenIsRefused has what would otherwise fail at every launch.
func TestWhatNoTaskCanBeGivenIsRefused(t *testing.T) {
	t.Parallel()
	docker := func(parameters string) string {
		return `{"id":"/a","mem":128,"container":{"type":"DOCKER","docker":{"image":"i","parameters":[` + parameters + `]}}}`
	}
	long := strings.Repeat("x", 128<<10)
	name, volume := strings.Repeat("x", 256), `"containerPath":"data","mode":"RW","persistent":{"size":1}`
	for name, row := range map[string]struct{ doc, at, text string }{
		"image of two words":           {`{"id":"/a","container":{"docker":{"image":"A B"}}}`, "/container/docker/image", "expected the name of an image"},
		"image in capitals":            {`{"id":"/a","container":{"docker":{"image":"Web"}}}`, "/container/docker/image", "lowercase"},
		"image of a Mesos container":   {`{"id":"/a","container":{"type":"MESOS","docker":{"image":" i"}}}`, "/container/docker/image", "expected the name"},
		"variable with an equals sign": {`{"id":"/a","cmd":"x","env":{"A=B":"c"}}`, "/env/A=B", "cannot hold"},
		"variable with a zero byte":    {`{"id":"/a","cmd":"x","env":{"A\u0000B":"c"}}`, "/env/A\x00B", "cannot hold"},
		"variable without a name":      {`{"id":"/a","cmd":"x","env":{"":"c"}}`, "/env", "must not be empty"},
		"long cmd":                     {`{"id":"/a","cmd":"` + long + `"}`, "/cmd", "131072 bytes long"},
		"long argument":                {`{"id":"/a","args":["x","` + long + `"]}`, "/args(1)", "131072 bytes long"},
		"long variable":                {`{"id":"/a","cmd":"x","env":{"A":"` + long[2:] + `"}}`, "/env/A", "131072 bytes long"},
		"user of two words":            {`{"id":"/a","cmd":"x","user":"a b"}`, "/user", "expected the name of a user"},
		"file out of the sandbox":      {`{"id":"/a","cmd":"x","fetch":[{"uri":"http://h/a","destPath":"../a"}]}`, "/fetch(0)/destPath", "within the sandbox"},
		"long id":                      {`{"id":"/` + name[:191] + `","cmd":"x"}`, "/id", "keep it to 190"},
		"long id in a group":           {`{"id":"/g/` + name[:189] + `","cmd":"x"}`, "/id", "keep it to 190"},
		"long name of a file":          {`{"id":"/a","cmd":"x","fetch":[{"uri":"http://h/` + name + `"}]}`, "/fetch(0)/uri", "with destPath"},
		"long place of a file":         {`{"id":"/a","cmd":"x","fetch":[{"uri":"http://h/a","destPath":"a/` + name + `/b"}]}`, "/fetch(0)/destPath", "256 bytes"},
		"long path of a volume":        {`{"id":"/a","container":{"docker":{"image":"i"},"volumes":[{"containerPath":"/` + name + `","hostPath":"/x","mode":"RO"}]}}`, "/container/volumes(0)/containerPath", "256 bytes"},
		"long path on the host":        {`{"id":"/a","container":{"docker":{"image":"i"},"volumes":[{"containerPath":"/x","hostPath":"/x/` + name + `","mode":"RO"}]}}`, "/container/volumes(0)/hostPath", "256 bytes"},
		"volume of a long id":          {`{"id":"/` + name[:190] + `","role":"data","cmd":"x","container":{"type":"MESOS","volumes":[{` + strings.Replace(volume, "data", name[:19], 1) + `}]}}`, "/container/volumes(0)/containerPath", "keep it to 18"},
		"file at a fixed place":        {`{"id":"/a","cmd":"x","fetch":[{"uri":"http://h/a","destPath":"/a"}]}`, "/fetch(0)/destPath", "within the sandbox"},
		"two volumes at one place": {`{"id":"/a","container":{"docker":{"image":"i"},"volumes":[{"containerPath":"/d","hostPath":"/x","mode":"RO"},{"containerPath":"/d/","hostPath":"/y","mode":"RO"}]}}`,
			"/container/volumes(1)/containerPath", "where volume 0 is already"},
		"memory below mem":          {docker(`{"key":"memory","value":"1m"}`), "/container/docker/parameters(0)", "less than the 128 MiB of mem"},
		"swap below memory":         {docker(`{"key":"memory","value":"256m"},{"key":"memory-swap","value":"200m"}`), "/container/docker/parameters(1)", "less than the"},
		"swap below mem":            {docker(`{"key":"memory-swap","value":"64m"}`), "/container/docker/parameters(0)", "less than the"},
		"more reserved than limit":  {docker(`{"key":"memory-reservation","value":"1g"}`), "/container/docker/parameters(0)", "more than the limit"},
		"parameter without a value": {docker(`{"key":"memory","value":"much"}`), "/container/docker/parameters(0)", "want a size"},
	} {
		rules := app.DefaultRules()
		rules.Roles = []string{"*", "data"}
		_, err := api.Reader{Rules: rules}.App([]byte(row.doc))
		e, ok := errors.AsType[*api.Error](err)
		if !ok {
			t.Errorf("%s: got %v, want a refusal", name, err)
			continue
		}
		found := false
		for _, d := range e.Details {
			found = found || d.Path == row.at && strings.Contains(fmt.Sprint(d.Errors), row.text)
		}
		if !found {
			t.Errorf("%s: got %.300v, want %q at %s", name, e, row.text, row.at)
		}
	}
}

func TestWhatJustFitsIsTaken(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 128<<10-1)
	for name, doc := range map[string]string{
		"cmd":      `{"id":"/a","cmd":"` + long + `"}`,
		"variable": `{"id":"/a","cmd":"x","env":{"A":"` + long[2:] + `"}}`,
		"digest":   `{"id":"/a","container":{"docker":{"image":"h:5000/a/b@sha256:` + strings.Repeat("0", 64) + `"}}}`,
		"memory":   `{"id":"/a","mem":128,"container":{"docker":{"image":"i","parameters":[{"key":"memory","value":"128m"},{"key":"memory-swap","value":"-1"},{"key":"memory-reservation","value":"64m"}]}}}`,
		"user":     `{"id":"/a","cmd":"x","user":"web-1.x_y"}`,
		"file":     `{"id":"/a","cmd":"x","fetch":[{"uri":"http://h/a","destPath":"a/b..c"}]}`,
		"id":       `{"id":"/g/` + long[:188] + `","cmd":"x"}`,
		"names":    `{"id":"/a","cmd":"x","fetch":[{"uri":"http://h/` + long[:255] + `"},{"uri":"http://h/` + long[:256] + `","destPath":"` + long[:255] + `/b"}]}`,
		"volume":   `{"id":"/` + long[:190] + `","role":"data","cmd":"x","container":{"type":"MESOS","volumes":[{"containerPath":"` + long[:18] + `","mode":"RW","persistent":{"size":1}}]}}`,
	} {
		rules := app.DefaultRules()
		rules.Roles = []string{"*", "data"}
		if _, err := (api.Reader{Rules: rules}).App([]byte(doc)); err != nil {
			t.Errorf("%s: %.300v", name, err)
		}
	}
}
