package master

// Action is something a principal may be allowed to do, named as in Mesos' ACLs.
type Action string

// The actions a master asks about.
const (
	ActionRegisterFrameworks Action = "register_frameworks"
	ActionTeardownFrameworks Action = "teardown_frameworks"
	ActionRunTasks           Action = "run_tasks"
	ActionReserve            Action = "reserve_resources"
	ActionUnreserve          Action = "unreserve_resources"
	ActionCreateVolumes      Action = "create_volumes"
	ActionDestroyVolumes     Action = "destroy_volumes"
	ActionResizeVolumes      Action = "resize_volumes"
	ActionViewFrameworks     Action = "view_frameworks"
	ActionViewTasks          Action = "view_tasks"
	ActionViewExecutors      Action = "view_executors"
	ActionViewRoles          Action = "view_roles"
	ActionViewFlags          Action = "view_flags"
	ActionGetEndpoints       Action = "get_endpoints"
	ActionUpdateQuotas       Action = "update_quotas"
	ActionUpdateWeights      Action = "update_weights"
	ActionMarkAgentsGone     Action = "mark_agents_gone"
	ActionDrainAgents        Action = "drain_agents"
	ActionDeactivateAgents   Action = "deactivate_agents"
	ActionReactivateAgents   Action = "reactivate_agents"
)

// Authorizer decides whether a principal may do something to an object. The object is a role for register_frameworks
// and the resource actions, a user for run_tasks and the views of frameworks, tasks and executors, a framework's
// principal for teardown_frameworks, a path for get_endpoints, else empty. It must not block.
type Authorizer interface {
	// Authorized tells whether principal (nil: none) may do a to the object.
	Authorized(principal *string, a Action, object string) bool
}

func (s *base) authorized(principal *string, a Action, object string) bool {
	return s.deps.Authorizer == nil || s.deps.Authorizer.Authorized(principal, a, object)
}

// Authorized tells whether a principal (nil: none) may do a to the object; see [Authorizer].
func (m *Master) Authorized(principal *string, a Action, object string) bool {
	return m.deps.Authorizer == nil || m.deps.Authorizer.Authorized(principal, a, object)
}
