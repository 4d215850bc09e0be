package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/roster"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// appState is what the State keeps of one App. What a launch touches stands last,
// next to the App's part of the roster, which begins with it: with many Apps,
// fetching it from memory is most of the work.
type appState struct {
	trouble Trouble
	// hoardAfter is when agents may be held for the App again.
	hoardAfter time.Time
	// overtakenAt is when others were last placed after it had its turn in vain.
	overtakenAt time.Time
	// deployment is the active one that holds the App, nil if none.
	deployment *deployment.Deployment
	// excused is how many launches in a row have failed by the fault of agents.
	excused   int
	queuePath string
	priority  int
	// hoardPause is how long hoardAfter was put off the last time in this wait.
	hoardPause time.Duration
	// waitsSince is when the oldest of the instances that want an offer began to,
	// zero while there is none.
	waitsSince time.Time

	// charge is what the App's tasks use, and count for in the queue of queuePath.
	charge charge
	// failures are the agents that the App failed on lately.
	failures map[mesos.AgentID]failures
	// plain is what placement prepared for all Apps that are like this one for it,
	// nil if that is not enough. demand is what it prepared for this one alone, nil
	// until it is needed.
	plain, demand *placement.Demand
	// deleted says that the App is gone once its last instance is; gone that it is.
	deleted, gone bool
	// settling and resting say that the State's lists of those have it.
	settling, resting bool

	// page is the App's in the pictures for readers.
	page view.Page
	roster.App
}

// served notes that none of the App's instances wants an offer any more.
func (a *appState) served() {
	a.waitsSince, a.hoardPause = time.Time{}, 0
	a.page.Served()
}

// launchable reports whether something of the App may be launched at now.
func (a *appState) launchable(now time.Time) bool {
	return a.Waiting() > 0 && !a.trouble.DelayUntil.After(now)
}
