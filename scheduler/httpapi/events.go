package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// eventRoutes are those of the event stream.
type eventRoutes struct{ stream http.Handler }

// events hands a request to the event stream, which may last: it is freed from
// the server's read timeout.
func (s eventRoutes) events(w http.ResponseWriter, r *http.Request) error {
	if err := http.NewResponseController(w).SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("lift the read timeout: %w", err)
	}
	s.stream.ServeHTTP(w, r)
	return nil
}
