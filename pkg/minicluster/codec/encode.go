package codec

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/gogo/protobuf/proto"
)

// MarshalJSON encodes a message as Mesos prints it.
func MarshalJSON(m proto.Message) ([]byte, error) {
	v := reflect.ValueOf(m)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("marshal %T: want a pointer to a message", m)
	}
	return appendMessage(make([]byte, 0, 512), v.Elem()), nil
}

func appendMessage(b []byte, v reflect.Value) []byte {
	p := planOf(v.Type())
	b = append(b, '{')
	first := true
	for i := range p.fields {
		f := &p.fields[i]
		mark := len(b)
		if !first {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, f.name...)
		b = append(b, '"', ':')
		var printed bool
		if b, printed = appendField(b, f, v.Field(f.index)); !printed {
			b = b[:mark]
			continue
		}
		first = false
	}
	return append(b, '}')
}

// appendField appends the value of a field; it reports false if the field is not to be printed.
func appendField(b []byte, f *field, v reflect.Value) ([]byte, bool) {
	switch {
	case f.kind == kindMap:
		return appendMap(b, f, v)
	case f.repeated:
		return appendList(b, f, v)
	case f.kind == kindBytes:
		if v.IsNil() && !f.required {
			return b, false
		}
		return appendValue(b, f, v), true
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			return append(b, f.fallback...), f.fallback != ""
		}
		return appendValue(b, f, v.Elem()), true
	case !f.required && v.IsZero():
		return append(b, f.fallback...), f.fallback != ""
	}
	return appendValue(b, f, v), true
}

func appendList(b []byte, f *field, v reflect.Value) ([]byte, bool) {
	if v.Len() == 0 && !f.listed {
		return b, false
	}
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendValue(b, f, deref(v.Index(i)))
	}
	return append(b, ']'), true
}

func appendMap(b []byte, f *field, v reflect.Value) ([]byte, bool) {
	if v.Len() == 0 {
		return b, false
	}
	keys := make([]string, 0, v.Len())
	for _, k := range v.MapKeys() {
		keys = append(keys, k.String())
	}
	slices.Sort(keys)
	b = append(b, '{')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, k)
		b = append(b, ':')
		b = appendValue(b, f.value, deref(v.MapIndex(reflect.ValueOf(k))))
	}
	return append(b, '}'), true
}

func deref(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Pointer {
		return v.Elem()
	}
	return v
}

func appendValue(b []byte, f *field, v reflect.Value) []byte {
	switch f.kind {
	case kindBool:
		return strconv.AppendBool(b, v.Bool())
	case kindInt:
		return strconv.AppendInt(b, v.Int(), 10)
	case kindUint:
		return strconv.AppendUint(b, v.Uint(), 10)
	case kindFloat:
		return appendFloat(b, v.Float())
	case kindString:
		return appendString(b, v.String())
	case kindBytes:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Bytes())
		return append(b, '"')
	case kindEnum:
		n := int32(v.Int())
		if name, ok := f.enum.names[n]; ok {
			return appendString(b, name)
		}
		return strconv.AppendInt(b, int64(n), 10)
	case kindMessage:
		if !v.IsValid() {
			return append(b, "{}"...)
		}
		return appendMessage(b, v)
	case kindMap:
		b, _ = appendMap(b, f, v)
		return b
	}
	return b
}

// appendFloat prints a double as Mesos does: always with a point or exponent.
func appendFloat(b []byte, v float64) []byte {
	switch {
	case math.IsInf(v, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(b, `"-Infinity"`...)
	case math.IsNaN(v):
		return append(b, `"NaN"`...)
	case v == math.Trunc(v) && math.Abs(v) < 1e15:
		return strconv.AppendFloat(b, v, 'f', 1, 64)
	case math.Abs(v) < 1e-6 || math.Abs(v) >= 1e21:
		return strconv.AppendFloat(b, v, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}

const hexDigits = "0123456789abcdef"

// appendString prints a JSON string; slashes stay as they are and invalid UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
			continue
		}
		i++
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < 0x20 || c == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
