package master

import "net/http"

// SchedulerHandler serves the scheduler HTTP API; mount it at /api/v1/scheduler and /master/api/v1/scheduler.
func (m *Master) SchedulerHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusServiceUnavailable, "") })
}
