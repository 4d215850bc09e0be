package zkconn

import (
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"
)

var (
	// ErrExpired says that the session is over: ZooKeeper said so, or nothing
	// was heard from it for the whole session timeout. Its ephemeral nodes and
	// watches are gone or will be. Open another session.
	ErrExpired = errors.New("the ZooKeeper session expired")
	// ErrClosed says that the session was closed by its owner.
	ErrClosed = errors.New("the ZooKeeper session is closed")
)

// Outcome is what a failed call may have done.
type Outcome int

const (
	// Refused calls reached ZooKeeper, which said no: nothing was changed.
	Refused Outcome = iota + 1
	// NotSent calls never left this process: nothing was changed.
	NotSent
	// Unknown is the outcome of calls whose answer was lost.
	Unknown
)

// String returns the outcome in words.
func (o Outcome) String() string {
	switch o {
	case Refused:
		return "refused"
	case NotSent:
		return "not sent"
	case Unknown:
		return "outcome unknown"
	default:
		return fmt.Sprintf("Outcome(%d)", int(o))
	}
}

// OpError is the error of every call of a Session. It wraps what the client
// library or the context reported, such as zk.ErrNoNode.
type OpError struct {
	Op      string
	Path    string
	Outcome Outcome
	Err     error
}

// Error names the operation, the znode and the cause.
func (e *OpError) Error() string {
	text := "ZooKeeper " + e.Op + " " + e.Path + ": " + e.Err.Error()
	switch {
	case errors.Is(e.Err, zk.ErrNoAuth), errors.Is(e.Err, zk.ErrAuthFailed):
		text += "; give the user and password that own the node, as in zk://user:password@host:2181/path"
	case e.Outcome != Refused:
		text += " (" + e.Outcome.String() + ")"
	}
	return text
}

// Unwrap returns the cause.
func (e *OpError) Unwrap() error { return e.Err }

// OutcomeOf returns what the failed call may have done; errors that no Session
// made count as Unknown.
func OutcomeOf(err error) Outcome {
	if e, ok := errors.AsType[*OpError](err); ok {
		return e.Outcome
	}
	return Unknown
}

// refusals are the answers by which ZooKeeper says that it did nothing.
var refusals = []error{
	zk.ErrNoNode, zk.ErrNodeExists, zk.ErrBadVersion, zk.ErrNoAuth, zk.ErrAuthFailed, zk.ErrInvalidACL,
	zk.ErrNotEmpty, zk.ErrNoChildrenForEphemerals, zk.ErrBadArguments, zk.ErrAPIError, zk.ErrNothing,
	zk.ErrInvalidPath, zk.ErrShortBuffer,
}

// outcomeOf judges an error of the client library for a call handed to it.
func outcomeOf(err error) Outcome {
	for _, refusal := range refusals {
		if errors.Is(err, refusal) {
			return Refused
		}
	}
	// ErrNoServer is given to calls that waited for a connection in vain; a
	// moved session is refused before anything is done.
	if errors.Is(err, zk.ErrNoServer) || errors.Is(err, zk.ErrSessionMoved) {
		return NotSent
	}
	return Unknown
}

// answered tells whether err, or its absence, came from a server.
func answered(err error) bool {
	return err == nil || outcomeOf(err) == Refused &&
		!errors.Is(err, zk.ErrInvalidPath) && !errors.Is(err, zk.ErrShortBuffer)
}

// IsSessionOver tells whether err says that the session ended, rather than
// that one call failed.
func IsSessionOver(err error) bool { return errors.Is(err, ErrExpired) || errors.Is(err, ErrClosed) }
