package operator

import (
	"encoding/json"
	"net/http"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/maintenance"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

// routeReads installs the legacy endpoints that only read.
func (h *masterAPI) routeReads() {
	h.mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	h.mux.HandleFunc("/version", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, r, versionFields()) })
	h.mux.HandleFunc("/redirect", h.redirect)
	for path, serve := range map[string]http.HandlerFunc{
		"/flags": func(w http.ResponseWriter, r *http.Request) {
			writeJSON(w, r, map[string]any{"flags": h.flags})
		},
		"/metrics/snapshot": h.metrics, "/files/browse": h.files.browse, "/files/read": h.files.readHTTP,
		"/files/download": h.files.download, "/files/debug": h.files.debug, "/logging/toggle": h.logging.toggle,
	} {
		h.mux.HandleFunc(path, h.guarded(master.RealmReadonly, serve))
	}
	for path, build := range map[string]func(*http.Request, *master.State, viewer) any{
		"/state": h.stateJSON, "/slaves": slavesJSON, "/frameworks": frameworksJSON, "/tasks": tasksJSON,
		"/state-summary": summaryJSON, "/roles": rolesJSON,
	} {
		serve := h.leadingAs(master.RealmReadonly, h.reading(build))
		h.mux.HandleFunc(path, serve)
		if path == "/state" {
			h.mux.HandleFunc("/state.json", serve)
		}
	}
	h.mux.HandleFunc("/maintenance/status", h.leadingAs(master.RealmReadonly, h.reading(
		func(_ *http.Request, s *master.State, _ viewer) any { return rawJSON(maintenanceStatus(s)) })))
}

// routeWrites installs the legacy endpoints that change something.
func (h *masterAPI) routeWrites() {
	h.mux.HandleFunc("/quota/", h.leadingAs(master.RealmReadwrite, h.removeQuota))
	for path, serve := range map[string]func(http.ResponseWriter, *http.Request, *string){
		"/teardown": h.teardown, "/reserve": h.formResources("resources", "RESERVE"),
		"/unreserve":      h.formResources("resources", "UNRESERVE"),
		"/create-volumes": h.formResources("volumes", "CREATE"), "/destroy-volumes": h.formResources("volumes", "DESTROY"),
		"/machine/down": h.machines(true), "/machine/up": h.machines(false), "/maintenance/schedule": h.schedule,
		"/weights": h.weights, "/quota": h.quota,
	} {
		h.mux.HandleFunc(path, h.leadingAs(master.RealmReadwrite, serve))
	}
}

// guarded asks for credentials, whoever leads.
func (h *masterAPI) guarded(realm master.Realm, serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, ok := h.m.Authenticate(w, r, realm); ok {
			serve(w, r)
		}
	}
}

// leadingAs asks for credentials and redirects to the leader.
func (h *masterAPI) leadingAs(realm master.Realm, serve func(http.ResponseWriter, *http.Request, *string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		principal, ok := h.m.Authenticate(w, r, realm)
		if !ok || h.m.Redirected(w, r) {
			return
		}
		serve(w, r, principal)
	}
}

// reading answers with what build makes of the state.
func (h *masterAPI) reading(build func(*http.Request, *master.State, viewer) any) func(http.ResponseWriter, *http.Request, *string) {
	return func(w http.ResponseWriter, r *http.Request, principal *string) {
		var out any
		if err := h.m.View(r.Context(), func(s *master.State) { out = build(r, s, viewer{h.m, principal}) }); err != nil {
			refuseText(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		writeJSON(w, r, out)
	}
}

// redirect sends to the leading master, even if that is this one.
func (h *masterAPI) redirect(w http.ResponseWriter, _ *http.Request) {
	leader := h.m.LeaderHostPort()
	if leader == "" {
		refuseText(w, http.StatusServiceUnavailable, "No leader elected")
		return
	}
	w.Header().Set("Location", "//"+leader)
	w.WriteHeader(http.StatusTemporaryRedirect)
}

func (h *masterAPI) metrics(w http.ResponseWriter, r *http.Request) {
	var out map[string]float64
	if err := h.m.View(r.Context(), func(s *master.State) { out = masterMetrics(s, h.m.Config()) }); err != nil {
		refuseText(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	writeJSON(w, r, out)
}

// post refuses other methods than POST.
func post(w http.ResponseWriter, r *http.Request) bool {
	if refusal := codec.CheckMethod(w, r); refusal != nil {
		refusal.Write(w)
		return false
	}
	return true
}

func (h *masterAPI) teardown(w http.ResponseWriter, r *http.Request, principal *string) {
	if !post(w, r) {
		return
	}
	id := r.PostFormValue("frameworkId")
	if id == "" {
		refuseText(w, http.StatusBadRequest, "Missing 'frameworkId' query parameter")
		return
	}
	if err := h.m.Teardown(r.Context(), principal, mesos.FrameworkID{Value: id}); err != nil {
		writeError(w, err)
	}
}

// formResources serves the forms slaveId=&resources=[...] and slaveId=&volumes=[...].
func (h *masterAPI) formResources(field, kind string) func(http.ResponseWriter, *http.Request, *string) {
	return func(w http.ResponseWriter, r *http.Request, principal *string) {
		if !post(w, r) {
			return
		}
		id, text := r.PostFormValue("slaveId"), r.PostFormValue(field)
		if id == "" || text == "" {
			refuseText(w, http.StatusBadRequest, "Missing 'slaveId' or '"+field+"' parameter in the request body")
			return
		}
		// A list of resources is read as the operation's list, which has it as its only member.
		op := mesos.Offer_Operation{Type: mesos.Offer_Operation_Type(mesos.Offer_Operation_Type_value[kind])}
		var err error
		switch kind {
		case "RESERVE":
			op.Reserve = &mesos.Offer_Operation_Reserve{}
			err = codec.UnmarshalJSON([]byte(`{"resources":`+text+`}`), op.Reserve)
		case "UNRESERVE":
			op.Unreserve = &mesos.Offer_Operation_Unreserve{}
			err = codec.UnmarshalJSON([]byte(`{"resources":`+text+`}`), op.Unreserve)
		case "CREATE":
			op.Create = &mesos.Offer_Operation_Create{}
			err = codec.UnmarshalJSON([]byte(`{"volumes":`+text+`}`), op.Create)
		default:
			op.Destroy = &mesos.Offer_Operation_Destroy{}
			err = codec.UnmarshalJSON([]byte(`{"volumes":`+text+`}`), op.Destroy)
		}
		if err != nil {
			refuseText(w, http.StatusBadRequest, "Error in parsing '"+field+"' parameter in the request body: "+err.Error())
			return
		}
		if err := h.m.Apply(r.Context(), principal, mesos.AgentID{Value: id}, op); err != nil {
			writeError(w, err)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}
}

// machines serves /machine/down and /machine/up with a list of machine ids.
func (h *masterAPI) machines(down bool) func(http.ResponseWriter, *http.Request, *string) {
	return func(w http.ResponseWriter, r *http.Request, principal *string) {
		if !post(w, r) {
			return
		}
		var ids []mesos.MachineID
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, codec.MaxCallBytes)).Decode(&ids); err != nil {
			refuseText(w, http.StatusBadRequest, err.Error())
			return
		}
		act := h.m.StopMaintenance
		if down {
			act = h.m.StartMaintenance
		}
		if err := act(r.Context(), principal, ids); err != nil {
			writeError(w, err)
		}
	}
}

// schedule serves /maintenance/schedule: GET reads it, POST replaces it.
func (h *masterAPI) schedule(w http.ResponseWriter, r *http.Request, principal *string) {
	if r.Method == http.MethodGet {
		h.reading(func(_ *http.Request, s *master.State, _ viewer) any {
			schedule := s.Schedule
			return rawJSON(&schedule)
		})(w, r, principal)
		return
	}
	if !post(w, r) {
		return
	}
	body, err := readAll(w, r)
	schedule := maintenance.Schedule{}
	if err == nil {
		err = codec.UnmarshalJSON(body, &schedule)
	}
	if err != nil {
		refuseText(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := h.m.UpdateMaintenanceSchedule(r.Context(), principal, schedule); err != nil {
		writeError(w, err)
	}
}
