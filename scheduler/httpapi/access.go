package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// Credentials are the users that may use the API, by name, each with the SHA-256
// of the password. None means that everybody may.
type Credentials map[string][sha256.Size]byte

// guarded refuses what pages of others send, and demands credentials if there are
// any. Signs of life and the executor's binary, which agents fetch, are for all.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refusal := s.cfg.Guard.Check(r); refusal != nil {
			message := refusal.Message
			if refusal.Status == http.StatusForbidden {
				message += "; --http-allowed-host and --http-allowed-origin allow more names and origins"
			}
			s.fail(w, r, &api.Error{Status: refusal.Status, Message: message})
			return
		}
		if len(s.cfg.Credentials) > 0 && !open(split(r.URL.Path)) && !s.cfg.Credentials.Allow(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="Gantry", charset="UTF-8"`)
			s.fail(w, r, &api.Error{Status: http.StatusUnauthorized, Message: "this needs a user and a password, such as in GANTRY_URL=http://user:password@host:8080"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Allow reports whether a request brings the credentials of a user. It compares in
// constant time, whoever asks.
func (c Credentials) Allow(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	want, known := c[user]
	got := sha256.Sum256([]byte(password))
	same := subtle.ConstantTimeCompare(got[:], want[:]) == 1
	return ok && known && same
}

// open reports whether a path is for everybody.
func open(segments []string) bool {
	return len(segments) > 0 && (segments[0] == "ping" || segments[0] == "artifacts")
}
