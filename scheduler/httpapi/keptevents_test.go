package httpapi_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/event"
)

func TestKeptEventsAreListedTheNewestFirst(t *testing.T) {
	t.Parallel()
	s, log := newStreaming(t, 8)
	plan := &event.Plan{ID: "d1", Steps: []event.Step{{Actions: []event.Action{{Action: "StartApplication", App: "/web"}}}}}
	log.Append(&event.StatusUpdate{TaskID: "lost"}) // number 1, which is overwritten
	log.Append(&event.StatusUpdate{AppID: "/web", TaskID: "t1"}, &event.InstanceChanged{RunSpecID: "/web"}, &event.InstanceChanged{RunSpecID: "/db"})
	log.Append(&event.DeploymentSuccess{ID: "d1", Plan: plan}, &event.DeploymentFailed{ID: "d2", Plan: &event.Plan{ID: "d2"}}, &event.SchedulerDisconnected{})
	log.Append(&event.StatusUpdate{AppID: "/web", TaskID: "t2"}, &event.AppTerminated{AppID: "/db"})
	for query, want := range map[string][]string{
		"": {"9 app_terminated_event", "8 status_update_event", "7 scheduler_disconnected_event", "6 deployment_failed", "5 deployment_success",
			"4 instance_changed_event", "3 instance_changed_event", "2 status_update_event"},
		"?limit=2": {"9 app_terminated_event", "8 status_update_event"},
		"?event_type=deployment_success&event_type=deployment_failed": {"6 deployment_failed", "5 deployment_success"},
		"?app=/web": {"8 status_update_event", "5 deployment_success", "3 instance_changed_event", "2 status_update_event"},
		"?app=web&event_type=status_update_event&limit=1": {"8 status_update_event"},
		"?app=/none": {},
	} {
		body := s.want(t, http.StatusOK, http.MethodGet, "/v3/events"+query, "")
		list, _ := at(t, body, "events").([]any)
		got := []string{}
		for _, e := range list {
			got = append(got, fmt.Sprintf("%v %v", at(t, e, "number"), at(t, e, "eventType")))
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", query, diff)
		}
		if at(t, body, "oldest") != 2.0 || at(t, body, "last") != 9.0 {
			t.Errorf("%s: got oldest %v, last %v", query, at(t, body, "oldest"), at(t, body, "last"))
		}
	}
	for _, query := range []string{"?limit=0", "?limit=1001", "?limit=x"} {
		s.want(t, http.StatusUnprocessableEntity, http.MethodGet, "/v3/events"+query, "")
	}
	// The stream goes on where the list ends.
	r := s.attach(t, "?event_type=app_terminated_event", "Last-Event-ID", "9")
	log.Append(&event.AppTerminated{AppID: "/late"})
	expect(t, r.names(1), "app_terminated_event 11")
}

func TestOfTheNewestEventsAsManyAreListedAsAreWanted(t *testing.T) {
	t.Parallel()
	s, log := newStreaming(t, 4096)
	for n := range 3000 {
		log.Append(&event.StatusUpdate{TaskID: "t", Message: strconv.Itoa(n)})
	}
	list, _ := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v3/events?limit=700", ""), "events").([]any)
	if len(list) != 700 || at(t, list[0], "number") != 3000.0 || at(t, list[699], "number") != 2301.0 {
		t.Errorf("got %d events", len(list))
	}
}
