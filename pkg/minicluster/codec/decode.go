package codec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/gogo/protobuf/proto"
)

// SyntaxError says that a text is not JSON at all.
type SyntaxError struct {
	// Line counts from 1.
	Line int
	// Near is the rest of the line after the error, possibly empty.
	Near string
}

// Error implements error with the words of Mesos.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("syntax error at line %d near: %s", e.Line, e.Near)
}

// UnmarshalJSON decodes a message. It fails with a *SyntaxError if data is not JSON, and with another error if it is
// not such a message, for instance "Missing required fields: a.b.c". Fields set in m before keep their value if the
// text does not mention them.
func UnmarshalJSON(data []byte, m proto.Message) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return syntaxError(data, err)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return errors.New("Expecting a JSON object")
	}
	v := reflect.ValueOf(m).Elem()
	var missing []string
	if err := decodeMessage(object, v, "", &missing); err != nil {
		return err
	}
	if len(missing) > 0 {
		return errors.New("Missing required fields: " + strings.Join(missing, ", "))
	}
	return nil
}

func syntaxError(data []byte, err error) error {
	offset := len(data)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && int(syntax.Offset) <= len(data) {
		offset = int(syntax.Offset)
	}
	rest, _, _ := bytes.Cut(data[offset:], []byte("\n"))
	return &SyntaxError{Line: 1 + bytes.Count(data[:offset], []byte("\n")), Near: string(rest)}
}

// decodeMessage fills v from object and adds the paths of required fields that lack to missing.
func decodeMessage(object map[string]any, v reflect.Value, path string, missing *[]string) error {
	p := planOf(v.Type())
	for i := range p.fields {
		f := &p.fields[i]
		raw, given := object[f.name]
		set := false
		if given && raw != nil {
			var err error
			if set, err = decodeField(f, raw, v.Field(f.index), path, missing); err != nil {
				return err
			}
		}
		if f.required && !set {
			*missing = append(*missing, path+f.name)
		}
	}
	return nil
}

// decodeField reports whether the field was set: unknown enum names are not.
func decodeField(f *field, raw any, v reflect.Value, path string, missing *[]string) (bool, error) {
	switch {
	case f.kind == kindMap:
		return true, decodeMap(f, raw, v, path, missing)
	case f.repeated:
		return true, decodeList(f, raw, v, path, missing)
	}
	if _, isList := raw.([]any); isList {
		return false, unexpected("array", f)
	}
	return decodeInto(f, raw, v, path+f.name+".", missing)
}

func decodeList(f *field, raw any, v reflect.Value, path string, missing *[]string) error {
	list, ok := raw.([]any)
	if !ok {
		list = []any{raw}
	}
	out := reflect.MakeSlice(v.Type(), 0, len(list))
	for i, item := range list {
		if item == nil {
			continue
		}
		if _, nested := item.([]any); nested {
			return unexpected("array", f)
		}
		elem := reflect.New(v.Type().Elem()).Elem()
		set, err := decodeInto(f, item, elem, path+f.name+"["+strconv.Itoa(i)+"].", missing)
		if err != nil {
			return err
		}
		if set {
			out = reflect.Append(out, elem)
		}
	}
	v.Set(out)
	return nil
}

func decodeMap(f *field, raw any, v reflect.Value, path string, missing *[]string) error {
	object, ok := raw.(map[string]any)
	if !ok {
		return unexpected(jsonKind(raw), f)
	}
	out := reflect.MakeMapWithSize(v.Type(), len(object))
	for k, item := range object {
		elem := reflect.New(v.Type().Elem()).Elem()
		if item != nil {
			if _, nested := item.([]any); nested {
				return unexpected("array", f)
			}
			if _, err := decodeInto(f.value, item, elem, path+f.name+"["+k+"].", missing); err != nil {
				return err
			}
		} else if elem.Kind() == reflect.Pointer {
			elem.Set(reflect.New(elem.Type().Elem()))
		}
		out.SetMapIndex(reflect.ValueOf(k), elem)
	}
	v.Set(out)
	return nil
}

// decodeInto sets v, which is a value, a pointer or a byte slice, from one JSON value that is no array.
func decodeInto(f *field, raw any, v reflect.Value, prefix string, missing *[]string) (bool, error) {
	target := v
	if v.Kind() == reflect.Pointer {
		target = reflect.New(v.Type().Elem()).Elem()
	}
	var set bool
	var err error
	switch value := raw.(type) {
	case map[string]any:
		if f.kind != kindMessage {
			return false, unexpected("object", f)
		}
		set, err = true, decodeMessage(value, target, prefix, missing)
	case string:
		set, err = setString(f, value, target)
	case json.Number:
		set, err = true, setNumber(f, value.String(), target)
	case bool:
		if f.kind != kindBool {
			return false, unexpected("boolean", f)
		}
		target.SetBool(value)
		set = true
	}
	if err == nil && set && v.Kind() == reflect.Pointer {
		v.Set(target.Addr())
	}
	return set, err
}

func setString(f *field, s string, v reflect.Value) (bool, error) {
	switch f.kind {
	case kindString:
		v.SetString(s)
		return true, nil
	case kindBytes:
		s = strings.Join(strings.Fields(s), "")
		data, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			var at base64.CorruptInputError
			if errors.As(err, &at) && int(at) < len(s) {
				return false, fmt.Errorf("Failed to base64 decode bytes field '%s': Invalid character '%c'", f.name, s[at])
			}
			return false, fmt.Errorf("Failed to base64 decode bytes field '%s': %w", f.name, err)
		}
		v.SetBytes(data)
		return true, nil
	case kindEnum:
		n, ok := f.enum.values[s]
		if ok {
			v.SetInt(int64(n))
		}
		return ok, nil
	case kindBool:
		if s != "true" && s != "false" {
			return false, fmt.Errorf("Failed to parse '%s' as a boolean for field '%s'", s, f.name)
		}
		v.SetBool(s == "true")
		return true, nil
	case kindInt, kindUint, kindFloat:
		return true, setNumber(f, s, v)
	case kindMessage, kindMap:
	}
	return false, unexpected("string", f)
}

func setNumber(f *field, s string, v reflect.Value) error {
	switch f.kind {
	case kindFloat:
		n, err := strconv.ParseFloat(s, 64)
		if err != nil && !math.IsInf(n, 0) {
			return badNumber(f, s)
		}
		v.SetFloat(n)
		return nil
	case kindInt:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			x, err := strconv.ParseFloat(s, 64)
			if err != nil || math.IsNaN(x) || x < math.MinInt64 || x >= math.MaxInt64 {
				return badNumber(f, s)
			}
			n = int64(x)
		}
		if v.OverflowInt(n) {
			return badNumber(f, s)
		}
		v.SetInt(n)
		return nil
	case kindUint:
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			x, err := strconv.ParseFloat(s, 64)
			if err != nil || math.IsNaN(x) || x < 0 || x >= math.MaxUint64 {
				return badNumber(f, s)
			}
			n = uint64(x)
		}
		if v.OverflowUint(n) {
			return badNumber(f, s)
		}
		v.SetUint(n)
		return nil
	case kindBool, kindString, kindBytes, kindEnum, kindMessage, kindMap:
	}
	return unexpected("number", f)
}

func badNumber(f *field, s string) error {
	return fmt.Errorf("Failed to parse '%s' as a JSON number for field '%s'", s, f.name)
}

func unexpected(what string, f *field) error {
	return fmt.Errorf("Not expecting a JSON %s for field '%s'", what, f.name)
}

func jsonKind(raw any) string {
	switch raw.(type) {
	case string:
		return "string"
	case json.Number:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "array"
	}
	return "object"
}
