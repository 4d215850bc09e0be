package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// Error is an answer that says what went wrong: the server writes it as the
// body, the client returns it ("Marathon, HTTP API, Errors").
type Error struct {
	// Status is the HTTP status code.
	Status int `json:"-"`
	// Message says what is wrong and, where there is one, the way out.
	Message string `json:"message"`
	// Text is the detail of a 400, such as the parser's complaint.
	Text string `json:"-"`
	// Details names the members that are wrong, for a 422.
	Details []Detail `json:"-"`
	// Deployments lists what locks an App, for a 409; clients tell the two kinds of 409 apart by it.
	Deployments []DeploymentRef `json:"deployments,omitempty"`
}

// Detail is what is wrong with one member.
type Detail struct {
	// Path leads to the member, such as "/healthChecks(0)/portIndex"; "/" is the whole object.
	Path string `json:"path"`
	// Errors says what is wrong, one text each.
	Errors []string `json:"errors"`
}

// DeploymentRef names a deployment.
type DeploymentRef struct {
	ID string `json:"id"`
}

// The messages of unreadable and of unacceptable definitions, as Marathon words them.
const (
	messageInvalidJSON   = "Invalid JSON"
	messageInvalidObject = "Object is not valid"
)

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	if e.Text != "" {
		b.WriteString(": " + e.Text)
	}
	for _, d := range e.Details {
		fmt.Fprintf(&b, "\n  %s: %s", d.Path, strings.Join(d.texts(), ", "))
	}
	return b.String()
}

// texts returns the errors for people: without Marathon's codes, such as
// "error.expected.jsstring", where there is a text beside them.
func (d Detail) texts() []string {
	var texts []string
	for _, e := range d.Errors {
		if !strings.HasPrefix(e, "error.") {
			texts = append(texts, e)
		}
	}
	if texts == nil {
		return d.Errors
	}
	return texts
}

// body is the JSON form: details is a text or a list.
type body struct {
	Message     string          `json:"message"`
	Details     any             `json:"details,omitempty"`
	Deployments []DeploymentRef `json:"deployments,omitempty"`
}

// MarshalJSON writes the body as clients expect it.
func (e *Error) MarshalJSON() ([]byte, error) {
	b := body{Message: e.Message, Deployments: e.Deployments}
	switch {
	case e.Details != nil:
		b.Details = e.Details
	case e.Text != "":
		b.Details = e.Text
	}
	return Marshal(b)
}

// UnmarshalJSON reads both forms of details.
func (e *Error) UnmarshalJSON(data []byte) error {
	var b struct {
		body
		Details json.RawMessage `json:"details"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	e.Message, e.Deployments = b.Message, b.Deployments
	if len(b.Details) > 0 && json.Unmarshal(b.Details, &e.Details) != nil {
		e.Details = nil
		if json.Unmarshal(b.Details, &e.Text) != nil {
			e.Text = string(b.Details)
		}
	}
	return nil
}

// invalid turns the problems of a definition into a 422.
func invalid(message string, problems []app.Problem) *Error {
	e := &Error{Status: http.StatusUnprocessableEntity, Message: message, Details: []Detail{}}
	index := map[string]int{}
	for _, p := range problems {
		i, ok := index[p.Path]
		if !ok {
			i = len(e.Details)
			index[p.Path] = i
			e.Details = append(e.Details, Detail{Path: p.Path})
		}
		e.Details[i].Errors = append(e.Details[i].Errors, p.Text)
	}
	return e
}

// AsInvalid turns an *app.InvalidError into an *Error of status 422 and leaves
// others as they are.
func AsInvalid(err error) error {
	if e, ok := errors.AsType[*app.InvalidError](err); ok {
		return invalid(messageInvalidObject, e.Problems)
	}
	return err
}
