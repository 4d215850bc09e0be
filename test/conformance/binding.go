package conformance

import (
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// placeholder finds $NAME, $NAME_n and $FILE(name).
var placeholder = regexp.MustCompile(`\$FILE\(([^)]*)\)|\$([A-Z]+(?:_[A-Z]+)*)(?:_(\d+))?`)

// Names that an answer binds; all others with a number are known before the start.
var bindable = map[string]string{
	"MASTER_ID":    `[^\s'"/]+`,
	"FRAMEWORK_ID": `[^\s'"/]+`,
	"AGENT_ID":     `[^\s'"/]+`,
	"OFFER_ID":     `[^\s'"/]+`,
	"CONTAINER_ID": `[^\s'"/.]+`,
	"STREAM_ID":    `[0-9a-fA-F-]{36}`,
	"STATUS_UUID":  `[A-Za-z0-9+/]{22}==`,
	"UUID":         `[0-9a-fA-F-]{36}`,
}

// Names without number, never bound, with the pattern that they stand for inside a longer text.
var free = map[string]string{
	"TS": `[-0-9.:TZ+ ]+`, "TS_NS": `[0-9]+`, "PID": `[0-9]+`, "IP_INT": `[0-9]+`, "NUM": `-?[0-9.eE+-]+`,
	"IP": `[0-9]+(?:\.[0-9]+){3}`, "HOST": `[^\s/:]+`, "ANY": `(?s:.*)`, "TOKEN": `\S+`, "SEQ": `[0-9]{10}`,
	"ABSENT": `\x00`,
}

// Binding holds the values of placeholders. It is copied before every attempt that may fail.
type Binding struct {
	values map[string]string // "OFFER_ID_1" -> value
	files  map[string]string // name -> path
}

// NewBinding starts with the names known before the first step.
func NewBinding(known, files map[string]string) *Binding {
	b := &Binding{values: map[string]string{}, files: files}
	maps.Copy(b.values, known)
	return b
}

// Clone returns an independent copy.
func (b *Binding) Clone() *Binding {
	return &Binding{values: maps.Clone(b.values), files: b.files}
}

// adopt takes over the values of an attempt that succeeded.
func (b *Binding) adopt(attempt *Binding) { b.values = attempt.values }

// bind gives name_n a value, or compares with the value it has. Two numbers of a name are two values.
func (b *Binding) bind(name, number, value string) error {
	key := name + "_" + number
	if old, ok := b.values[key]; ok {
		if old != value {
			return fmt.Errorf("$%s is %q, got %q", key, old, value)
		}
		return nil
	}
	if _, ok := bindable[name]; !ok {
		return fmt.Errorf("$%s is not known", key)
	}
	for k, v := range b.values {
		if v != value {
			continue
		}
		if other, ok := strings.CutPrefix(k, name+"_"); ok {
			if _, err := strconv.Atoi(other); err == nil {
				return fmt.Errorf("$%s and $%s must differ, both are %q", key, k, value)
			}
		}
	}
	b.values[key] = value
	return nil
}

// Expand replaces the placeholders of a request. Status uuids and stream ids that no answer has bound get a fresh value.
func (b *Binding) Expand(text string) (string, error) {
	var failed error
	out := placeholder.ReplaceAllStringFunc(text, func(m string) string {
		v, err := b.requestValue(placeholder.FindStringSubmatch(m))
		if err != nil {
			failed = err
		}
		return v
	})
	return out, failed
}

func (b *Binding) requestValue(m []string) (string, error) {
	whole, file, name, number := m[0], m[1], m[2], m[3]
	if strings.HasPrefix(whole, "$FILE(") {
		path, ok := b.files[file]
		if !ok {
			return whole, fmt.Errorf("case has no file %q", file)
		}
		return path, nil
	}
	key := name
	if number != "" {
		key += "_" + number
	}
	if v, ok := b.values[key]; ok {
		return v, nil
	}
	switch {
	case number != "" && name == "STATUS_UUID":
		id := uuid.New() // Mesos takes no 16 bytes that are not a UUID of a version it knows
		b.values[key] = base64.StdEncoding.EncodeToString(id[:])
	case number != "" && (name == "STREAM_ID" || name == "UUID" || name == "CONTAINER_ID"):
		b.values[key] = uuid.NewString()
	case number != "" && bindable[name] != "":
		return whole, fmt.Errorf("$%s is not bound yet", key)
	case number == "" && name == "TS":
		return strconv.FormatFloat(float64(time.Now().UnixMilli())/1000, 'f', 3, 64), nil
	case number == "" && name == "TS_NS":
		return strconv.FormatInt(time.Now().UnixNano(), 10), nil
	case number == "" && name == "IP":
		return "127.0.0.1", nil
	case number == "" && name == "HOST":
		return "localhost", nil
	default:
		return whole, nil // a shell variable of a command
	}
	return b.values[key], nil
}

// expandValue replaces the placeholders in all texts of a JSON value. A text that is nothing but $TS or $TS_NS
// becomes a number.
func (b *Binding) expandValue(v any) (any, error) {
	switch v := v.(type) {
	case string:
		out, err := b.Expand(v)
		if err != nil {
			return nil, err
		}
		if v == "$TS" || v == "$TS_NS" {
			return jsonNumber(out), nil
		}
		return out, nil
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			x, err := b.expandValue(e)
			if err != nil {
				return nil, err
			}
			list[i] = x
		}
		return list, nil
	case map[string]any:
		object := make(map[string]any, len(v))
		for k, e := range v {
			x, err := b.expandValue(e)
			if err != nil {
				return nil, err
			}
			key, err := b.Expand(k)
			if err != nil {
				return nil, err
			}
			object[key] = x
		}
		return object, nil
	default:
		return v, nil
	}
}
