package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAFileThatCannotBeFetchedIsNamed(t *testing.T) {
	t.Parallel()
	a, _ := mini(t, "--runtime", "process")
	nobody := "http://" + freeAddress(t) + "/file.tgz"
	for id, row := range map[string]struct{ uri, wants string }{
		"/gone":   {"file:///no/such/file", "Failed to fetch 'file:///no/such/file': "},
		"/nobody": {nobody + "?token=secret", "Failed to fetch '" + nobody + "?...': "},
		"/wrong":  {a.url + "/no/such/path", "unexpected HTTP response code: 404"},
		"/pack":   {a.url + "/ping?f=.tgz", "Failed to fetch '" + a.url + "/ping?...'"},
	} {
		more := fmt.Sprintf(`, "fetch": [{"uri": "file:///etc/hostname", "extract": false}, {"uri": %q, "extract": true}]`, row.uri)
		if id == "/pack" {
			more = fmt.Sprintf(`, "fetch": [{"uri": %q, "extract": true, "destPath": "f.tgz"}]`, row.uri)
		}
		a.must(http.MethodPost, "/v2/apps", shell(id, "sleep 1000", 1, more), nil)
		eventually(t, time.Minute, func() error {
			f := a.app(id).LastTaskFailure
			if f == nil || !strings.Contains(f.Message, row.wants) || strings.Contains(f.Message, "secret") {
				return fmt.Errorf("%s: last failure %+v, want one that says %q", id, f, row.wants)
			}
			return nil
		})
	}
}
