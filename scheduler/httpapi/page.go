package httpapi

import (
	"net/http"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// toPage sends browsers from the root to the web page; to others there is nothing.
func toPage(w http.ResponseWriter, r *http.Request) error {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return &api.Error{Status: http.StatusNotFound, Message: "URI not found; the API begins at /v2 and /v3, the web page at /ui/"}
	}
	w.Header().Set("Location", "ui/") // relative, since a proxy may have a prefix before it
	w.WriteHeader(http.StatusFound)
	return nil
}
