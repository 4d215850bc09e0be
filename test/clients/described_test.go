package clients

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// unused returns an error until an offer was of no use to what waits.
func (d *described) unused(t *testing.T) error {
	t.Helper()
	var answer struct {
		Queue []struct{ LastUnusedOffers []any }
	}
	if err := d.get(t, "/v2/queue?embed=lastUnusedOffers", &answer); err != nil {
		return err
	}
	if len(answer.Queue) != 1 || len(answer.Queue[0].LastUnusedOffers) == 0 {
		return fmt.Errorf("got queue %+v", answer)
	}
	return nil
}

// drained returns an error until an agent has ended all its tasks.
func (d *described) drained(t *testing.T, agent string) error {
	t.Helper()
	status, data := d.do(t, http.MethodGet, "/v3/agents/"+agent, "")
	if !strings.Contains(string(data), `"drained"`) {
		return fmt.Errorf("%d %s", status, data)
	}
	return nil
}

// complete fails for operations of the description that nobody asked for.
func (d *described) complete(t *testing.T) {
	t.Helper()
	var document struct{ Paths map[string]map[string]any }
	check(t, d.get(t, "/v3/openapi.json", &document))
	n := 0
	for path, methods := range document.Paths {
		for method := range methods {
			if method == "parameters" {
				continue
			}
			n++
			if !d.asked[strings.ToUpper(method)+" "+path] {
				t.Errorf("nobody asked for %s %s", strings.ToUpper(method), path)
			}
		}
	}
	if n == 0 || n != len(d.asked) {
		t.Errorf("%d operations are described and %d were asked for: %v", n, len(d.asked), slices.Sorted(maps.Keys(d.asked)))
	}
}
