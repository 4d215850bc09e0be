package httpapi

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// filter says which Apps a list shows.
type filter struct {
	// cmd and id are texts that occur, in lower case.
	cmd, id string
	labels  selector
	only    ids
}

func filterOf(q url.Values) (filter, error) {
	labels, err := parseSelector(q.Get("label"))
	if err != nil {
		return filter{}, &api.Error{Status: http.StatusUnprocessableEntity, Message: err.Error()}
	}
	return filter{cmd: strings.ToLower(q.Get("cmd")), id: strings.ToLower(q.Get("id")), labels: labels}, nil
}

func (f filter) matches(s *app.Spec) bool {
	return f.only.has(s.ID) && strings.Contains(string(s.ID), f.id) && strings.Contains(strings.ToLower(s.Cmd), f.cmd) && f.labels.matches(s.Labels)
}

// ids are the only Apps that are wanted; nil are all.
type ids map[app.ID]bool

// only reads the ids that a query names.
func only(r *http.Request) ids {
	named := r.URL.Query()["app"]
	if len(named) == 0 {
		return nil
	}
	wanted := ids{}
	for _, id := range named {
		wanted[app.Canonical(id)] = true
	}
	return wanted
}

func (i ids) has(id app.ID) bool { return i == nil || i[id] }

// limitOf reads how many members of a list are wanted at most.
func limitOf(r *http.Request, otherwise, most int) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, &api.Error{Status: http.StatusUnprocessableEntity, Message: fmt.Sprintf("limit=%q: it is a number from 1 to %d", text, most)}
	}
	return n, nil
}

// listBriefs lists Apps in brief: by id, or those that wait, the longest first.
func (s *appRoutes) listBriefs(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	f, err := filterOf(q)
	if err != nil {
		return err
	}
	f.only = only(r)
	limit, err := limitOf(r, math.MaxInt, math.MaxInt)
	if err != nil {
		return err
	}
	p, now, waiting := newPicture(s.scheduler.View()), s.now(), flag(r, "waiting", false)
	var found []*view.App
	p.apps(func(a *view.App) bool {
		if f.matches(a.Spec) && (!waiting || a.Queue.Waiting > 0) {
			found = append(found, a)
		}
		return true
	})
	if waiting {
		slices.SortStableFunc(found, func(a, b *view.App) int { return a.Queue.Since.Compare(b.Queue.Since) })
	}
	explain := slices.Contains(q["embed"], "explanation")
	end := fmt.Sprintf(`],"total":%d}`, len(found))
	return replyMembers(w, `{"apps":[`, end, found[:min(limit, len(found))], func(b []byte, a *view.App) ([]byte, error) {
		brief := renderBrief(a, now)
		if explain && brief.Waiting > 0 {
			brief.Explanation = view.Why(p.View, a, now).Words()
		}
		return brief.AppendJSON(b)
	})
}

func renderBrief(a *view.App, now time.Time) api.Brief {
	s := a.Spec
	b := api.Brief{
		ID: string(s.ID), Version: api.Time{Time: s.Version}, Instances: s.Instances, Labels: s.Labels, Amounts: amounts(s.Resources),
		Staged: a.Counts.Staged, Running: a.Counts.Running, Healthy: a.Counts.Healthy, Unhealthy: a.Counts.Unhealthy,
		Checked: len(s.HealthChecks) > 0, Waiting: a.Queue.Waiting,
	}
	if b.Waiting > 0 {
		b.WaitingSince, b.DelaySeconds = api.Time{Time: a.Queue.Since}, delayLeft(a, now)
	}
	for _, id := range a.Deployments {
		b.Deployments = append(b.Deployments, string(id))
	}
	if a.LastFailure != nil {
		b.FailedAt = api.Time{Time: a.LastFailure.Timestamp}
	}
	if c := s.Container; c != nil {
		b.Image = c.Image
	}
	return b
}

// delayLeft is what is left of an App's back-off, in whole seconds.
func delayLeft(a *view.App, now time.Time) int {
	if a.Queue.DelayUntil.IsZero() {
		return 0
	}
	return max(0, int(math.Ceil(a.Queue.DelayUntil.Sub(now).Seconds())))
}
