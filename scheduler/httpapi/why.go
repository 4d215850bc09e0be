package httpapi

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
)

// staleAfter is from when on a sentence about offers says how old it is.
const staleAfter = 2 * time.Minute

// wipeHintAfter is how long an instance waits for the agent with its data before
// giving the data up is suggested: an agent in use needs a while to make an offer.
const wipeHintAfter = time.Minute

// why says in a sentence why instances of an App wait: the first of what stops
// all launches, what stops the App's, and what was wrong with the offers.
func why(v *core.View, a *core.AppView, now time.Time) string {
	q := &a.Queue
	switch limit := limitReached(v, a); {
	case !v.Framework.Subscribed:
		return "the scheduler is not connected to a Mesos master"
	case q.DelayUntil.After(now):
		return backsOff(a, now)
	case limit != "":
		return limit
	case q.Explanation == "":
		return held(awaited(v, q, now), v, a)
	}
	text := q.Explanation
	if now.Sub(q.Since) < wipeHintAfter {
		text, _, _ = strings.Cut(text, core.WipeHint)
	}
	if age := now.Sub(q.LastUnused); age > staleAfter && !q.LastUnused.IsZero() {
		text += fmt.Sprintf(" (%v ago, when the last offers came)", age.Round(time.Second))
	}
	return held(text, v, a)
}

func backsOff(a *core.AppView, now time.Time) string {
	text := fmt.Sprintf("backs off for %v", max(time.Second, a.Queue.DelayUntil.Sub(now).Round(time.Second)))
	f := a.LastFailure
	if f == nil {
		return text + ": its last task ended by itself and without an error; an app's command has to go on running"
	}
	text += fmt.Sprintf(" after %v", f.State)
	if f.Message != "" {
		line, _, _ := strings.Cut(f.Message, "\n")
		text += ": " + line
	}
	return text
}

// limitReached names the queue whose limit keeps the App out, "" if none does.
func limitReached(v *core.View, a *core.AppView) string {
	need, path := a.Spec.Resources, a.Spec.Queue()
	for {
		if q, ok := share(v, path); ok {
			if name := q.Quota.Over(q.Used, need); name != "" {
				n, used, limit := amount(need, name), amount(q.Used, name), max(amount(q.Quota.Limit, name), 0)
				name = unit(name)
				if n > limit {
					return fmt.Sprintf("needs %v %s, more than the limit of queue %s, which is %v", n, name, path, limit)
				}
				return fmt.Sprintf("the limit of queue %s is reached: %v of %v %s are in use, an instance needs %v", path, used, limit, name, n)
			}
		}
		if path == "/" {
			return ""
		}
		if path = path[:strings.LastIndex(path, "/")]; path == "" {
			path = "/"
		}
	}
}

func share(v *core.View, path string) (fairshare.Share, bool) {
	i, ok := slices.BinarySearchFunc(v.Sharing.Queues, path, func(q fairshare.Share, p string) int { return strings.Compare(q.Queue, p) })
	if !ok {
		return fairshare.Share{}, false
	}
	return v.Sharing.Queues[i], true
}

// unit is how a sentence calls a resource.
func unit(name string) string {
	switch name {
	case "mem":
		return "MiB of memory"
	case "disk":
		return "MiB of disk"
	default:
		return name
	}
}

func amount(v resource.Vector, name string) resource.Scalar {
	switch name {
	case "cpus":
		return v.CPUs
	case "mem":
		return v.Mem
	case "disk":
		return v.Disk
	default:
		return v.GPUs
	}
}

// offersIn is how long offers may take to come before that is worth a word.
const offersIn = 10 * time.Second

// awaited says that no offers come, "" while they may be on their way.
func awaited(v *core.View, q *core.QueueView, now time.Time) string {
	last := v.Framework.LastOffer
	if last.Before(q.Since) {
		last = q.Since
	}
	if now.Sub(last) < offersIn {
		return ""
	}
	if v.Framework.LastOffer.IsZero() {
		return "no agent has offered anything since the scheduler began: there is none, or others use all"
	}
	return fmt.Sprintf("no agent has offered anything for %v: others may use all", now.Sub(last).Round(time.Second))
}

// held adds for whom agents are held, this App or others.
func held(text string, v *core.View, a *core.AppView) string {
	var others []string
	for _, h := range v.Sharing.Held {
		if h.App == a.Spec.ID {
			return strings.TrimPrefix(fmt.Sprintf("%s; agent %s is held for it until an instance fits there", text, hostname(v, h.Agent)), "; ")
		}
		others = append(others, string(h.App))
	}
	if len(others) == 0 {
		return text
	}
	return strings.Replace(text, "held for another App", "held for "+strings.Join(others, " and "), 1)
}

// hostname returns the name of an agent, its id if it is not known any more.
func hostname(v *core.View, id mesos.AgentID) string {
	if g, ok := v.Agent(id); ok {
		return g.Hostname
	}
	return string(id)
}
