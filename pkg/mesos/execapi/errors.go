package execapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Errors that end Run: in each case the executor must kill its tasks and exit.
var (
	// ErrForgotten means that the agent does not know the executor or its framework any more.
	ErrForgotten = errors.New("agent has forgotten the executor")
	// ErrDisconnected means that the agent is gone and the framework does not checkpoint.
	ErrDisconnected = errors.New("agent is gone, and without checkpointing there is no way back")
	// ErrRecoveryTimeout means that the agent did not come back in time.
	ErrRecoveryTimeout = errors.New("agent did not come back within the recovery timeout")
)

// ErrNotSubscribed means that a message was not sent because the agent is away.
var ErrNotSubscribed = errors.New("not subscribed with the agent")

// RefusedError means that the agent ended the subscription with an ERROR event.
type RefusedError struct {
	Message string // the agent's
}

// Error quotes the agent.
func (e *RefusedError) Error() string { return "agent ended the subscription: " + e.Message }

// StatusError is an answer of the agent that refuses a call.
type StatusError struct {
	Call    string // type of the call, such as "SUBSCRIBE"
	Status  int
	Message string // the agent's
}

// Error names the call, the status and the agent's words.
func (e *StatusError) Error() string {
	return fmt.Sprintf("call %s: status %d %s: %s", e.Call, e.Status, http.StatusText(e.Status), e.Message)
}

// Texts of the agent's answers that decide what a status means.
const (
	textUnknown       = "cannot be found"
	textNotSubscribed = "not subscribed"
)

// Temporary reports whether the agent may accept the same call later: it is
// starting, recovering or busy.
func (e *StatusError) Temporary() bool {
	switch e.Status {
	case http.StatusNotFound, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	default:
		return e.Status >= 500 && e.Status != http.StatusNotImplemented
	}
}

// Is makes the answer that framework or executor are unknown match ErrForgotten.
func (e *StatusError) Is(target error) bool {
	return target == ErrForgotten && e.Status == http.StatusBadRequest && strings.Contains(e.Message, textUnknown)
}

// lost reports whether the answer shows that the subscription is over.
func (e *StatusError) lost() bool {
	return e.Is(ErrForgotten) || e.Status == http.StatusForbidden && strings.Contains(e.Message, textNotSubscribed)
}
