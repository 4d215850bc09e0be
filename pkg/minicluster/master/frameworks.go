package master

import (
	"fmt"
	"net/http"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/constraints"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
	"github.com/gantry-mesos/gantry/pkg/minicluster/validation"
)

// frameworks are those not removed, from their subscription to their end.
type frameworks struct {
	*base
	inverse   *inverse
	offers    *offers
	tasks     *tasks
	executors *executors
}

// framework is what only this package knows of a framework.
type framework struct {
	stream   *stream
	failover *mailbox.Timer
	filter   *constraints.Filter // compiled Constraints
}

func (s *frameworks) teardown(principal *string, id string) *CallError {
	fw := s.Frameworks[id]
	if fw == nil {
		return refuse(http.StatusBadRequest, "No framework found with specified ID")
	}
	if !s.authorized(principal, ActionTeardownFrameworks, fw.Info.GetPrincipal()) {
		return forbidden()
	}
	s.remove(fw)
	return nil
}

// remove ends a framework for good: its executors are shut down, its tasks are killed, nothing is told to its
// scheduler (Mesos, scheduler HTTP API, TEARDOWN).
func (s *frameworks) remove(fw *Framework) {
	s.log.Info("framework removed", fieldFramework(fw.ID), zap.Int("tasks", len(fw.Tasks)))
	fw.failover.Stop()
	if fw.stream != nil {
		fw.stream.end()
	}
	fw.stream, fw.Connected, fw.Active, fw.Recovered = nil, false, false, false
	s.alloc.DeactivateFramework(fw.ID)
	for _, o := range fw.Offers {
		s.offers.takeBack(o, 0)
	}
	for _, o := range fw.InverseOffers {
		s.inverse.drop(o)
	}
	for _, a := range s.Agents {
		a.send(link.ShutdownFramework{FrameworkID: mesos.FrameworkID{Value: fw.ID}})
	}
	for _, t := range fw.Tasks {
		if !terminal(t.GetState()) {
			status := masterStatus(t.TaskID, mesos.TASK_KILLED, mesos.REASON_FRAMEWORK_REMOVED,
				fmt.Sprintf("Framework %s removed", fw.ID))
			status.AgentID = &mesos.AgentID{Value: t.AgentID.Value}
			s.tasks.update(fw, t, status, mesos.TASK_KILLED)
		}
		s.tasks.remove(fw, t)
	}
	for agentID, executors := range fw.Executors {
		for executorID := range executors {
			s.executors.remove(fw, s.Agents[agentID], executorID)
		}
	}
	s.alloc.RemoveFramework(fw.ID)
	delete(s.Frameworks, fw.ID)
	fw.Unregistered = time.Now()
	s.CompletedFrameworks = append(s.CompletedFrameworks, fw)
	if over := len(s.CompletedFrameworks) - s.cfg.MaxCompletedFrameworks; over > 0 {
		s.CompletedFrameworks = append([]*Framework(nil), s.CompletedFrameworks[over:]...)
	}
	s.watchers.emit(FrameworkRemoved{fw.Info})
}

// recover adds a framework that is known only from an agent. It gets no offers until its scheduler subscribes.
func (s *frameworks) recover(info mesos.FrameworkInfo) *Framework {
	fw := s.add(info, offerSettings{})
	fw.Recovered = true
	s.alloc.AddFramework(fw.ID, fw.allocatorFramework(), false)
	s.watchers.emit(FrameworkAdded{fw})
	return fw
}

// subscribe attaches a stream to a new or known framework and returns its id. A refused subscription gets one ERROR
// event and the id is "".
func (s *frameworks) subscribe(req request, st *stream) string {
	info := *req.call.Subscribe.FrameworkInfo
	if info.ID == nil {
		s.count("messages_register_framework")
	} else {
		s.count("messages_reregister_framework")
	}
	if info.Principal == nil {
		info.Principal = req.principal
	}
	oc := req.ext.constraints()
	text := s.limits().InvalidFramework(&info)
	var filter *constraints.Filter
	if text == "" {
		filter, text = validation.OfferSettings(&info, req.call.Subscribe.SuppressedRoles, oc)
	}
	if text == "" {
		text = s.unauthorized(req.principal, &info)
	}
	fw := s.Frameworks[info.ID.GetValue()]
	if text == "" {
		text = s.refuseKnown(&info, fw)
	}
	if text != "" {
		s.log.Info("subscription refused", zap.String("reason", text))
		st.send(&scheduler.Event{Type: scheduler.Event_ERROR, Error: &scheduler.Event_Error{Message: text}})
		st.end()
		return ""
	}
	settings := offerSettings{oc, filter, req.call.Subscribe.SuppressedRoles}
	if fw == nil {
		fw = s.add(info, settings)
		s.connect(fw, st)
		s.alloc.AddFramework(fw.ID, fw.allocatorFramework(), true)
		s.watchers.emit(FrameworkAdded{fw})
	} else {
		s.resubscribe(fw, info, settings, st)
		s.watchers.emit(FrameworkUpdated{fw})
	}
	return fw.ID
}

// limits are what this master lets frameworks be.
func (s *frameworks) limits() validation.Master {
	return validation.Master{Roles: s.cfg.Roles, Root: s.cfg.RootSubmissions}
}

func (s *frameworks) unauthorized(principal *string, info *mesos.FrameworkInfo) string {
	if principal == nil {
		principal = info.Principal
	}
	roles := validation.Roles(info)
	for _, role := range roles {
		if !s.authorized(principal, ActionRegisterFrameworks, role) {
			return fmt.Sprintf("Not authorized to register framework %s with roles %s", info.ID.GetValue(), validation.Set(roles))
		}
	}
	return ""
}

// refuseKnown checks a FrameworkInfo against what is known of its id.
func (s *frameworks) refuseKnown(info *mesos.FrameworkInfo, fw *Framework) string {
	if fw != nil {
		if !fw.Recovered && samePrincipal(fw.Info.Principal, info.Principal) || fw.Recovered {
			return ""
		}
		return "Changing framework's principal is not allowed."
	}
	if s.completed(info.ID.GetValue()) {
		return "Framework has been removed"
	}
	return ""
}

// add adds a framework without a stream. The allocator is told by the caller.
func (s *frameworks) add(info mesos.FrameworkInfo, settings offerSettings) *Framework {
	if info.ID.GetValue() == "" {
		info.ID = &mesos.FrameworkID{Value: s.ids.framework()}
	}
	now := time.Now()
	fw := &Framework{
		ID: info.ID.Value, Info: info, Registered: now, Reregistered: now,
		Tasks:         make(map[string]*Task),
		Executors:     make(map[string]map[string]mesos.ExecutorInfo),
		Offers:        make(map[string]*Offer),
		InverseOffers: make(map[string]*InverseOffer),
		Operations:    make(map[string]*Operation),
	}
	fw.apply(settings)
	s.Frameworks[fw.ID] = fw
	s.log.Info("framework added", fieldFramework(fw.ID))
	return fw
}

// connect makes st the stream of the framework and greets.
func (s *frameworks) connect(fw *Framework, st *stream) {
	fw.stream = st
	fw.Connected, fw.Active, fw.Recovered = true, true, false
	interval := s.cfg.HeartbeatInterval.Seconds()
	info := s.Info
	fw.send(&scheduler.Event{Type: scheduler.Event_SUBSCRIBED, Subscribed: &scheduler.Event_Subscribed{
		FrameworkID: fw.Info.ID, HeartbeatIntervalSeconds: &interval, MasterInfo: &info,
	}})
	fw.send(heartbeat)
}

// resubscribe gives a known framework a new stream and description.
func (s *frameworks) resubscribe(fw *Framework, info mesos.FrameworkInfo, settings offerSettings, st *stream) {
	fw.failover.Stop()
	fw.failover = nil
	if fw.stream != nil {
		fw.stream.send(&scheduler.Event{
			Type: scheduler.Event_ERROR, Error: &scheduler.Event_Error{Message: "Framework failed over"},
		})
		fw.stream.end()
	}
	for _, o := range fw.Offers {
		s.offers.takeBack(o, 0)
	}
	for _, o := range fw.InverseOffers {
		s.inverse.drop(o)
	}
	fw.Info = merged(fw.Info, info, fw.Recovered)
	fw.apply(settings)
	fw.Reregistered = time.Now()
	s.connect(fw, st)
	s.alloc.UpdateFramework(fw.ID, fw.allocatorFramework())
	s.alloc.ActivateFramework(fw.ID)
	s.tellAgents(fw)
	s.log.Info("framework subscribed again", fieldFramework(fw.ID))
}

// tellAgents sends the framework's description to the agents where it has something.
func (s *frameworks) tellAgents(fw *Framework) {
	for _, a := range s.Agents {
		if len(a.Tasks[fw.ID]) > 0 || len(a.Executors[fw.ID]) > 0 {
			a.send(link.UpdateFramework{Framework: fw.Info})
		}
	}
}

// streamClosed takes note that the scheduler's connection has ended. That of an older stream means nothing.
func (s *frameworks) streamClosed(id string, st *stream) {
	fw := s.Frameworks[id]
	if fw == nil || fw.stream != st {
		return
	}
	s.log.Info("framework disconnected", fieldFramework(id))
	fw.stream, fw.Connected, fw.Active = nil, false, false
	s.alloc.DeactivateFramework(id)
	for _, o := range fw.Offers {
		s.offers.takeBack(o, 0)
	}
	for _, o := range fw.InverseOffers {
		s.inverse.drop(o)
	}
	timeout := time.Duration(fw.Info.GetFailoverTimeout() * float64(time.Second))
	if timeout <= 0 {
		s.remove(fw)
		return
	}
	fw.failover = s.box.After(timeout, func() { s.remove(fw) })
}

// update is the call UPDATE_FRAMEWORK; it returns the refusal as status and text, 0 if there is none.
func (s *frameworks) update(fw *Framework, req request) *CallError {
	update := req.call.UpdateFramework
	info := update.FrameworkInfo
	if info.Principal == nil {
		info.Principal = req.principal
	}
	if text := s.limits().InvalidFramework(&info); text != "" {
		return refuse(400, "Supplied FrameworkInfo is not valid: %s", text)
	}
	oc := req.ext.constraints()
	filter, text := validation.OfferSettings(&info, update.SuppressedRoles, oc)
	if text != "" {
		return refuse(400, "%s", text)
	}
	const change = "FrameworkInfo update is not valid: "
	switch old := fw.Info; {
	case !samePrincipal(old.Principal, info.Principal):
		return refuse(400, change+"Changing framework's principal is not allowed.")
	case old.User != info.User:
		return refuse(400, change+"Updating 'FrameworkInfo.user' is unsupported; attempted to update from '%s' to '%s'",
			old.User, info.User)
	case old.GetCheckpoint() != info.GetCheckpoint():
		return refuse(400, change+"Updating 'FrameworkInfo.checkpoint' is unsupported; attempted to update from '%t' to '%t'",
			old.GetCheckpoint(), info.GetCheckpoint())
	}
	if text := s.unauthorized(req.principal, &info); text != "" {
		return refuse(403, "%s", text)
	}
	fw.Info = merged(fw.Info, info, false)
	fw.apply(offerSettings{oc, filter, update.SuppressedRoles})
	s.alloc.UpdateFramework(fw.ID, fw.allocatorFramework())
	s.rescindForeign(fw)
	s.tellAgents(fw)
	s.watchers.emit(FrameworkUpdated{fw})
	return nil
}

// rescindForeign takes back offers of roles that the framework no longer has.
func (s *frameworks) rescindForeign(fw *Framework) {
	roles := make(map[string]bool)
	for _, role := range validation.Roles(&fw.Info) {
		roles[role] = true
	}
	for _, o := range fw.Offers {
		if !roles[o.Role] {
			s.offers.rescind(o)
		}
	}
}

// offerSettings come beside the FrameworkInfo in SUBSCRIBE and UPDATE_FRAMEWORK.
type offerSettings struct {
	constraints *constraints.OfferConstraints
	filter      *constraints.Filter
	suppressed  []string
}
