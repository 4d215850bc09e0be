package schedapi

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// ErrNotSubscribed means that there is no subscription to send a call on, or
// that it ended before the call was answered: the call may have had its effect
// or not. Reconcile after the next Subscribed instead of sending it again blindly.
var ErrNotSubscribed = errors.New("not subscribed to a master")

// RefusedError means that the master ended the subscription with an ERROR
// event. Subscribing again unchanged would fail again or fight another
// scheduler for the framework.
type RefusedError struct {
	Message string // the master's
}

// Error quotes the master.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("master ended the subscription: %s", e.Message)
}

// FailedOver reports whether another scheduler has subscribed with the same framework id.
func (e *RefusedError) FailedOver() bool { return strings.HasPrefix(e.Message, textFailedOver) }

// RemovedError means that the framework was torn down or that its failover
// timeout has passed: its id can never be used again.
type RemovedError struct {
	Framework string // id of the framework
	Message   string // the master's
}

// Error names the framework.
func (e *RemovedError) Error() string {
	return fmt.Sprintf("framework %s is gone for good: %s", e.Framework, e.Message)
}

// ConfigError means that the master understood SUBSCRIBE and refused it: credentials, user,
// name, address or encoding are wrong, and trying again changes nothing.
type ConfigError struct {
	Endpoint string // URL of the master
	Status   int    // of the answer; 200 when the answer itself was unusable
	Message  string // the master's
}

// Error names the master, the status and its words.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("subscribe at %s: %s: %s", e.Endpoint, statusText(e.Status), e.Message)
}

// Kind says what a failed call means.
type Kind uint8

// The kinds of failed calls.
const (
	// Temporary failures pass: the connection broke, the answer came late, the master is busy.
	Temporary Kind = iota + 1
	// Lost means that the subscription is over; the client is about to renew it.
	Lost
	// Bad means that the call itself is wrong; it will never be accepted.
	Bad
	// Unauthorized means that the credentials do not allow the call.
	Unauthorized
)

// String names the kind.
func (k Kind) String() string {
	switch k {
	case Temporary:
		return "temporary"
	case Lost:
		return "subscription lost"
	case Bad:
		return "bad call"
	case Unauthorized:
		return "unauthorized"
	default:
		return "unknown"
	}
}

// CallError tells why a call failed. Whether it had an effect is known only
// for Bad and Unauthorized ones: it had none.
type CallError struct {
	Call    string // type of the call, such as "ACCEPT"
	Kind    Kind
	Status  int    // of the answer, 0 when there was none
	Message string // the master's
	Err     error  // what went wrong when there was no answer
}

// Error names the call, the kind and the cause.
func (e *CallError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("call %s: %s: %v", e.Call, e.Kind, e.Err)
	}
	return fmt.Sprintf("call %s: %s: %s: %s", e.Call, e.Kind, statusText(e.Status), e.Message)
}

// Unwrap returns the cause when there was no answer.
func (e *CallError) Unwrap() error { return e.Err }

// Is makes a Lost error match ErrNotSubscribed.
func (e *CallError) Is(target error) bool { return e.Kind == Lost && target == ErrNotSubscribed }

// Temporary reports whether the same call may succeed later on this subscription.
func (e *CallError) Temporary() bool { return e.Kind == Temporary }

// Texts of the master's answers that decide what a status means.
const (
	textFailedOver    = "Framework failed over"
	textRemoved       = "Framework has been removed"
	textUnknown       = "Framework cannot be found"
	textNotSubscribed = "Framework is not subscribed"
	textOtherProtocol = "Framework is not connected via HTTP"
	textStreamID      = "stream ID"
	textNoLeader      = "No leader elected"
	textRecovering    = "not finished recovery"
)

// classify decides what the answer to a call means. Status alone is not
// enough: 400 and 403 stand for wrong calls, for missing rights and for a
// subscription that the master does not know any more.
func classify(status int, text string) Kind {
	switch status {
	case http.StatusUnauthorized:
		return Unauthorized
	case http.StatusForbidden:
		if contains(text, textNotSubscribed, textOtherProtocol) {
			return Lost
		}
		return Unauthorized
	case http.StatusBadRequest:
		if contains(text, textUnknown, textStreamID) {
			return Lost
		}
		return Bad
	case http.StatusConflict:
		return Lost
	case http.StatusServiceUnavailable:
		if contains(text, textNoLeader, textRecovering) {
			return Lost
		}
		return Temporary
	case http.StatusNotFound, http.StatusRequestTimeout, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		return Temporary
	}
	if status >= 300 && status < 400 {
		return Lost
	}
	return Bad
}

// retrySubscribe reports whether a master that answers SUBSCRIBE so may accept it later.
func retrySubscribe(status int) bool {
	switch status {
	case http.StatusNotFound, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	default:
		return status >= 300 && status < 400 || status >= 500 && status != http.StatusNotImplemented
	}
}

// contains reports whether one of the parts is in the text.
func contains(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}

func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("status %d %s", status, http.StatusText(status)))
}
