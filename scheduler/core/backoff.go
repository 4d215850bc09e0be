package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/fault"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

const (
	// excusedMax is how many launches in a row an App may lose to the faults of
	// agents without a wait: enough to find another port or agent.
	excusedMax = 3
	// excuseWait is the first wait beyond that, which doubles up to excuseWaitMax;
	// it is short, since nothing is wrong with the App.
	excuseWait, excuseWaitMax = 2 * time.Second, 2 * time.Minute
	// faultAlarm is how many tasks in a row an agent has to fail for an alarm.
	faultAlarm = 3
)

// excuse notes a task's end that is its agent's fault: the App does not back off,
// and the next instance goes elsewhere, if there is an elsewhere. Where all
// agents have the fault, launches get rarer.
func (s *State) excuse(a *appState, i *instance.Instance, st mesos.TaskStatus, f fault.Fault) {
	a.noteFailure(s.now, i, st)
	s.market.Avoid(&a.App, i.AgentID)
	if f == fault.Agent {
		s.suspect(i, st)
	}
	if a.excused++; a.excused > excusedMax {
		wait := min(excuseWait<<min(a.excused-excusedMax-1, 10), excuseWaitMax)
		a.trouble.DelayUntil = later(a.trouble.DelayUntil, s.now.Add(wait))
		s.market.Rest(&a.App, a.trouble.DelayUntil)
	}
	s.saveTrouble(a)
}

// suspect has all Apps avoid an agent, and says so.
func (s *State) suspect(i *instance.Instance, st mesos.TaskStatus) {
	n := s.market.Suspect(i.AgentID)
	if n != 1 && n != faultAlarm {
		return
	}
	s.publish(&event.AgentAvoided{AgentID: i.AgentID, Host: i.Hostname, Message: st.Message, Failures: n, Alarm: n >= faultAlarm})
}

// fail notes a task's abnormal end and delays the App's next launches.
func (s *State) fail(a *appState, i *instance.Instance, st mesos.TaskStatus) {
	a.noteFailure(s.now, i, st)
	s.market.Avoid(&a.App, i.AgentID)
	s.delay(a)
}

// noteFailure remembers a task's abnormal end as the App's last one.
func (a *appState) noteFailure(now time.Time, i *instance.Instance, st mesos.TaskStatus) {
	a.trouble.Failure = &instance.TaskFailure{
		App: a.Spec().ID, TaskID: i.TaskID(), AgentID: i.AgentID, Host: i.Hostname, State: st.State, Reason: st.Reason,
		Message: st.Message, Version: i.Version, Timestamp: now,
	}
}

// delay makes the App wait before its next launch, longer after every failure
// ("Marathon, launch backoff").
func (s *State) delay(a *appState) {
	b := a.Spec().Backoff
	quiet := s.now.Sub(a.trouble.DelayUntil) > b.Max
	if a.trouble.Delay == 0 || quiet {
		a.trouble.Delay = b.Initial
	} else {
		a.trouble.Delay = min(time.Duration(float64(a.trouble.Delay)*b.Factor), b.Max)
	}
	a.trouble.DelayUntil = s.now.Add(a.trouble.Delay)
	s.market.Rest(&a.App, a.trouble.DelayUntil)
	s.saveTrouble(a)
}

func (s *State) saveTrouble(a *appState) {
	s.persist(PutTrouble{App: a.Spec().ID, Trouble: a.trouble})
	s.pictures.Changed(&a.page)
}

func (s *State) clearDelay(a *appState) {
	a.excused = 0
	if a.trouble.DelayUntil.IsZero() {
		return
	}
	a.trouble.Delay, a.trouble.DelayUntil = 0, time.Time{}
	s.market.Rest(&a.App, time.Time{})
	s.saveTrouble(a)
}
