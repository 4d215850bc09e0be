package master

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
)

// Realm names what a set of endpoints is protected by.
type Realm string

// The realms of a master.
const (
	RealmScheduler Realm = "mesos-master-scheduler"
	RealmReadonly  Realm = "mesos-master-readonly"
	RealmReadwrite Realm = "mesos-master-readwrite"
)

// Authenticate does HTTP basic authentication if the realm asks for it (Mesos, scheduler HTTP API, order of checks).
// When it is not ok the answer (401) has been written. The principal is nil if there was no authentication.
func (m *Master) Authenticate(w http.ResponseWriter, r *http.Request, realm Realm) (principal *string, ok bool) {
	needed := map[Realm]bool{
		RealmScheduler: m.cfg.AuthenticateFrameworks,
		RealmReadonly:  m.cfg.AuthenticateReadonly,
		RealmReadwrite: m.cfg.AuthenticateReadwrite,
	}[realm]
	if !needed {
		return nil, true
	}
	name, secret, given := r.BasicAuth()
	for _, c := range m.cfg.Credentials {
		if given && c.Principal == name && subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) == 1 {
			return &name, true
		}
	}
	w.Header().Set("WWW-Authenticate", fmt.Sprintf("Basic realm=%q", string(realm)))
	answer(w, http.StatusUnauthorized, "401 Unauthorized.")
	return nil, false
}

// Redirected answers the request if this master does not lead: 307 to the leader or 503. It reports whether it did.
func (m *Master) Redirected(w http.ResponseWriter, r *http.Request) bool {
	l := m.status.Load().leadership
	switch {
	case l.Leading:
		return false
	case l.Leader == nil:
		answer(w, http.StatusServiceUnavailable, "No leader elected")
		return true
	}
	path := r.URL.Path
	if !strings.HasPrefix(path, "/master/") {
		path = "/master" + path
	}
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", "//"+m.leaderHostPort()+path)
	answer(w, http.StatusTemporaryRedirect, "")
	return true
}

// LeaderHostPort returns "hostname:port" of the leader as it advertises itself, this master included; "" if there is
// none.
func (m *Master) LeaderHostPort() string { return m.leaderHostPort() }

func (m *Master) leaderHostPort() string {
	l := m.status.Load().leadership
	info := l.Leader
	if l.Leading {
		info = &m.info
	}
	if info == nil {
		return ""
	}
	if a := info.GetAddress(); a != nil {
		host := a.GetHostname()
		if host == "" {
			host = a.GetIP()
		}
		return fmt.Sprintf("%s:%d", host, a.GetPort())
	}
	return fmt.Sprintf("%s:%d", info.GetHostname(), info.GetPort())
}

// Recovering answers 503 if this master leads but has not read the registry yet. It reports whether it did.
func (m *Master) Recovering(w http.ResponseWriter) bool {
	if m.status.Load().recovered {
		return false
	}
	answer(w, http.StatusServiceUnavailable, "Master has not finished recovery")
	return true
}

// answer writes a plain text answer without trailing newline.
func answer(w http.ResponseWriter, code int, text string) {
	if text != "" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text)) // the client may be gone
}
