package api_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// TestAppendJSONWritesWhatMarshalWrites holds for every member, those that may
// be added to the types later included.
func TestAppendJSONWritesWhatMarshalWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var task api.Task
		draw(t, reflect.ValueOf(&task).Elem())
		same(t, task, task.AppendJSON)
		var state api.AppState
		draw(t, reflect.ValueOf(&state).Elem())
		same(t, state, state.AppendJSON)
		var brief api.Brief
		draw(t, reflect.ValueOf(&brief).Elem())
		same(t, brief, brief.AppendJSON)
	})
}

func same(t *rapid.T, v any, appendJSON func([]byte) ([]byte, error)) {
	t.Helper()
	want, err := api.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	got, err := appendJSON([]byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != "before"+string(want) {
		t.Fatalf("got\n%s, want\nbefore%s", got, want)
	}
}

// draw fills a value with anything.
func draw(t *rapid.T, v reflect.Value) {
	switch v.Interface().(type) {
	case api.Time:
		if rapid.Bool().Draw(t, "set") {
			v.Set(reflect.ValueOf(api.Time{Time: time.UnixMicro(rapid.Int64Range(-1e16, 3e17).Draw(t, "time")).In(time.FixedZone("", 3600))}))
		}
		return
	case json.RawMessage:
		v.SetBytes(fmt.Append(nil, rapid.Int().Draw(t, "raw")))
		return
	}
	switch v.Kind() { //nolint:exhaustive // the default covers the rest
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z<>&"\\./-]{0,9}`)).Draw(t, "text"))
	case reflect.Int:
		v.SetInt(rapid.Int64Range(-1e6, 1e6).Draw(t, "number"))
	case reflect.Float64:
		v.SetFloat(rapid.Float64Range(-1e6, 1e6).Draw(t, "number"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Struct:
		for n := range v.NumField() {
			draw(t, v.Field(n))
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "set") {
			v.Set(reflect.New(v.Type().Elem()))
			draw(t, v.Elem())
		}
	case reflect.Slice:
		if n := rapid.IntRange(-1, 2).Draw(t, "length"); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				draw(t, v.Index(i))
			}
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range rapid.IntRange(0, 2).Draw(t, "length") {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			draw(t, key)
			draw(t, value)
			v.SetMapIndex(key, value)
		}
	default:
		t.Fatalf("nothing is drawn for %v", v.Type())
	}
}
