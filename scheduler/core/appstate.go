package core

import (
	"time"

	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/matching"
)

// appState is what the State keeps of one App. What a launch touches stands last,
// next to the App's part of the market, which begins with it: with many Apps,
// fetching it from memory is most of the work.
type appState struct {
	trouble Trouble
	// explainedAt is when the App's rejections were last counted.
	explainedAt time.Time
	// attemptSince is the beginning of the wait that the rejections are counted for.
	attemptSince time.Time
	// deployment is the active one that holds the App, nil if none.
	deployment *deployment.Deployment
	// shown is the App in the last View, nil before the first.
	shown *AppView
	// excused is how many launches in a row have failed by the fault of agents.
	excused int
	// queue is what is told of those that wait, nil as long as there is nothing to tell.
	queue *QueueView
	// deleted says that the App is gone once its last instance is; gone that it is.
	deleted, gone bool
	// settling and altered say that the State's lists of those have it.
	settling, altered bool

	matching.App
}
