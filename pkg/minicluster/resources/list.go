// Package resources is Mesos' model of resources: lists of mesos-go resources with arithmetic on three decimals,
// reservation stacks, their formats on the wire, and validation.
//
// A [List] is always in the post-refinement format: reservations are a stack (field Reservations), the deprecated
// fields Role and Reservation are unset. [FromWire] brings what clients send into it; [List.PreRefinement] and
// [List.Endpoint] give what old clients and endpoints expect. Lists are values: no method changes its receiver.
package resources

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// List is a set of resources, in which no two entries could be added to one.
type List []mesos.Resource

// Plus returns the sum of two lists.
func (l List) Plus(other List) List { return append(l[:len(l):len(l)], other...) }
