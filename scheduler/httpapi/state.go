package httpapi

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// Export writes all that the scheduler has stored as one archive, as it is between
// two transactions. With leaveOutDamaged, what cannot be read is left out.
type Export func(ctx context.Context, w io.Writer, leaveOutDamaged bool) error

// stateRoutes are those of the stored state as a whole.
type stateRoutes struct {
	*desk
	export Export
}

// exportState answers with an archive, or an error before the first byte.
func (s *stateRoutes) exportState(w http.ResponseWriter, r *http.Request) error {
	leaveOut := false
	if text := r.URL.Query().Get("leaveOutDamaged"); text != "" {
		var err error
		if leaveOut, err = strconv.ParseBool(text); err != nil {
			return &api.Error{Status: http.StatusUnprocessableEntity, Message: "leaveOutDamaged is true or false"}
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
	defer cancel()
	var b bytes.Buffer
	if err := s.export(ctx, &b, leaveOut); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="gantry-state.gantry"`)
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	_, err := w.Write(b.Bytes())
	return err
}
