package conformance

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// unordered are the keys whose lists may come in any order.
var unordered = []string{"offers", "agents", "frameworks", "tasks", "executors", "slaves", "roles", "containers", "windows", "file_infos"}

const numberTolerance = 1e-6

// Matcher compares answers with expectations.
type Matcher struct {
	// Strict compares texts meant for people word by word; otherwise they only must be there.
	Strict bool
	// Wording collects differences of such texts while Strict is off.
	Wording []string
}

// Match tells how got differs from want, nil if it does not. Placeholders are bound in b, also when it fails.
func (m *Matcher) Match(want, got any, b *Binding) error { return m.match("", "", want, got, b) }

func jsonNumber(s string) json.Number { return json.Number(s) }

func (m *Matcher) match(path, key string, want, got any, b *Binding) error {
	switch want := want.(type) {
	case nil:
		if got != nil {
			return fmt.Errorf("%s: got %s, want null or nothing", path, show(got))
		}
		return nil
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: got %s, want an object", path, show(got))
		}
		return m.matchObject(path, want, object, b)
	case []any:
		return m.matchArray(path, key, want, got, b)
	case string:
		return m.matchText(path, key, want, got, b)
	case bool:
		if got != want {
			return fmt.Errorf("%s: got %s, want %v", path, show(got), want)
		}
		return nil
	default:
		w, ok := number(want)
		g, ok2 := number(got)
		if _, text := got.(string); !ok || !ok2 || text || math.Abs(w-g) > numberTolerance {
			return fmt.Errorf("%s: got %s, want %s", path, show(got), show(want))
		}
		return nil
	}
}

func (m *Matcher) matchObject(path string, want, got map[string]any, b *Binding) error {
	// Sorted, so that placeholders are bound in the same order every time.
	for _, key := range slices.Sorted(maps.Keys(want)) {
		w := want[key]
		name, optional := strings.CutSuffix(key, "?")
		bound, err := b.Expand(name)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		g, there := got[bound]
		at := path + "." + name
		if w == "$ABSENT" {
			if there && g != nil {
				return fmt.Errorf("%s: got %s, want it absent", at, show(g))
			}
			continue
		}
		if !there {
			if list, ok := w.([]any); optional || w == nil || ok && len(list) == 0 {
				continue
			}
			return fmt.Errorf("%s: missing, want %s", at, show(w))
		}
		if err := m.match(at, name, w, g, b); err != nil {
			return err
		}
	}
	return nil
}

func (m *Matcher) matchArray(path, key string, want []any, got any, b *Binding) error {
	list, ok := got.([]any)
	if got == nil {
		list, ok = nil, true
	}
	if !ok {
		return fmt.Errorf("%s: got %s, want a list", path, show(got))
	}
	subset := len(want) > 0 && want[0] == "$SUBSET"
	if subset {
		want = want[1:]
	}
	if !subset && len(list) != len(want) {
		return fmt.Errorf("%s: got %d elements %s, want %d", path, len(list), show(list), len(want))
	}
	if subset || slices.Contains(unordered, key) || key == "" && allObjects(want) || allNamed(want) {
		return m.matchUnordered(path, want, list, b)
	}
	for i, w := range want {
		if err := m.match(fmt.Sprintf("%s[%d]", path, i), "element", w, list[i], b); err != nil {
			return err
		}
	}
	return nil
}

// matchUnordered finds a different element of got for each of want, trying all assignments.
func (m *Matcher) matchUnordered(path string, want, got []any, b *Binding) error {
	if len(want) == 0 {
		return nil
	}
	var last error
	for i, g := range got {
		attempt := b.Clone()
		wording := len(m.Wording)
		err := m.match(path+"[]", "element", want[0], g, attempt)
		if err == nil {
			err = m.matchUnordered(path, want[1:], slices.Concat(got[:i:i], got[i+1:]), attempt)
		}
		if err == nil {
			b.adopt(attempt)
			return nil
		}
		m.Wording = m.Wording[:wording]
		if last == nil || similar(want[0], g) {
			last = err
		}
	}
	if last == nil {
		last = errors.New("no element is left")
	}
	return fmt.Errorf("%s: nothing matches %s; closest: %w", path, show(want[0]), last)
}

// similar picks the error worth showing: that of the element that is most likely meant.
func similar(want, got any) bool {
	w, ok := want.(map[string]any)
	g, ok2 := got.(map[string]any)
	if !ok || !ok2 {
		return false
	}
	for _, key := range []string{"name", "type", "executor_id", "id", "task_id", "path"} {
		if v, ok := w[key]; ok && fmt.Sprint(v) == fmt.Sprint(g[key]) {
			return true
		}
	}
	return false
}

func allObjects(list []any) bool {
	for _, e := range list {
		if _, ok := e.(map[string]any); !ok {
			return false
		}
	}
	return true
}

// allNamed tells whether all elements are objects with a name, such as resources, or capabilities {type}.
func allNamed(list []any) bool {
	for _, e := range list {
		object, ok := e.(map[string]any)
		if !ok {
			return false
		}
		_, named := object["name"].(string)
		_, typed := object["type"].(string)
		if !named && (!typed || len(object) != 1) {
			return false
		}
	}
	return len(list) > 0
}

// humanText are the keys of texts meant for people.
var humanText = []string{"message", "text", "title"}

func (m *Matcher) matchText(path, key, want string, got any, b *Binding) error {
	attempt := b.Clone()
	err := m.matchString(path, want, got, attempt)
	if err == nil {
		b.adopt(attempt)
		return nil
	}
	if m.Strict || !slices.Contains(humanText, key) {
		return err
	}
	if text, ok := got.(string); !ok || text == "" {
		return err
	}
	m.Wording = append(m.Wording, err.Error())
	return nil
}

func (m *Matcher) matchString(path, want string, got any, b *Binding) error {
	parts := placeholder.FindStringSubmatch(want)
	if parts != nil && parts[0] == want {
		if name, number := parts[2], parts[3]; number != "" && (bindable[name] != "" || b.values[name+"_"+number] != "") {
			return m.matchBound(path, name, number, got, b)
		} else if number == "" && free[name] != "" {
			return matchFree(path, name, got)
		}
	}
	text, ok := got.(string)
	if !ok {
		if _, isNumber := number(got); !isNumber || parts == nil {
			return fmt.Errorf("%s: got %s, want %q", path, show(got), want)
		}
		text = plain(got)
	}
	if parts == nil {
		if text != want {
			return fmt.Errorf("%s: got %q, want %q", path, text, want)
		}
		return nil
	}
	return matchPattern(path, want, text, b)
}

func (m *Matcher) matchBound(path, name, num string, got any, b *Binding) error {
	text := plain(got)
	if _, ok := got.(string); !ok {
		if _, ok := number(got); !ok {
			return fmt.Errorf("%s: got %s, want $%s_%s", path, show(got), name, num)
		}
	}
	if text == "" {
		return fmt.Errorf("%s: empty, want $%s_%s", path, name, num)
	}
	if name == "STATUS_UUID" {
		if raw, err := base64.StdEncoding.DecodeString(text); err != nil || len(raw) != 16 {
			return fmt.Errorf("%s: got %q, want 16 bytes in base64", path, text)
		}
	}
	if err := b.bind(name, num, text); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func matchFree(path, name string, got any) error {
	_, isText := got.(string)
	_, isNumber := number(got)
	ok := false
	switch name {
	case "ANY":
		ok = got != nil
	case "TS":
		ok = isNumber || isText && got != ""
	case "TS_NS", "PID", "IP_INT", "NUM":
		ok = isNumber
	case "IP":
		ok = isText && net.ParseIP(plain(got)) != nil
	case "SEQ":
		ok = isText && regexp.MustCompile(`^[0-9]{10}$`).MatchString(plain(got))
	case "HOST", "TOKEN":
		ok = isText && got != ""
	}
	if !ok {
		return fmt.Errorf("%s: got %s, want $%s", path, show(got), name)
	}
	return nil
}

// matchPattern matches a text with placeholders in it.
func matchPattern(path, want, got string, b *Binding) error {
	var expr strings.Builder
	expr.WriteString(`^`)
	var captured [][2]string // name and number of each group
	end := 0
	for _, at := range placeholder.FindAllStringSubmatchIndex(want, -1) {
		expr.WriteString(regexp.QuoteMeta(want[end:at[0]]))
		end = at[1]
		group, names := textPattern(want, at, b)
		expr.WriteString(group)
		if names != [2]string{} {
			captured = append(captured, names)
		}
	}
	expr.WriteString(regexp.QuoteMeta(want[end:]) + `$`)
	found := regexp.MustCompile(expr.String()).FindStringSubmatch(got)
	if found == nil {
		return fmt.Errorf("%s: got %q, want %q", path, got, want)
	}
	for i, names := range captured {
		if err := b.bind(names[0], names[1], found[i+1]); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// textPattern is the expression for the placeholder at the given indices and, if it is to be bound, its name and number.
func textPattern(want string, at []int, b *Binding) (string, [2]string) {
	sub := func(i int) string {
		if at[2*i] < 0 {
			return ""
		}
		return want[at[2*i]:at[2*i+1]]
	}
	whole, file, name, num := sub(0), sub(1), sub(2), sub(3)
	if file != "" {
		return regexp.QuoteMeta(b.files[file]), [2]string{}
	}
	key := name
	if num != "" {
		key += "_" + num
	}
	if v, ok := b.values[key]; ok {
		return regexp.QuoteMeta(v), [2]string{}
	}
	switch {
	case num != "" && bindable[name] != "":
		return "(" + bindable[name] + ")", [2]string{name, num}
	case num == "" && free[name] != "":
		return free[name], [2]string{}
	case name == "MESOS_PREFIX":
		return `[^\s"]*`, [2]string{} // where the tested Mesos is installed, if anywhere
	default:
		return regexp.QuoteMeta(whole), [2]string{}
	}
}

// number is the value of a JSON number.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	case float64:
		return v, true
	case int:
		return float64(v), true
	default:
		return 0, false
	}
}

// plain is a scalar as text, integers without fraction.
func plain(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	if f, ok := number(v); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

const shownMax = 600

// show is a value as JSON, cut to a readable length.
func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(b) > shownMax {
		return string(b[:shownMax]) + "..."
	}
	return string(b)
}
