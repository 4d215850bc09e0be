package volumes

import (
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// HomeFor is where the volumes of a new resident instance are made that is placed at.
func HomeFor(id instance.ID, run *runspec.Run, at *placement.Assignment) *instance.Home {
	h := &instance.Home{Site: *at.Site, Role: at.Role}
	for _, v := range run.Container.Volumes {
		if v.Persistent != nil {
			h.Volumes = append(h.Volumes, instance.Volume{
				ContainerPath: v.ContainerPath, PersistenceID: placement.VolumeID(string(id), v.ContainerPath),
			})
		}
	}
	return h
}

// AfterRefusal decides, from the master's answer to a first launch, about a home
// that is not confirmed. Without valid offers the master did nothing of the
// ACCEPT: the instance starts over anywhere. A task that the master refused never
// reached the agent: whatever the operations before it made is empty and freed.
// All other ends leave it open, until an offer shows more.
func AfterRefusal(over *instance.Instance, st mesos.TaskStatus) *instance.Instance {
	if over.Home == nil || over.Home.Made || st.Source != mesos.SourceMaster {
		return over
	}
	switch {
	case st.Reason == mesos.ReasonInvalidOffers:
		return over.At(nil)
	case over.Condition == instance.Errored:
		return over.WithGoal(instance.GoalDecommissioned)
	default:
		return over
	}
}

// Missing returns the waiting instance of an App that has waited longest for its
// home, nil if none does.
func Missing(instances func(yield func(*instance.Instance) bool)) *instance.Instance {
	var oldest *instance.Instance
	for i := range instances {
		if i.Home != nil && i.Goal == instance.GoalRunning && i.Condition == instance.Scheduled && (oldest == nil || i.Since.Before(oldest.Since)) {
			oldest = i
		}
	}
	return oldest
}
