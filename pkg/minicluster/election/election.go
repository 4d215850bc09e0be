// Package election decides which master of a mini cluster leads, in ZooKeeper as Apache Mesos does or in memory.
//
// Each master contends with a [Group]; the member with the lowest sequence number leads. Agents and tools watch the
// same group for the leader.
package election

import (
	"context"
	"errors"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// ErrDeposed is returned to a leader that has lost its membership, for instance because its session expired. A master
// must end then: it cannot know what its successor has done.
var ErrDeposed = errors.New("no longer the leading master")

// Group is the masters of a cluster that contend for leadership.
type Group interface {
	// Contend makes the member described by info a candidate until ctx is done. It calls report, one call at a time,
	// whenever the leader changes; nil means that none is known. It returns ErrDeposed when info was the leader and
	// no longer is; losing a membership that does not lead only makes it contend again.
	Contend(ctx context.Context, info mesos.MasterInfo, gate *Gate, report func(leader *mesos.MasterInfo)) error
	// Watch calls report, one call at a time, whenever the leader changes, until ctx is done.
	Watch(ctx context.Context, gate *Gate, report func(leader *mesos.MasterInfo)) error
}
