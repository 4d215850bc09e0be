package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// matchPolled compares an answer with the part of it that a poll recorded: see projections.
func (r *Replay) matchPolled(want any, raw []byte, req *Request) error {
	if strings.HasPrefix(req.Path, "/files/read") {
		return matchEnvReady(raw)
	}
	answer, err := decodeJSON(raw)
	if err != nil {
		return err
	}
	var failed []error
	for _, got := range projections(want, answer) {
		attempt := r.binding.Clone()
		err := r.matcher.Match(want, got, attempt)
		if err == nil {
			r.binding.adopt(attempt)
			return nil
		}
		failed = append(failed, err)
	}
	if len(failed) == 0 {
		return fmt.Errorf("answer %s has no part like %s", show(answer), show(want))
	}
	return failed[0]
}

// matchEnvReady is satisfied once the executor has written its environment, which shows that its process runs.
func matchEnvReady(raw []byte) error {
	var answer struct {
		Data string `json:"data"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return fmt.Errorf("answer %.200q: %w", raw, err)
	}
	if !strings.Contains(answer.Data, "MESOS_EXECUTOR_ID=") {
		return errors.New("MESOS_EXECUTOR_ID is not in the file yet")
	}
	return nil
}

// projections are the parts of an answer that want may be meant to be, the likeliest first. Recordings show a part by
// its result only: a list of some fields, a count, ids, or counts and lists by name.
func projections(want, answer any) []any {
	object, ok := answer.(map[string]any)
	if !ok {
		return []any{answer}
	}
	kind, _ := object["type"].(string)
	payload, ok := object[strings.ToLower(kind)].(map[string]any)
	if !ok {
		return []any{answer}
	}
	noun := strings.ToLower(strings.TrimPrefix(kind, "GET_"))
	switch want := want.(type) {
	case json.Number, float64:
		return []any{json.Number(strconv.Itoa(len(asList(payload[noun]))))}
	case string:
		return drainState(payload)
	case []any:
		return projectLists(want, payload, noun)
	case map[string]any:
		if _, whole := want["type"]; whole {
			return []any{answer}
		}
		if part, ok := projectObject(want, payload, noun); ok {
			return []any{part}
		}
		return []any{answer, payload}
	default:
		return []any{answer}
	}
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}

// drainState is the drain state of the only agent.
func drainState(payload map[string]any) []any {
	agents := asList(payload["agents"])
	if len(agents) != 1 {
		return nil
	}
	agent, _ := agents[0].(map[string]any)
	info, _ := agent["drain_info"].(map[string]any)
	return []any{info["state"]}
}

// projectLists are the lists of the payload with their elements in the form of want's: the one the call is named
// after first, for tasks the completed ones.
func projectLists(want []any, payload map[string]any, noun string) []any {
	names := []string{noun}
	if noun == "tasks" {
		names = []string{"completed_tasks", "tasks"}
	}
	for _, name := range slices.Sorted(maps.Keys(payload)) {
		// A recovered agent is one that is missed: who waits for agents waits for registered ones.
		if !slices.Contains(names, name) && name != "recovered_agents" {
			names = append(names, name)
		}
	}
	var found []any
	for _, name := range names {
		if list := asList(payload[name]); list != nil || name == noun {
			found = append(found, projectList(want, list, noun))
		}
		if len(want) == 0 {
			break
		}
	}
	return found
}

func projectList(want, list []any, noun string) []any {
	out := make([]any, 0, len(list))
	for _, e := range list {
		element := e
		if len(want) > 0 {
			element = projectElement(want[0], e, noun)
		}
		out = append(out, element)
	}
	if noun == "executors" {
		// Recorded was the step's executor only; others may run beside it.
		return slices.DeleteFunc(out, func(e any) bool {
			return !slices.ContainsFunc(want, func(w any) bool { return executorID(w) == "" || executorID(w) == executorID(e) })
		})
	}
	return out
}

func executorID(v any) string {
	info, _ := asObject(v)["executor_info"].(map[string]any)
	id, _ := asObject(info["executor_id"])["value"].(string)
	return id
}

func asObject(v any) map[string]any {
	object, _ := v.(map[string]any)
	return object
}

// projectElement brings an element into the form of want: an id as text or {value}, or the element with what its
// last status says beside its own fields.
func projectElement(want, element any, noun string) any {
	object := asObject(element)
	id := elementID(object, strings.TrimSuffix(noun, "s"))
	switch want := want.(type) {
	case string:
		return id
	case map[string]any:
		if _, ok := want["value"]; ok && len(want) == 1 {
			return map[string]any{"value": id}
		}
		out := maps.Clone(object)
		if out == nil {
			return element
		}
		if _, ok := want["id"].(string); ok {
			out["id"] = id
		}
		statuses := asList(object["statuses"])
		if len(statuses) > 0 {
			last := asObject(statuses[len(statuses)-1])
			for _, key := range []string{"reason", "message", "source"} {
				if _, has := out[key]; !has && last[key] != nil {
					out[key] = last[key]
				}
			}
		}
		return out
	default:
		return element
	}
}

// elementID is the id of an agent, framework, task or executor as operator answers carry it.
func elementID(object map[string]any, noun string) any {
	for _, info := range []string{noun + "_info", ""} {
		holder := object
		if info != "" {
			holder = asObject(object[info])
		}
		for _, key := range []string{"id", noun + "_id"} {
			if v, ok := asObject(holder[key])["value"]; ok {
				return v
			}
		}
	}
	return nil
}

// projectObject answers {"frameworks": 0, "completed": [...]}: counts or lists by the names of the payload's lists.
func projectObject(want, payload map[string]any, noun string) (any, bool) {
	out := map[string]any{}
	for key, w := range want {
		name := key
		if key == "completed" {
			name = "completed_" + noun
		}
		list, there := payload[name].([]any)
		if !there && !strings.HasSuffix(name, noun) {
			return nil, false
		}
		switch w := w.(type) {
		case json.Number, float64:
			out[key] = json.Number(strconv.Itoa(len(list)))
		case []any:
			out[key] = projectList(w, list, noun)
		default:
			return nil, false
		}
	}
	return out, true
}

// matchEnvFile compares lines NAME=value; $ABSENT means that the variable must not be set.
func (r *Replay) matchEnvFile(want map[string]string, raw []byte) error {
	var answer struct {
		Data string `json:"data"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return fmt.Errorf("answer %.200q: %w", raw, err)
	}
	got := map[string]any{}
	for line := range strings.Lines(answer.Data) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
			got[name] = value
		}
	}
	expected := map[string]any{}
	for name, value := range want {
		expected[name] = value
	}
	return r.matcher.Match(expected, got, r.binding)
}

func decodeJSON(raw []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("answer %.300q is not JSON: %w", raw, err)
	}
	return v, nil
}
