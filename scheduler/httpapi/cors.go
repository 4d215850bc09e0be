package httpapi

import (
	"net/http"
	"slices"
)

// readMethods are what web pages of other origins may do.
const readMethods = "GET, HEAD, OPTIONS"

// cors lets pages of the origins that were allowed read answers ("Marathon,
// transport and request filters"). What browsers ask beforehand is answered here,
// as they send no credentials with it.
func (s *Server) cors(next http.Handler) http.Handler {
	allowed := s.cfg.ReadOrigins
	if len(allowed) == 0 {
		return next
	}
	every := slices.Contains(allowed, "*")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, origin := w.Header(), r.Header.Get("Origin")
		if !every {
			h.Add("Vary", "Origin")
		}
		if !every && !slices.Contains(allowed, origin) {
			next.ServeHTTP(w, r)
			return
		}
		if every {
			origin = "*"
		}
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Methods", readMethods)
		h.Set("Access-Control-Max-Age", "86400")
		if headers := r.Header.Get("Access-Control-Request-Headers"); headers != "" {
			h.Set("Access-Control-Allow-Headers", headers)
		}
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
