package codec

import (
	"maps"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/gogo/protobuf/proto"
)

// plan says how the fields of one message type map to JSON.
type plan struct {
	fields []field
	byName map[string]*field
}

type kind int

const (
	kindBool kind = iota + 1
	kindInt
	kindUint
	kindFloat
	kindString
	kindBytes
	kindEnum
	kindMessage
	kindMap
)

type field struct {
	name     string
	number   int // on the wire
	index    int
	kind     kind
	repeated bool
	required bool
	enum     *enum
	// fallback is the JSON of the declared default, "" if there is none or it must not be printed.
	fallback string
	// value describes the values of a map; key kinds other than string do not occur in Mesos.
	value *field
	// listed says that an empty list is printed as [] instead of being left out.
	listed bool
	// elem is the type of one value, pointers removed.
	elem reflect.Type
}

type enum struct {
	name   string
	values map[string]int32
	names  map[int32]string
}

// EnumNames is implemented by enum types that are not registered with gogo/protobuf.
type EnumNames interface {
	// EnumValues returns the numbers by name.
	EnumValues() map[string]int32
}

// extraEnumNames are values that Mesos has and mesos-go does not know.
var extraEnumNames = map[string]map[string]int32{
	"mesos.MasterInfo_Capability_Type": {"QUOTA_V2": 3},
}

// silentDefaults are deprecated fields: their default is not printed.
var silentDefaults = map[string]bool{"FrameworkInfo.role": true, "Resource.role": true}

// listingMessages are the operator reads whose lists are printed even when empty, and unlisted their exceptions.
var (
	listingMessages = map[string]bool{
		"Response_GetTasks": true, "Response_GetAgents": true, "Response_GetFrameworks": true,
		"Response_GetExecutors": true,
		// Their counterparts in package operator, which have fields that mesos-go lacks.
		"getTasks": true, "getAgents": true, "getFrameworks": true,
	}
	unlisted = map[string]bool{
		"master.pending_tasks": true, "master.orphan_tasks": true, "master.orphan_executors": true,
		"master.recovered_frameworks": true,
	}
)

var plans sync.Map // reflect.Type -> *plan

// planOf returns the plan of a struct type.
func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{byName: make(map[string]*field)}
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, ok := sf.Tag.Lookup("protobuf")
		if !ok || !sf.IsExported() {
			continue
		}
		f := newField(t, sf, tag)
		f.index = i
		p.fields = append(p.fields, f)
	}
	for i := range p.fields {
		p.byName[p.fields[i].name] = &p.fields[i]
	}
	actual, _ := plans.LoadOrStore(t, p)
	return actual.(*plan)
}

func newField(t reflect.Type, sf reflect.StructField, tag string) field {
	f := parseTag(tag)
	typ := sf.Type
	if typ.Kind() == reflect.Map {
		f.kind, f.repeated = kindMap, false
		value := parseTag(sf.Tag.Get("protobuf_val"))
		value.setType(typ.Elem())
		f.value, f.elem = &value, typ
		return f
	}
	if f.repeated {
		typ = typ.Elem()
		pkg, name, _ := strings.Cut(t.String(), ".")
		f.listed = listingMessages[name] && !unlisted[pkg+"."+f.name]
	}
	f.setType(typ)
	if silentDefaults[t.Name()+"."+f.name] {
		f.fallback = ""
	}
	return f
}

// parseTag reads a tag such as "varint,2,req,name=state,enum=mesos.TaskState,def=6".
func parseTag(tag string) field {
	var f field
	var def string
	hasDef := false
	for i, part := range strings.Split(tag, ",") {
		switch {
		case i == 1:
			f.number, _ = strconv.Atoi(part) // generated tags are sound
		case i == 2:
			f.repeated, f.required = part == "rep", part == "req"
		case strings.HasPrefix(part, "name="):
			f.name = part[len("name="):]
		case strings.HasPrefix(part, "enum="):
			f.enum = &enum{name: part[len("enum="):]}
		case strings.HasPrefix(part, "def="):
			def, hasDef = part[len("def="):], true
		}
	}
	if hasDef {
		f.fallback = def // made JSON by setType
	}
	return f
}

func (f *field) setType(t reflect.Type) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	f.elem = t
	switch t.Kind() { //nolint:exhaustive // the rest are messages
	case reflect.Bool:
		f.kind = kindBool
	case reflect.Int32, reflect.Int64:
		f.kind = kindInt
	case reflect.Uint32, reflect.Uint64:
		f.kind = kindUint
	case reflect.Float32, reflect.Float64:
		f.kind = kindFloat
	case reflect.String:
		f.kind = kindString
	case reflect.Slice:
		f.kind = kindBytes
	default:
		f.kind = kindMessage
	}
	if f.enum != nil {
		f.kind = kindEnum
		f.enum.load(t)
	}
	f.fallback = f.defaultJSON(f.fallback)
}

// defaultJSON turns the default of a struct tag into JSON.
func (f *field) defaultJSON(def string) string {
	if def == "" {
		return ""
	}
	switch f.kind {
	case kindBool:
		return strconv.FormatBool(def == "1")
	case kindFloat:
		v, err := strconv.ParseFloat(def, 64)
		if err != nil {
			return ""
		}
		return string(appendFloat(nil, v))
	case kindString:
		return string(appendString(nil, def))
	case kindEnum:
		n, err := strconv.ParseInt(def, 10, 32)
		if err != nil {
			return ""
		}
		return string(appendString(nil, f.enum.names[int32(n)]))
	case kindInt, kindUint, kindBytes, kindMessage, kindMap:
		return def
	}
	return def
}

func (e *enum) load(t reflect.Type) {
	e.values = proto.EnumValueMap(e.name)
	if own, ok := reflect.Zero(t).Interface().(EnumNames); ok {
		e.values = own.EnumValues()
	}
	if extra := extraEnumNames[e.name]; extra != nil {
		merged := make(map[string]int32, len(e.values)+len(extra))
		maps.Copy(merged, e.values)
		maps.Copy(merged, extra)
		e.values = merged
	}
	e.names = make(map[int32]string, len(e.values))
	for k, v := range e.values {
		e.names[v] = k
	}
}
