package webguard_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/webguard"
)

func TestRequestsOfPagesAreRefused(t *testing.T) {
	t.Parallel()
	local := webguard.Guard{Loopback: true, Hosts: []string{"gantry.example"}, Origins: []string{"https://panel.example"}}
	secured := webguard.Guard{}
	open := webguard.Guard{Open: true, Hosts: []string{"gantry-1.example"}}
	every := webguard.Guard{Open: true, Hosts: []string{"*"}}
	for _, row := range []struct {
		name         string
		guard        webguard.Guard
		method, host string
		header       string
		body         string
		want         int
	}{
		{"a client", local, "POST", "127.0.0.1:8080", "Content-Type: application/json", "{}", 0},
		{"a client by name", local, "POST", "localhost:8080", "Content-Type: application/json; charset=utf-8", "{}", 0},
		{"a client over IPv6", local, "GET", "[::1]:8080", "", "", 0},
		{"a client that says no type", local, "POST", "127.0.0.1:8080", "", "{}", 0},
		{"a client without a body", local, "POST", "127.0.0.1:8080", "Content-Type: text/plain", "", 0},
		{"a merge patch", local, "PATCH", "127.0.0.1:8080", "Content-Type: application/merge-patch+json", "{}", 0},
		{"an allowed host", local, "GET", "gantry.example", "", "", 0},
		{"a foreign host that reads", local, "GET", "evil.example:8080", "", "", 403},
		{"a foreign host that writes", local, "POST", "evil.example:8080", "Content-Type: application/json", "{}", 403},
		{"any host where credentials are asked for", secured, "POST", "other.example:8080", "Content-Type: application/json", "{}", 0},
		{"its own name where all can reach it", open, "POST", "gantry-1.example:8080", "Content-Type: application/json", "{}", 0},
		{"its own name in another spelling", open, "GET", "Gantry-1.Example", "", "", 0},
		{"an address where all can reach it", open, "GET", "10.0.0.7:8080", "", "", 0},
		{"an IPv6 address where all can reach it", open, "GET", "[fd00::7]:8080", "", "", 0},
		{"a name without dots", open, "GET", "gantry-1:8080", "", "", 0},
		{"a name that a page made lead here", open, "GET", "evil.example:8080", "", "", 403},
		{"a name that a page made lead here, and writes", open, "POST", "evil.example:8080", "Content-Type: application/json", "{}", 403},
		{"a name that looks like an address", open, "GET", "10.0.0.7.evil.example", "", "", 403},
		{"any name where that is wanted", every, "GET", "evil.example:8080", "", "", 0},
		{"text", local, "POST", "127.0.0.1:8080", "Content-Type: text/plain", "{}", 415},
		{"a form", local, "POST", "127.0.0.1:8080", "Content-Type: application/x-www-form-urlencoded", "{}", 415},
		{"a page without a type", local, "POST", "127.0.0.1:8080", "Origin: http://127.0.0.1:8080", "{}", 415},
		{"a foreign page", open, "POST", "gantry-1.example:8080", "Origin: https://evil.example", "", 403},
		{"a page of no origin", open, "DELETE", "gantry-1.example:8080", "Origin: null", "", 403},
		{"a page by another port", open, "DELETE", "gantry-1.example:8080", "Origin: http://gantry-1.example:9090", "", 403},
		{"a page that hides its origin", open, "POST", "gantry-1.example:8080", "Sec-Fetch-Site: cross-site", "", 403},
		{"a foreign page that reads, whose browser keeps the answer", open, "GET", "gantry-1.example:8080", "Origin: https://evil.example", "", 0},
		{"the own page", open, "DELETE", "gantry-1.example:8080", "Origin: https://Gantry-1.example:8080", "", 0},
		{"an allowed page", local, "DELETE", "127.0.0.1:8080", "Origin: https://panel.example", "", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(row.method, "/v2/apps", strings.NewReader(row.body))
			r.Host = row.host
			if name, value, ok := strings.Cut(row.header, ": "); ok {
				r.Header.Set(name, value)
			}
			got := 0
			if refusal := row.guard.Check(r); refusal != nil {
				got = refusal.Status
			}
			if got != row.want {
				t.Errorf("got %d, want %d", got, row.want)
			}
		})
	}
}
