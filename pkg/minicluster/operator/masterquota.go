package operator

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/quota"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

func readAll(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	return io.ReadAll(http.MaxBytesReader(w, r.Body, codec.MaxCallBytes))
}

// weights serves /weights: GET lists them, PUT sets some.
func (h *masterAPI) weights(w http.ResponseWriter, r *http.Request, principal *string) {
	switch r.Method {
	case http.MethodGet:
		h.reading(func(_ *http.Request, s *master.State, _ viewer) any {
			out := []any{}
			for _, info := range weights(s).WeightInfos {
				out = append(out, map[string]any{"role": info.GetRole(), "weight": info.Weight})
			}
			return out
		})(w, r, principal)
	case http.MethodPut:
		body, err := readAll(w, r)
		var infos []mesos.WeightInfo
		if err == nil {
			err = json.Unmarshal(body, &infos)
		}
		if err != nil {
			refuseText(w, http.StatusBadRequest, "Failed to parse update weights request: "+err.Error())
			return
		}
		if err := h.m.UpdateWeights(r.Context(), principal, infos); err != nil {
			writeError(w, err)
		}
	default:
		methodNotAllowed(w, r, "GET", "PUT")
	}
}

// quota serves /quota: GET lists, POST sets one in the old form, DELETE /quota/role removes one.
func (h *masterAPI) quota(w http.ResponseWriter, r *http.Request, principal *string) {
	switch r.Method {
	case http.MethodGet:
		h.reading(func(_ *http.Request, s *master.State, _ viewer) any { return rawJSON(&quotas(s).Status) })(w, r, principal)
	case http.MethodPost:
		body, err := readAll(w, r)
		request := &quota.QuotaRequest{}
		if err == nil {
			err = codec.UnmarshalJSON(body, request)
		}
		if err != nil {
			refuseText(w, http.StatusBadRequest, "Failed to parse set quota request: "+err.Error())
			return
		}
		err = h.m.UpdateQuota(r.Context(), principal, request.GetForce(), []quota.QuotaConfig{quotaOf(*request)})
		if err != nil {
			writeError(w, err)
		}
	default:
		methodNotAllowed(w, r, "GET", "POST")
	}
}

// removeQuota serves DELETE /quota/role.
func (h *masterAPI) removeQuota(w http.ResponseWriter, r *http.Request, principal *string) {
	if r.Method != http.MethodDelete {
		methodNotAllowed(w, r, "DELETE")
		return
	}
	role := strings.TrimPrefix(r.URL.Path, "/quota/")
	if err := h.m.UpdateQuota(r.Context(), principal, true, []quota.QuotaConfig{{Role: role}}); err != nil {
		writeError(w, err)
	}
}

func methodNotAllowed(w http.ResponseWriter, r *http.Request, allowed ...string) {
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	refuseText(w, http.StatusMethodNotAllowed, "405 Method Not Allowed. Expecting one of { '"+strings.Join(allowed, "', '")+
		"' }, but received '"+r.Method+"'.")
}
