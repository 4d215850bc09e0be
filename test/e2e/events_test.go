package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// watched are the events that a stream has shown so far.
type watched struct {
	mu     sync.Mutex
	events []map[string]any
}

// watch reads the event stream until the test ends.
func (a api) watch(query string) *watched {
	a.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+"/v2/events"+query, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	res, err := http.DefaultClient.Do(r) //nolint:bodyclose // the clean-up does it
	if err != nil || res.StatusCode != http.StatusOK {
		a.t.Fatalf("/v2/events: %v %v", res, err)
	}
	w, done := &watched{}, make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			var e map[string]any
			if !ok || json.Unmarshal([]byte(data), &e) != nil {
				continue
			}
			w.mu.Lock()
			w.events = append(w.events, e)
			w.mu.Unlock()
		}
	}()
	a.t.Cleanup(func() {
		cancel()
		<-done
		_ = res.Body.Close() // it is over
	})
	return w
}

// all returns what was shown, in order.
func (w *watched) all() []map[string]any {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.events)
}

// await waits for an event of a type with these members, and returns where it is.
func (w *watched) await(t *testing.T, name string, members map[string]any) int {
	t.Helper()
	at := -1
	eventually(t, 60*time.Second, func() error {
		at = slices.IndexFunc(w.all(), func(e map[string]any) bool {
			for k, v := range members {
				if fmt.Sprint(e[k]) != fmt.Sprint(v) {
					return false
				}
			}
			return e["eventType"] == name
		})
		if at < 0 {
			return fmt.Errorf("no %s with %v yet", name, members)
		}
		return nil
	})
	return at
}

// TestTheEventStreamTellsTheStoryOfAnAppInItsOrder follows an app whose health
// check fails until it is deleted.
func TestTheEventStreamTellsTheStoryOfAnAppInItsOrder(t *testing.T) {
	t.Parallel()
	a, _ := mini(t)
	w := a.watch("?event_type=*&plan-format=light")
	w.await(t, "event_stream_attached", nil)
	const check = `, "healthChecks": [{"protocol": "COMMAND", "command": {"value": "test ! -e sick"}, "gracePeriodSeconds": 0, "intervalSeconds": 1,
	  "timeoutSeconds": 5, "maxConsecutiveFailures": 2, "delaySeconds": 0}]`
	a.must(http.MethodPost, "/v2/apps", shell("/shop/web", "sleep 4; touch sick; sleep 600", 1, check), nil)
	app := map[string]any{"appId": "/shop/web"}
	story := []int{
		w.await(t, "group_change_success", map[string]any{"groupId": "/shop"}),
		w.await(t, "add_health_check_event", app),
		w.await(t, "deployment_info", nil),
		w.await(t, "api_post_event", map[string]any{"clientIp": "127.0.0.1", "uri": "/v2/apps"}),
		w.await(t, "deployment_step_success", nil),
		w.await(t, "instance_changed_event", map[string]any{"runSpecId": "/shop/web", "condition": "Scheduled"}),
		w.await(t, "instance_changed_event", map[string]any{"runSpecId": "/shop/web", "condition": "Provisioned"}),
		w.await(t, "status_update_event", map[string]any{"appId": "/shop/web", "taskStatus": "TASK_RUNNING"}),
		w.await(t, "instance_changed_event", map[string]any{"runSpecId": "/shop/web", "condition": "Running"}),
		w.await(t, "instance_health_changed_event", map[string]any{"runSpecId": "/shop/web", "healthy": true}),
		w.await(t, "health_status_changed_event", map[string]any{"appId": "/shop/web", "alive": true}),
		w.await(t, "deployment_success", nil),
		w.await(t, "health_status_changed_event", map[string]any{"appId": "/shop/web", "alive": false}),
		w.await(t, "failed_health_check_event", app),
		w.await(t, "unhealthy_instance_kill_event", app),
		w.await(t, "status_update_event", map[string]any{"appId": "/shop/web", "taskStatus": "TASK_KILLED"}),
		w.await(t, "instance_changed_event", map[string]any{"runSpecId": "/shop/web", "condition": "Killed"}),
	}
	if status, _, err := a.try(http.MethodPost, "/v2/apps", shell("/shop/web", "true", 1, "")); status != http.StatusConflict {
		t.Errorf("the same app again: %d %v", status, err)
	}
	story = append(story, w.await(t, "group_change_failed", map[string]any{"groupId": "/shop"}))
	a.must(http.MethodDelete, "/v2/apps/shop/web", "", nil)
	story = append(story, w.await(t, "remove_health_check_event", app), w.await(t, "app_terminated_event", app))
	if !slices.IsSorted(story) {
		t.Errorf("the events are not in order: %v\n%v", story, w.all())
	}
	for _, e := range w.all() {
		if _, err := time.Parse("2006-01-02T15:04:05.000Z", fmt.Sprint(e["timestamp"])); err != nil {
			t.Errorf("%v: %v", e["eventType"], err)
		}
	}
}
