package conformance

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
)

// A rule is what every message of a kind obeys that a master or agent is meant to take. The words are the refusal.
type rule struct {
	api   string // "scheduler", "executor", "operator", or "" for all
	types string // types of calls, separated by spaces; "" for all
	check func(m *message) string
}

// message is a call on its way: the body as JSON, the headers with their placeholders replaced.
type message struct {
	kind    string
	body    map[string]any
	headers map[string]string
}

const (
	withoutFrameworkID = "SUBSCRIBE"
	withoutPart        = "TEARDOWN REVIVE SUPPRESS HEARTBEAT"
)

// rules are the stateless checks of real masters and agents (Mesos, scheduler HTTP API and executor HTTP API, calls). A
// call of type UNKNOWN is never sent: it ends a real master.
func rules() []rule {
	return []rule{
		{"", "", func(m *message) string {
			if m.kind == "" || m.kind == "UNKNOWN" {
				return "Expecting 'type' to be present"
			}
			return ""
		}},
		{"", "", func(m *message) string {
			if m.header("Content-Type") == "" {
				return "Expecting 'Content-Type' to be present"
			}
			return ""
		}},
		{"scheduler", "", framework},
		{"scheduler", "", part},
		{"scheduler", "", streamHeader},
		{"scheduler", "SUBSCRIBE", present("framework_info.user", "framework_info.name")},
		{"scheduler", "SUBSCRIBE UPDATE_FRAMEWORK", sameFramework},
		{"scheduler", "KILL", present("task_id.value")},
		{"scheduler", "SHUTDOWN", present("executor_id.value", "agent_id.value")},
		{"scheduler", "ACKNOWLEDGE", present("agent_id.value", "task_id.value")},
		{"scheduler", "ACKNOWLEDGE_OPERATION_STATUS", present("agent_id.value", "operation_id.value")},
		{"scheduler", "ACKNOWLEDGE ACKNOWLEDGE_OPERATION_STATUS", validUUID("uuid")},
		{"scheduler", "MESSAGE", present("agent_id.value", "executor_id.value")},
		{"", "MESSAGE", encoded("data")},
		{"executor", "", func(m *message) string {
			return missing(m.body, "executor_id.value", "framework_id.value")
		}},
		{"executor", "", part},
		{"executor", "UPDATE", present("status.task_id.value", "status.state")},
		{"executor", "UPDATE", validUUID("status.uuid")},
		{"executor", "UPDATE", update},
		{"executor", "SUBSCRIBE", unacknowledged},
	}
}

// checkMessage returns the rules that a message breaks.
func checkMessage(to, path string, headers map[string]string, body any) error {
	object, ok := body.(map[string]any)
	if !ok {
		return errors.New("message is no JSON object")
	}
	kind, _ := object["type"].(string)
	m := &message{kind: kind, body: object, headers: headers}
	name := apiName(to, path)
	var broken []error
	if err := decodes(to, path, object); err != nil {
		broken = append(broken, fmt.Errorf("%s call %s: %w", name, kind, err))
	}
	for _, r := range rules() {
		if r.api != "" && r.api != name || r.types != "" && !among(kind, r.types) {
			continue
		}
		if problem := r.check(m); problem != "" {
			broken = append(broken, fmt.Errorf("%s call %s: %s", name, kind, problem))
		}
	}
	return errors.Join(broken...)
}

// decodes returns nil if a body is a message of its API with all fields that are required, however deep they are.
func decodes(to, path string, body map[string]any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return codec.UnmarshalJSON(text, apiOf(to, path).call())
}

func apiName(to, path string) string {
	path, _, _ = strings.Cut(path, "?")
	switch {
	case strings.HasSuffix(path, "/api/v1/scheduler"):
		return "scheduler"
	case strings.HasSuffix(path, "/api/v1/executor"):
		return "executor"
	default:
		return "operator of " + to
	}
}

// isCall tells whether a request carries a call and is meant to be taken: a case may send what must be refused.
func isCall(method, path string, expected int) bool {
	path, _, _ = strings.Cut(path, "?")
	return method == http.MethodPost && expected/100 == 2 &&
		(strings.HasSuffix(path, "/api/v1") || strings.Contains(path, "/api/v1/"))
}

func among(kind, types string) bool {
	return slices.Contains(strings.Fields(types), kind)
}

func (m *message) header(name string) string {
	for n, v := range m.headers {
		if strings.EqualFold(n, name) {
			return v
		}
	}
	return ""
}

// part is the sub-message that belongs to the type.
func (m *message) part() map[string]any {
	p, _ := m.body[strings.ToLower(m.kind)].(map[string]any)
	return p
}

// at follows names separated by dots.
func at(object map[string]any, path string) any {
	var v any = object
	for name := range strings.SplitSeq(path, ".") {
		o, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = o[name]
	}
	return v
}

func missing(object map[string]any, paths ...string) string {
	for _, p := range paths {
		if at(object, p) == nil {
			return "Expecting '" + p + "' to be present"
		}
	}
	return ""
}

// present wants fields of the sub-message.
func present(paths ...string) func(*message) string {
	return func(m *message) string { return missing(m.part(), paths...) }
}

func framework(m *message) string {
	if among(m.kind, withoutFrameworkID) {
		return ""
	}
	return missing(m.body, "framework_id.value")
}

func part(m *message) string {
	if m.part() == nil && !among(m.kind, withoutPart) {
		return "Expecting '" + strings.ToLower(m.kind) + "' to be present"
	}
	return ""
}

func streamHeader(m *message) string {
	id := m.header("Mesos-Stream-Id")
	switch {
	case m.kind == "SUBSCRIBE" && id != "":
		return "Subscribe calls should not include the 'Mesos-Stream-Id' header"
	case m.kind != "SUBSCRIBE" && id == "":
		return "All non-subscribe calls should include the 'Mesos-Stream-Id' header"
	}
	return ""
}

func sameFramework(m *message) string {
	inside, _ := at(m.part(), "framework_info.id.value").(string)
	outside, _ := at(m.body, "framework_id.value").(string)
	if inside != outside {
		return fmt.Sprintf("'framework_id' %q differs from 'framework_info.id' %q", outside, inside)
	}
	return ""
}

// decodeBytes reads a field of type bytes, which is base64 in JSON.
func decodeBytes(object map[string]any, path string) (value []byte, problem string) {
	text, ok := at(object, path).(string)
	if !ok {
		return nil, "Expecting '" + path + "' to be present"
	}
	value, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Sprintf("'%s' is not base64: %v", path, err)
	}
	return value, ""
}

func encoded(path string) func(*message) string {
	return func(m *message) string {
		_, problem := decodeBytes(m.part(), path)
		return problem
	}
}

func validUUID(path string) func(*message) string {
	return func(m *message) string { return uuidAt(m.part(), path) }
}

func uuidAt(object map[string]any, path string) string {
	b, problem := decodeBytes(object, path)
	if problem != "" {
		return problem
	}
	return codec.InvalidUUID(b)
}

func update(m *message) string {
	status, _ := m.part()["status"].(map[string]any)
	return statusProblem(m, status)
}

func statusProblem(m *message, status map[string]any) string {
	executor := at(m.body, "executor_id.value")
	switch own := at(status, "executor_id.value"); {
	case own != nil && own != executor:
		return fmt.Sprintf("ExecutorID in Call: %v does not match ExecutorID in TaskStatus: %v", executor, own)
	case status["source"] != "SOURCE_EXECUTOR":
		return fmt.Sprintf("invalid source %v, expecting 'SOURCE_EXECUTOR'", status["source"])
	case status["state"] == "TASK_STAGING":
		return "TASK_STAGING is not allowed"
	}
	return ""
}

// unacknowledged checks the updates that an executor repeats when it subscribes again.
func unacknowledged(m *message) string {
	for i, u := range asList(m.part()["unacknowledged_updates"]) {
		o, _ := u.(map[string]any)
		status, _ := o["status"].(map[string]any)
		problem := uuidAt(status, "uuid")
		if problem == "" {
			problem = statusProblem(m, status)
		}
		if problem != "" {
			return fmt.Sprintf("unacknowledged update %d: %s", i+1, problem)
		}
	}
	return ""
}
