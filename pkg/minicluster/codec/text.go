package codec

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gogo/protobuf/proto"
)

// Text prints a message as the protobuf library of Mesos does in messages for people: one field a line, ordered by
// field number, braces around messages.
func Text(m proto.Message) string {
	var b strings.Builder
	writeText(&b, reflect.ValueOf(m).Elem(), "")
	return b.String()
}

func writeText(b *strings.Builder, v reflect.Value, indent string) {
	p := planOf(v.Type())
	fields := slices.Clone(p.fields)
	slices.SortFunc(fields, func(x, y field) int { return x.number - y.number })
	for i := range fields {
		f := &fields[i]
		value := v.Field(f.index)
		switch {
		case f.kind == kindMap:
			keys := value.MapKeys()
			slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
			for _, k := range keys {
				fmt.Fprintf(b, "%s%s {\n%s  key: %s\n", indent, f.name, indent, quoted([]byte(k.String())))
				inner := *f.value
				inner.name = "value"
				writeTextField(b, &inner, deref(value.MapIndex(k)), indent+"  ")
				b.WriteString(indent + "}\n")
			}
		case f.repeated:
			for j := range value.Len() {
				writeTextField(b, f, deref(value.Index(j)), indent)
			}
		case value.Kind() == reflect.Pointer && value.IsNil(), f.kind == kindBytes && value.IsNil():
		case value.Kind() != reflect.Pointer && !f.required && value.IsZero():
		default:
			writeTextField(b, f, deref(value), indent)
		}
	}
}

func writeTextField(b *strings.Builder, f *field, v reflect.Value, indent string) {
	b.WriteString(indent + f.name)
	if f.kind == kindMessage {
		b.WriteString(" {\n")
		writeText(b, v, indent+"  ")
		b.WriteString(indent + "}\n")
		return
	}
	b.WriteString(": ")
	switch f.kind {
	case kindString:
		b.WriteString(quoted([]byte(v.String())))
	case kindBytes:
		b.WriteString(quoted(v.Bytes()))
	case kindFloat:
		b.WriteString(strconv.FormatFloat(v.Float(), 'g', -1, 64))
	case kindEnum:
		name, known := f.enum.names[int32(v.Int())]
		if !known {
			name = strconv.FormatInt(v.Int(), 10)
		}
		b.WriteString(name)
	case kindBool, kindInt, kindUint, kindMessage, kindMap:
		b.Write(appendValue(nil, f, v))
	}
	b.WriteString("\n")
}

// quoted escapes as C does, bytes outside of ASCII in octal.
func quoted(data []byte) string {
	b := []byte{'"'}
	for _, c := range data {
		switch {
		case c == '"' || c == '\\' || c == '\'':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < 0x20 || c >= 0x7f:
			b = append(b, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}
