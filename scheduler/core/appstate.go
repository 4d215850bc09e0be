package core

import (
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/matching"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// appState is what the State keeps of one App. What a launch touches stands last,
// next to the App's part of the market, which begins with it: with many Apps,
// fetching it from memory is most of the work.
type appState struct {
	trouble Trouble
	// deployment is the active one that locks the App, nil if none.
	deployment *deployment.Deployment
	// excused is how many launches in a row have failed by the fault of agents.
	excused int
	// deleted says that the App is gone once its last instance is; gone that it is.
	deleted, gone bool
	// settling says that the State's list of those has it.
	settling bool

	// page is the App's in the pictures for readers.
	page view.Page
	matching.App
}
