package app

import (
	"slices"
	"strings"
)

// Rules are the settings of a scheduler by which definitions are completed and
// checked. The zero value is not useful; start from DefaultRules.
type Rules struct {
	// Roles are the Mesos roles that the framework subscribes with; the first is
	// the one an App gets that names none.
	Roles []string
	// DefaultNetwork is the name that a container network without one gets, ""
	// to demand a name.
	DefaultNetwork string
	// BridgeName is the network name that means bridge networking in the old
	// ipAddress form.
	BridgeName string
	// GPUs, Secrets and ExternalVolumes tell which optional features are on.
	GPUs, Secrets, ExternalVolumes bool
	// AnyDockerParameter leaves parameters of Docker containers to the executor, as
	// Mesos' own hands them to docker run; else package dockerparam lists what may be given.
	AnyDockerParameter bool
	// Launchable says why no task of an otherwise valid definition could ever be
	// launched; nil knows no such reason.
	Launchable func(s *Spec) []Problem
	// MaxInstances bounds an App's instances, at least 1.
	MaxInstances int
}

// InstancesMax is the default bound of an App's instances: far above any use
// known, and low enough that a slip of the finger does not exhaust the scheduler.
const InstancesMax = 100_000

// DefaultRules are the rules of a scheduler started without further flags.
func DefaultRules() Rules {
	return Rules{Roles: []string{"*"}, BridgeName: "mesos-bridge", MaxInstances: InstancesMax}
}

// In returns the rules for an App in a group at the top, which enforces its role
// or does not ("Marathon, roles"). was is the App's definition before, nil if it
// is new: the role that it has may stay.
func (r Rules) In(top ID, enforced bool, was *Spec) Rules {
	r.Roles = slices.Clone(r.Roles)
	if enforced && top != "/" {
		r.Roles = []string{top.GroupRole()}
	}
	if was != nil && !slices.Contains(r.Roles, was.Role) {
		r.Roles = append(r.Roles, was.Role)
	}
	return r
}

// GroupRole is the role of a group at the top: its name.
func (id ID) GroupRole() string { return strings.TrimPrefix(string(id), "/") }

// DefaultRole is the role of an App that names none.
func (r Rules) DefaultRole() string {
	if len(r.Roles) == 0 {
		return "*"
	}
	return r.Roles[0]
}
