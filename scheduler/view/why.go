package view

import (
	"slices"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/why"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
)

const (
	// staleAfter is from when on a sentence about offers says how old it is.
	staleAfter = 2 * time.Minute
	// wipeHintAfter is how long an instance waits for the agent with its data before
	// giving the data up is suggested: an agent in use needs a while to make an offer.
	wipeHintAfter = time.Minute
	// offersIn is how long offers may take to come before that is worth a word.
	offersIn = 10 * time.Second
)

// Why tells why instances of an App wait: the first of what stops all launches,
// what stops the App's, and what was wrong with the offers.
func Why(v *View, a *App, now time.Time) why.Wait {
	q := &a.Queue
	switch limit := limitReached(v, a); {
	case !v.Framework.Subscribed:
		return why.Wait{Cause: why.Disconnected{}}
	case q.DelayUntil.After(now):
		return why.Wait{Cause: backOff(a, now)}
	case limit != nil:
		return why.Wait{Cause: limit}
	}
	w := why.Wait{Cause: awaited(v, q, now)}
	if q.Cause != nil {
		w.Cause = q.Cause
		if age := now.Sub(q.LastUnused); age > staleAfter && !q.LastUnused.IsZero() {
			w.Age = age
		}
	}
	var heldFor []app.ID
	for _, h := range v.Sharing.Held {
		if h.App == a.Spec.ID {
			w.Kept, heldFor = v.Hostname(h.Agent), nil
			break
		}
		heldFor = append(heldFor, h.App)
	}
	switch c := w.Cause.(type) {
	case why.Home:
		c.Wipe = now.Sub(q.Since) >= wipeHintAfter
		w.Cause = c
	case why.Misfit:
		c.HeldFor = heldFor
		w.Cause = c
	}
	return w
}

func backOff(a *App, now time.Time) why.BackOff {
	b := why.BackOff{Left: a.Queue.DelayUntil.Sub(now)}
	if f := a.LastFailure; f != nil {
		b.State, b.Message = f.State, f.Message
	}
	return b
}

// limitReached tells which queue's limit keeps the App out, nil if none does.
func limitReached(v *View, a *App) why.Cause {
	need, path := a.Spec.Resources, a.Spec.Queue()
	for {
		if q, ok := share(v, path); ok {
			if name := q.Quota.Over(q.Used, need); name != "" {
				of, kind := amounts(name)
				return why.Limit{Queue: path, Resource: kind, Need: of(need), Used: of(q.Used), Limit: max(of(q.Quota.Limit), 0)}
			}
		}
		if path == "/" {
			return nil
		}
		if path = path[:strings.LastIndex(path, "/")]; path == "" {
			path = "/"
		}
	}
}

func share(v *View, path string) (fairshare.Share, bool) {
	i, ok := slices.BinarySearchFunc(v.Sharing.Queues, path, func(q fairshare.Share, p string) int { return strings.Compare(q.Queue, p) })
	if !ok {
		return fairshare.Share{}, false
	}
	return v.Sharing.Queues[i], true
}

// amounts returns how to find the amount of a resource with the name of a quota's.
func amounts(name string) (func(resource.Vector) resource.Scalar, why.Resource) {
	switch name {
	case "cpus":
		return func(v resource.Vector) resource.Scalar { return v.CPUs }, why.CPUs
	case "mem":
		return func(v resource.Vector) resource.Scalar { return v.Mem }, why.Memory
	case "disk":
		return func(v resource.Vector) resource.Scalar { return v.Disk }, why.Disk
	default:
		return func(v resource.Vector) resource.Scalar { return v.GPUs }, why.GPUs
	}
}

// awaited says that no offers come, nil while they may be on their way.
func awaited(v *View, q *Queue, now time.Time) why.Cause {
	last := v.Framework.LastOffer
	if last.Before(q.Since) {
		last = q.Since
	}
	switch missed := now.Sub(last); {
	case missed < offersIn:
		return nil
	case v.Framework.LastOffer.IsZero():
		return why.NoOffers{}
	default:
		return why.NoOffers{For: missed}
	}
}
