// Package store is the contract of the scheduler's durable memory: records of
// bytes under slash-separated keys, written in atomic transactions. It knows
// nothing of what the records mean. Package boltstore keeps them in one file,
// package zkstore in ZooKeeper; package storetest checks both.
package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Limits that hold for every store, so that a record accepted by one is
// accepted by the other.
const (
	// KeyMax is the longest key in bytes.
	KeyMax = 2048
	// ValueMax is the largest value in bytes. ZooKeeper drops the connection
	// of a client that sends more than one MiB; this leaves room to spare.
	ValueMax = 448 << 10
)

var (
	// ErrNotLeader says that another scheduler owns the store, or may own it
	// by now. The store refuses every further write.
	ErrNotLeader = errors.New("this scheduler does not own the store any more")
	// ErrUnknownOutcome says that a transaction may or may not have been
	// written. The store refuses every further write; open it again and Load
	// to learn which.
	ErrUnknownOutcome = errors.New("the outcome of the transaction is unknown")
	// ErrClosed says that the store was closed before the call.
	ErrClosed = errors.New("the store is closed")
)

// Change is one write of a transaction: a nil Value deletes Key, an empty one
// that is not nil is a record without content.
type Change struct {
	Key   string
	Value []byte
}

// Store keeps records. All methods may be called from several goroutines.
type Store interface {
	// Append writes changes as one transaction, a later change of a key
	// winning over an earlier one; deleting an absent key is no error. When
	// it returns nil all of them survive a crash. When it fails none of them
	// was written, unless the error is ErrUnknownOutcome or ErrNotLeader.
	// It fails with ErrNotLeader once another scheduler owns the store; for
	// errors that may pass by themselves IsTemporary is true.
	Append(ctx context.Context, changes []Change) error
	// Load calls fn for every record, in ascending order of the key's bytes,
	// with a state that holds whole transactions only. The value is valid
	// during the call of fn and must not be changed. An error of fn ends Load.
	Load(ctx context.Context, fn func(key string, value []byte) error) error
	// Close gives the store up for the next owner. Calls under way end first.
	Close() error
}

// InvalidError says that a change can never be written.
type InvalidError struct {
	Key    string
	Reason string
}

// Error names the key and what is wrong with it.
func (e *InvalidError) Error() string {
	key := e.Key
	if len(key) > 80 {
		key = key[:80] + "..."
	}
	return fmt.Sprintf("record %q: %s", key, e.Reason)
}

// Rejected says that the transaction was refused for what it holds, and would be
// again: nothing was written, and the store goes on.
func (e *InvalidError) Rejected() bool { return true }

// IsTemporary tells whether the transaction that failed with err was not
// written and may succeed when it is tried again.
func IsTemporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// Check returns an InvalidError for the first change that no store accepts:
// a key that is empty, too long or has empty segments, or a value too large.
func Check(changes []Change) error {
	for i := range changes {
		if reason := fault(&changes[i]); reason != "" {
			return &InvalidError{Key: changes[i].Key, Reason: reason}
		}
	}
	return nil
}

func fault(c *Change) string {
	switch {
	case c.Key == "":
		return "the key is empty"
	case len(c.Key) > KeyMax:
		return fmt.Sprintf("the key has %d bytes, the limit is %d", len(c.Key), KeyMax)
	case c.Key[0] == '/' || c.Key[len(c.Key)-1] == '/' || strings.Contains(c.Key, "//"):
		return "the key has an empty segment"
	case len(c.Value) > ValueMax:
		return fmt.Sprintf("the value has %d bytes, the limit is %d; make the object smaller", len(c.Value), ValueMax)
	}
	return ""
}

// Examiner is a store that can be read although parts of it are damaged.
type Examiner interface {
	// Examine calls fn like Load, and goes on after what is damaged: then damage is
	// not nil and tells what it is, key names the record or what holds several, and
	// value is nil.
	Examine(ctx context.Context, fn func(key string, value []byte, damage error) error) error
}

// Keeper is a store that keeps copies of a state beside the state itself.
type Keeper interface {
	// Keep stores a copy under a name of letters, digits, dots and dashes. It
	// survives a crash when Keep returns nil. A copy of that name is replaced.
	Keep(ctx context.Context, name string, copy []byte) error
	// Kept returns a copy.
	Kept(ctx context.Context, name string) ([]byte, error)
}
