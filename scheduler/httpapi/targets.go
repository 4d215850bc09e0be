package httpapi

import (
	"net/http"

	"github.com/gantry-mesos/gantry/pkg/api"
	points "github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/scrape"
)

// listTargets answers Prometheus' http_sd: the whole list each time. It fails rather
// than leave out what is not known yet, since Prometheus drops what is not named.
func (s *endpointRoutes) listTargets(w http.ResponseWriter, r *http.Request) error {
	h, err := s.present()
	if err != nil {
		return err
	}
	var set points.Set
	selector := selectorOf(r)
	set.Apply(h.All(points.Selector{Apps: selector.Apps}))
	q := r.URL.Query()
	groups := []scrape.Group{}
	filter := scrape.Filter{Port: q.Get("port"), All: flag(r, "all", false)}
	for _, service := range set.Services() {
		if matchesAll(service.App, q["label"]) {
			groups = append(groups, scrape.Groups(service, filter)...)
		}
	}
	data, err := api.Marshal(groups)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", contentJSON)
	_, _ = w.Write(data) // the client is gone; nobody to tell
	return nil
}

func matchesAll(a *points.App, labels []string) bool {
	for _, label := range labels {
		selector := points.Selector{Label: label}
		if !selector.Matches(a) {
			return false
		}
	}
	return true
}
