// Package webguard keeps web pages from using an HTTP API that trusts who can
// reach it: a page that somebody opens in a browser runs beside that API, and may
// send it requests without being asked.
package webguard

import (
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Guard says whose requests are taken. The zero value takes those of the same
// origin, by any name of the host.
type Guard struct {
	// Loopback says that the API listens on this machine alone. Then the Host of a
	// request has to be the machine itself, or one of Hosts: another name that leads
	// here was made to do so by a page that wants to read (DNS rebinding).
	Loopback bool
	// Open says that the API listens to others, and to everybody without credentials.
	// Then the Host may also be any address, or a name without dots: neither can be
	// a page's. With credentials no name does harm, as a browser sends none to a name
	// that it has not got them for.
	Open bool
	// Hosts are names of the API, in lower case; "*" is every name.
	Hosts []string
	// Origins are further origins whose pages may change things, such as
	// https://panel.example.
	Origins []string
}

// RefusedError says why a request is not taken.
type RefusedError struct {
	// Status is 403 or 415.
	Status  int
	Message string
}

func (r *RefusedError) Error() string { return r.Message }

// Check returns a *RefusedError for a request that is not taken, else nil.
func (g Guard) Check(r *http.Request) *RefusedError {
	if refusal := g.checkHost(r); refusal != nil || safe(r.Method) {
		return refusal
	}
	if refusal := g.checkOrigin(r); refusal != nil {
		return refusal
	}
	return checkType(r)
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

func (g Guard) checkHost(r *http.Request) *RefusedError {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	ip, err := netip.ParseAddr(host)
	switch known := err == nil && ip.IsLoopback() || host == "localhost" || slices.Contains(g.Hosts, host) || slices.Contains(g.Hosts, "*"); {
	case known, !g.Loopback && !g.Open:
		return nil
	case g.Loopback:
		return &RefusedError{http.StatusForbidden, fmt.Sprintf("Host %q is no name of this API, which listens on loopback only: use 127.0.0.1", r.Host)}
	case err == nil, !strings.Contains(strings.TrimSuffix(host, "."), "."):
		return nil
	}
	return &RefusedError{http.StatusForbidden, fmt.Sprintf("Host %q is no name of this API that it knows of, and it asks for no credentials: use its address", r.Host)}
}

// checkOrigin takes requests without an origin, which no page makes, and those of
// the API's own pages.
func (g Guard) checkOrigin(r *http.Request) *RefusedError {
	origin := r.Header.Get("Origin")
	if origin == "" {
		if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
			return &RefusedError{http.StatusForbidden, "a page of another origin must not change anything here"}
		}
		return nil
	}
	if u, err := url.Parse(origin); err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host) || slices.Contains(g.Origins, origin) {
		return nil
	}
	return &RefusedError{http.StatusForbidden, fmt.Sprintf("Origin %q must not change anything here", origin)}
}

// checkType demands that a body says that it is JSON: a page can send other types
// anywhere without asking. Clients that say nothing are no pages.
func checkType(r *http.Request) *RefusedError {
	text := r.Header.Get("Content-Type")
	if r.ContentLength == 0 || text == "" && r.Header.Get("Origin") == "" {
		return nil
	}
	kind, _, err := mime.ParseMediaType(text)
	if err == nil && (kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")) {
		return nil
	}
	return &RefusedError{http.StatusUnsupportedMediaType, fmt.Sprintf("Unsupported Media Type: got Content-Type %q; send JSON, with the header Content-Type: application/json", text)}
}

// Loopback reports whether an address such as "127.0.0.1:8080" is reached from
// this machine only.
func Loopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
