package httpapi

import (
	"net/http"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// queueRoutes are those of what waits for an offer.
type queueRoutes struct{ *desk }

func (s *queueRoutes) listQueue(w http.ResponseWriter, r *http.Request) error {
	v, now := s.scheduler.View(), s.now()
	p := newPicture(v)
	embed, only := r.URL.Query()["embed"], only(r)
	items := []api.QueueItem{}
	p.apps(func(a *view.App) bool {
		if queued(a) && only.has(a.Spec.ID) {
			items = append(items, renderQueue(v, a, now, embed))
		}
		return true
	})
	return reply(w, http.StatusOK, map[string]any{"queue": items})
}

// queued reports whether instances of an App wait for an offer, or for Mesos to
// confirm that they were launched ("Marathon, queue").
func queued(a *view.App) bool { return a.Queue.Waiting > 0 || !launching(a).IsZero() }

// launching returns when the first of the instances was launched that Mesos has not
// confirmed yet, zero if there is none.
func launching(a *view.App) time.Time {
	var first time.Time
	if a.Counts.Staged == 0 {
		return first
	}
	for _, i := range a.Instances {
		if i.Condition == instance.Provisioned && (first.IsZero() || i.StagedAt.Before(first)) {
			first = i.StagedAt
		}
	}
	return first
}

func renderQueue(v *view.View, a *view.App, now time.Time, embed []string) api.QueueItem {
	q := a.Queue
	left := delayLeft(a, now)
	item := api.QueueItem{
		Count: q.Waiting, Since: api.Time{Time: q.Since}, App: api.FromSpec(a.Spec),
		Delay: api.QueueDelay{TimeLeftSeconds: left, Overdue: left == 0},
		ProcessedOffersSummary: api.ProcessedOffersSummary{
			ProcessedOffersCount: q.Processed, UnusedOffersCount: q.Unused,
			LastUnusedOfferAt: api.Time{Time: q.LastUnused}, LastUsedOfferAt: api.Time{Time: q.LastUsed},
			RejectSummaryLastOffers: rejections(q.Rejections), RejectSummaryLaunchAttempt: rejections(q.Attempt),
		},
	}
	item.App.VersionInfo = versionInfo(a.Spec)
	if q.Waiting == 0 {
		item.Since = api.Time{Time: launching(a)}
		return item
	}
	if slices.Contains(embed, "explanation") {
		item.Explanation = view.Why(v, a, now).Words()
	}
	if slices.Contains(embed, "lastUnusedOffers") {
		item.LastUnusedOffers = renderUnused(q.UnusedOffers)
	}
	return item
}

func rejections(counts []placement.Tally) []api.RejectSummary {
	out := make([]api.RejectSummary, 0, len(counts))
	for _, r := range counts {
		out = append(out, api.RejectSummary{Reason: r.Reason.String(), Declined: r.Declined, Processed: r.Processed})
	}
	return out
}

func (s *queueRoutes) resetDelay(id app.ID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		a, err := newPicture(s.scheduler.View()).app(id)
		if err != nil {
			return err
		}
		if !queued(a) {
			return &api.Error{Status: http.StatusNotFound, Message: "App '" + string(id) + "' does not exist in the queue: none of its instances waits"}
		}
		if _, err := s.do(r, core.ResetDelay{ID: id}); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}
