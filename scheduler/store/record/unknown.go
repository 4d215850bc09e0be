package record

import (
	"bytes"
	"reflect"

	"github.com/gogo/protobuf/proto"

	"github.com/gantry-mesos/gantry/pkg/app"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
)

// unknowns holds the records of definitions with members that only a newer version
// of Gantry knows, by App and version. There are none as a rule. Such members are
// written with the next version of the App, as a request leaves alone what it does
// not name.
type unknowns map[app.ID]map[int64]*gantryv1.SpecRecord

// note keeps the record of a version if it has unknown members.
func (u unknowns) note(id app.ID, ms int64, r *gantryv1.SpecRecord) {
	if r == nil || !hasUnknown(reflect.ValueOf(r)) {
		return
	}
	if u[id] == nil {
		u[id] = map[int64]*gantryv1.SpecRecord{}
	}
	u[id][ms] = r
}

// carry adds to a new record what is unknown of the same version, or else of the newest one.
func (u unknowns) carry(id app.ID, to *gantryv1.AppRecord) {
	versions := u[id]
	if len(versions) == 0 {
		return
	}
	from := versions[to.VersionMs]
	if from == nil {
		var newest int64
		for ms, r := range versions {
			if from == nil || ms > newest {
				newest, from = ms, r
			}
		}
	}
	carry(reflect.ValueOf(from), reflect.ValueOf(to.Spec))
}

// drop forgets a version.
func (u unknowns) drop(id app.ID, ms int64) {
	delete(u[id], ms)
	if len(u[id]) == 0 {
		delete(u, id)
	}
}

// unrecognized is where generated messages keep the fields that they do not know: the
// last member but one of each. Looking for its name takes longer than reading the record.
func unrecognized(message reflect.Value) reflect.Value { return message.Field(message.NumField() - 2) }

// hasUnknown reports whether a message, or one inside it, has unknown fields.
func hasUnknown(v reflect.Value) bool {
	found := false
	walk(v, func(message reflect.Value) { found = found || unrecognized(message).Len() > 0 })
	return found
}

// walk calls fn with the struct of a message and of all messages inside it.
func walk(v reflect.Value, fn func(reflect.Value)) {
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return
	}
	message := v.Elem()
	fn(message)
	for i := range message.NumField() {
		switch f := message.Field(i); f.Kind() { //nolint:exhaustive // only these hold messages
		case reflect.Pointer:
			walk(f, fn)
		case reflect.Slice:
			if f.Type().Elem().Kind() == reflect.Pointer {
				for n := range f.Len() {
					walk(f.Index(n), fn)
				}
			}
		}
	}
}

// carry copies the unknown fields of a message, and of those inside it that the
// other has, too. In a list the same message is the one that is equal in what is known.
func carry(from, to reflect.Value) {
	if from.IsNil() || to.IsNil() {
		return
	}
	from, to = from.Elem(), to.Elem()
	unrecognized(to).SetBytes(bytes.Clone(unrecognized(from).Bytes()))
	for i := range from.NumField() {
		switch f, t := from.Field(i), to.Field(i); f.Kind() { //nolint:exhaustive // only these hold messages
		case reflect.Pointer:
			carry(f, t)
		case reflect.Slice:
			if f.Type().Elem().Kind() == reflect.Pointer {
				carryList(f, t)
			}
		}
	}
}

func carryList(from, to reflect.Value) {
	taken := make([]bool, to.Len())
	for i := range from.Len() {
		message := from.Index(i)
		if !hasUnknown(message) {
			continue
		}
		for n := range to.Len() {
			if !taken[n] && sameKnown(message, to.Index(n)) {
				taken[n] = true
				carry(message, to.Index(n))
				break
			}
		}
	}
}

// sameKnown reports whether two messages are equal but for unknown fields, of which
// the second has none.
func sameKnown(a, b reflect.Value) bool {
	known := proto.Clone(a.Interface().(proto.Message)) //nolint:forcetypeassert // every pointer in a message is one
	walk(reflect.ValueOf(known), func(message reflect.Value) { unrecognized(message).SetBytes(nil) })
	return proto.Equal(known, b.Interface().(proto.Message)) //nolint:forcetypeassert // as above
}
