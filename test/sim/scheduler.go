package sim

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// scheduler plays the loop and the client around the core: it collects events,
// steps, stores once, and sends.
type scheduler struct {
	w     *world
	state *core.State // nil while it is down
	// boot counts the starts; what belongs to an earlier one is void.
	boot    int
	inbox   []core.Event
	pumping bool
	wake    time.Time
	// stream is the client's subscription, 0 while it has none.
	stream int
	// ordered is when the last call whose order matters arrives.
	ordered time.Time
	asked   uint64
}

// load makes a state of what is stored.
func (s *scheduler) load() *core.State {
	w := s.w
	cfg := core.DefaultConfig()
	cfg.Rand = rand.New(rand.NewPCG(w.rng.Uint64(), 1))
	cfg.VersionsMax, cfg.ParseReport = 3, taskinfo.ParseReport
	cfg.Drain = w.hub.limit
	place := placement.NewCluster(placement.Config{
		Policy: placement.Policy(w.rng.IntN(3)), Rand: rand.New(rand.NewPCG(w.rng.Uint64(), 2)),
		Executor: executorCost, Role: role,
	})
	w.check.references("at a start")
	return core.New(cfg, place, w.store.Stored(), w.now)
}

func (s *scheduler) start() {
	s.boot++
	s.state = s.load()
	s.w.logf("scheduler starts")
	s.w.hub.begin(s.state.View())
	s.put(core.Tick{})
	s.subscribeSoon()
}

// crash ends the scheduler and has it start again from the store.
func (s *scheduler) crash(why string) {
	w := s.w
	w.logf("scheduler dies: %s", why)
	w.stats.Crashes++
	s.boot++
	s.state, s.inbox, s.pumping, s.wake, s.stream = nil, nil, false, time.Time{}, 0
	w.master.lostStream()
	w.after(w.between(100*time.Millisecond, 20*time.Second), s.start)
}

// later has something happen unless the scheduler dies before.
func (s *scheduler) later(d time.Duration, do func()) {
	boot := s.boot
	s.w.after(d, func() {
		if s.boot == boot && s.state != nil {
			do()
		}
	})
}

func (s *scheduler) subscribeSoon() {
	s.later(s.w.between(10*time.Millisecond, 2*time.Second), func() {
		if s.stream != 0 {
			return
		}
		if !s.w.master.subscribe() {
			s.subscribeSoon()
		}
	})
}

// disconnect breaks the subscription; the master may not notice.
func (s *scheduler) disconnect() {
	if s.state == nil || s.stream == 0 {
		return
	}
	s.w.logf("subscription breaks")
	s.stream = 0
	if s.w.chance(0.5) {
		s.w.master.lostStream()
	}
	s.put(core.FromMesos{Event: mesos.Disconnected{}})
	s.subscribeSoon()
}

// receive takes an event of the subscription with this number.
func (s *scheduler) receive(stream int, ev mesos.SchedulerEvent) {
	if s.state == nil {
		return
	}
	if _, first := ev.(mesos.Subscribed); first && s.stream == 0 {
		s.stream = stream
	}
	if s.stream == stream {
		s.put(core.FromMesos{Event: ev})
	}
}

// ask hands over a command, if the scheduler is up.
func (s *scheduler) ask(c core.Command) {
	if s.state != nil {
		s.asked++
		s.put(core.Asked{Command: c, Reply: s.asked})
	}
}

// put queues an event; all that wait by the time of the step are one batch.
func (s *scheduler) put(ev core.Event) {
	s.inbox = append(s.inbox, ev)
	if s.pumping {
		return
	}
	s.pumping = true
	d := s.w.between(0, time.Millisecond)
	if s.w.chance(s.w.faults.slow) {
		d = s.w.between(0, 2*time.Second)
	}
	s.later(d, s.pump)
}

// pump steps the core with all that waits and carries the effects out.
func (s *scheduler) pump() {
	s.pumping = false
	batch := s.inbox
	s.inbox = nil
	s.step(batch)
}

func (s *scheduler) step(batch []core.Event) {
	w := s.w
	var total core.Effects
	for _, ev := range batch {
		w.stats.Steps++
		w.logf("> %s", describeEvent(ev))
		before := s.state.View()
		eff := s.state.Step(w.now, ev)
		w.check.step(ev, before, s.state.View(), eff)
		w.hub.note(ev, eff.Persist)
		total.Merge(eff)
	}
	w.user.note(total)
	if w.chance(w.faults.crash) {
		s.crash("before the write")
		return
	}
	if len(total.Persist) > 0 && w.chance(w.faults.storeFails) {
		s.crash("the write fails")
		return
	}
	if len(total.Persist) > 0 && w.chance(w.faults.storeRefuses) {
		s.refused(batch, total.Calls)
		return
	}
	for _, c := range total.Persist {
		w.logf("      persist %s", coretest.DescribeChange(c))
		w.store.Apply(c)
		w.user.noteStored(c)
	}
	w.hub.update(s.state.View())
	for _, c := range total.Calls {
		if w.chance(w.faults.crash) {
			s.crash("before a call")
			return
		}
		w.logf("      call %s", coretest.DescribeCall(c))
		w.check.call(c)
		s.send(c)
	}
	if w.chance(w.faults.crash) {
		s.crash("before the answers")
		return
	}
	for _, r := range total.Replies {
		w.logf("      reply %v %v", r.Result.Deployment, r.Err)
		w.check.reply(r, total.Persist)
	}
	s.setWake(total.Wake)
}

// refused goes on as the loop does when the store refuses a write for what it holds:
// from the state before, with each event alone, so that only one has no effect.
func (s *scheduler) refused(batch []core.Event, unsent []core.Call) {
	s.w.logf("the write is refused")
	s.w.stats.Refusals++
	standing := s.state.Standing(unsent)
	if slices.ContainsFunc(batch, turns) {
		if len(batch) == 1 {
			s.crash("without a subscription that it could begin or end")
			return
		}
		standing = core.Standing{}
	}
	if len(batch) > 1 {
		standing.Offers = slices.DeleteFunc(standing.Offers, func(id mesos.OfferID) bool {
			return slices.ContainsFunc(batch, func(ev core.Event) bool { return offers(ev, id) })
		})
	}
	boot := s.boot
	s.state = s.load()
	s.step([]core.Event{core.Resumed{Standing: standing}})
	if len(batch) == 1 {
		return
	}
	for _, ev := range batch {
		if s.boot != boot || s.state == nil {
			return
		}
		s.step([]core.Event{ev})
	}
}

// turns reports whether an event begins or ends a subscription.
func turns(ev core.Event) bool {
	m, _ := ev.(core.FromMesos)
	switch m.Event.(type) {
	case mesos.Subscribed, mesos.Disconnected:
		return true
	}
	return false
}

func offers(ev core.Event, id mesos.OfferID) bool {
	m, _ := ev.(core.FromMesos)
	o, _ := m.Event.(mesos.Offers)
	return slices.ContainsFunc(o.Offers, func(o mesos.Offer) bool { return o.ID == id })
}

func (s *scheduler) setWake(at time.Time) {
	if at.IsZero() || at.Equal(s.wake) && at.After(s.w.now) {
		return
	}
	s.wake = at
	s.later(max(0, at.Sub(s.w.now)), func() {
		if s.wake.Equal(at) {
			s.wake = time.Time{}
			s.put(core.Tick{})
		}
	})
}

// send puts a call on its way: it may be lost, and those whose order is free
// may be doubled or overtaken.
func (s *scheduler) send(c core.Call) {
	w := s.w
	stream := s.stream
	arrive := func() { w.master.call(stream, c) }
	d := w.between(time.Millisecond, 100*time.Millisecond)
	if w.chance(w.faults.slow) {
		d = w.between(time.Millisecond, callMax)
	}
	lost, doubled := w.chance(w.faults.lose), w.chance(w.faults.double)
	if lost {
		w.logf("      ... which is lost")
		s.giveBack(stream, c)
		return
	}
	if orderFree(c) {
		w.after(d, arrive)
		if doubled {
			w.after(w.between(d, callMax), arrive)
		}
		return
	}
	at := w.now.Add(d)
	if s.ordered.After(at) {
		at = s.ordered
	}
	s.ordered = at
	w.at(at, arrive)
}

// giveBack declines offers whose call got no answer, once that is noticed:
// otherwise the master would hold them for as long as the subscription lasts.
func (s *scheduler) giveBack(stream int, c core.Call) {
	var ids []mesos.OfferID
	switch c := c.(type) {
	case *core.Launch:
		ids = c.OfferIDs
	case core.MesosCall:
		switch m := c.SchedulerCall.(type) {
		case mesos.Decline:
			ids = m.OfferIDs
		case mesos.Accept:
			ids = m.OfferIDs
		}
	}
	if ids != nil {
		again := core.MesosCall{SchedulerCall: mesos.Decline{OfferIDs: ids}}
		s.later(callMax, func() { s.w.master.call(stream, again) })
	}
}

// orderFree reports whether a call may overtake others, as the client has it.
func orderFree(c core.Call) bool {
	m, ok := c.(core.MesosCall)
	if !ok {
		return false
	}
	switch m.SchedulerCall.(type) {
	case mesos.Acknowledge, mesos.Kill, mesos.Reconcile:
		return true
	default:
		return false
	}
}
