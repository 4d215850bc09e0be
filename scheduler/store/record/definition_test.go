package record

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
	"github.com/gantry-mesos/gantry/scheduler/core"
)

// choice decides what a value made up by invent is.
type choice interface {
	length() int // of a text, list or map; 0 for an absent pointer
	number(bits int) int64
}

// invent sets all members of a value, as many as there are in its type.
func invent(v reflect.Value, c choice) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(fromMillis(c.number(40)))) // 1970 is no time of a change and stands for none
		return
	case v.Type() == reflect.TypeFor[float64]():
		v.SetFloat(float64(c.number(32)) / 16)
		return
	}
	switch v.Kind() { //nolint:exhaustive // the default says what is missing
	case reflect.String:
		if c.length() > 0 {
			v.SetString(strconv.FormatInt(c.number(30), 10))
		}
	case reflect.Bool:
		v.SetBool(c.number(8)%2 != 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(c.number(63))
	case reflect.Uint8:
		v.SetUint(uint64(c.number(8)) & 0xff)
	case reflect.Pointer:
		if c.length() > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			invent(v.Elem(), c)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			invent(v.Field(i), c)
		}
	case reflect.Slice:
		for range c.length() {
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
			invent(v.Index(v.Len()-1), c)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range c.length() {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			invent(key, c)
			invent(value, c)
			v.SetMapIndex(key, value)
		}
	default:
		panic(fmt.Sprintf("a definition has a %v: teach it to this test and to the records", v.Type()))
	}
}

// drawn leaves it to chance.
type drawn struct{ t *rapid.T }

func (d drawn) length() int { return rapid.IntRange(0, 3).Draw(d.t, "length") }
func (d drawn) number(bits int) int64 {
	return rapid.Int64Range(-1<<(bits-1), 1<<(bits-1)-1).Draw(d.t, "number")
}

// counted sets everything, to numbers that differ.
type counted struct{ n int64 }

func (c *counted) length() int      { return 1 }
func (c *counted) number(int) int64 { c.n += 2; return c.n - 1 }

// restored is what is read of what is written of a definition.
func restored(t interface{ Fatal(...any) }, s *app.Spec) *app.Spec {
	w, err := New(nil).putApp(s)
	if err != nil {
		t.Fatal(err)
	}
	l := &loading{unknown: unknowns{}}
	if err := l.decode(w.Key, w.Value); err != nil {
		t.Fatal(err)
	}
	return l.Versions[0]
}

// What is made up here no API would accept: if one of its defaults or rules had a
// say, definitions would change.
func TestADefinitionIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		want := &app.Spec{}
		invent(reflect.ValueOf(want).Elem(), drawn{r})
		if d := cmp.Diff(want, restored(r, want), cmpopts.EquateEmpty()); d != "" {
			r.Fatalf("definition (-written +read):\n%s", d)
		}
	})
}

// everything is a definition in which each member is set.
func everything(t *testing.T) *app.Spec {
	t.Helper()
	s := &app.Spec{}
	invent(reflect.ValueOf(s).Elem(), &counted{})
	return s
}

func TestEveryMemberOfADefinitionIsStored(t *testing.T) {
	t.Parallel()
	s := everything(t)
	eachMember("", reflect.ValueOf(restored(t, s)).Elem(), func(path string, v reflect.Value) {
		if v.IsZero() {
			t.Errorf("%s is lost", path)
		}
	})
	if d := cmp.Diff(s, restored(t, s)); d != "" {
		t.Errorf("definition (-written +read):\n%s", d)
	}
}

// eachMember calls fn with all values inside v that have no parts.
func eachMember(path string, v reflect.Value, fn func(string, reflect.Value)) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time](), v.IsZero():
		fn(path, v)
	case v.Kind() == reflect.Pointer:
		eachMember(path, v.Elem(), fn)
	case v.Kind() == reflect.Slice:
		eachMember(path+"[]", v.Index(0), fn)
	case v.Kind() == reflect.Map:
		eachMember(path+"{}", v.MapIndex(v.MapKeys()[0]), fn)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			eachMember(path+"."+v.Type().Field(i).Name, v.Field(i), fn)
		}
	default:
		fn(path, v)
	}
}

// A record of this format must be read for ever: if this fails, raise the format and
// keep the file as a record of the old one.
func TestTheFormatOfADefinition(t *testing.T) {
	t.Parallel()
	w, err := New(nil).putApp(everything(t))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/format3.txt", w.Key+" "+base64.StdEncoding.EncodeToString(w.Value)+"\n")
}

// newer is a field that no version of Gantry has, with a number as its value.
func newer(value byte) []byte { return []byte{0xf8, 0x3f, value} }

func TestWhatANewerVersionSaysInADefinitionIsKept(t *testing.T) {
	t.Parallel()
	s := everything(t)
	s.ID, s.Version = "/web", at
	s.Fetch = []app.Fetch{{URI: "a"}, {URI: "b"}, {URI: "c"}}
	r := appRecord(s)
	r.Spec.XXX_unrecognized = newer(1)
	r.Spec.Run.XXX_unrecognized = newer(2)
	r.Spec.Run.Container.Volumes[0].Persistent.XXX_unrecognized = newer(3)
	for n, f := range r.Spec.Run.Fetch {
		f.XXX_unrecognized = newer(byte(10 + n))
	}
	w, err := put(appKey(s.ID, r.VersionMs), r)
	if err != nil {
		t.Fatal(err)
	}
	j := open(t, t.TempDir())
	if err := j.store.Append(t.Context(), append(dumped(t, "testdata/format3.txt"), w)); err != nil {
		t.Fatal(err)
	}
	j = New(j.store)
	if _, err := j.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	next := *s
	next.Version, next.Cmd = at.Add(time.Second), "else"
	next.Fetch = []app.Fetch{{URI: "c"}, {URI: "new"}, {URI: "a"}}
	other := plain("/other", at)
	err = j.Append(t.Context(), []core.Change{core.PutApp{Spec: s}, core.PutApp{Spec: &next}, core.PutApp{Spec: other}, core.DropApp{ID: s.ID, Version: at}})
	if err != nil {
		t.Fatal(err)
	}
	got := storedSpec(t, j, appKey(s.ID, millis(next.Version)))
	for place, row := range map[string]struct{ got, want []byte }{
		"definition": {got.XXX_unrecognized, newer(1)},
		"run":        {got.Run.XXX_unrecognized, newer(2)},
		"volume":     {got.Run.Container.Volumes[0].Persistent.XXX_unrecognized, newer(3)},
		"fetch c":    {got.Run.Fetch[0].XXX_unrecognized, newer(12)},
		"new fetch":  {got.Run.Fetch[1].XXX_unrecognized, nil},
		"fetch a":    {got.Run.Fetch[2].XXX_unrecognized, newer(10)},
	} {
		if string(row.got) != string(row.want) {
			t.Errorf("%s: got %x, want %x", place, row.got, row.want)
		}
	}
	if got.Run.Cmd != "else" {
		t.Errorf("cmd is %q", got.Run.Cmd)
	}
	if hasUnknown(reflect.ValueOf(storedSpec(t, j, appKey("/other", millis(at))))) {
		t.Error("another App has it, too")
	}
	if err := j.Append(t.Context(), []core.Change{core.DropApp{ID: s.ID, Version: next.Version}, core.PutApp{Spec: s}}); err != nil {
		t.Fatal(err)
	}
	if hasUnknown(reflect.ValueOf(storedSpec(t, j, appKey(s.ID, millis(at))))) {
		t.Error("an App that was deleted and created again has it still")
	}
}

func storedSpec(t *testing.T, j *Journal, key string) *gantryv1.SpecRecord {
	t.Helper()
	var r gantryv1.AppRecord
	if err := get([]byte(raw(t, j.store)[key]), &r); err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return r.Spec
}

func BenchmarkReadDefinition(b *testing.B) {
	s := &app.Spec{}
	invent(reflect.ValueOf(s).Elem(), &counted{n: math.MaxInt16})
	w, err := New(nil).putApp(s)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		l := &loading{unknown: unknowns{}}
		if err := l.decode(w.Key, w.Value); err != nil {
			b.Fatal(err)
		}
	}
}
