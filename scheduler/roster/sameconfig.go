package roster

import (
	"reflect"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// SameConfig reports whether instances of both definitions are alike: all but
// the number of instances and the times of changes. A list or map that is
// empty is the same as one that is not there.
func SameConfig(a, b *app.Spec) bool {
	x, y := *a, *b
	for _, s := range []*app.Spec{&x, &y} {
		s.Instances = 0
		s.Version, s.LastScalingAt, s.LastConfigChangeAt = time.Time{}, time.Time{}, time.Time{}
	}
	return same(reflect.ValueOf(x), reflect.ValueOf(y))
}

// SameChecks reports whether both have the same health checks.
func SameChecks(a, b *app.Spec) bool {
	return same(reflect.ValueOf(a.HealthChecks), reflect.ValueOf(b.HealthChecks))
}

func same(a, b reflect.Value) bool {
	switch a.Kind() { //nolint:exhaustive // all other kinds are compared as they are
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return same(a.Elem(), b.Elem())
	case reflect.Struct:
		if at, ok := a.Interface().(time.Time); ok {
			return at.Equal(b.Interface().(time.Time)) //nolint:forcetypeassert // both have one type
		}
		for i := range a.NumField() {
			if !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		return sameList(a, b)
	case reflect.Map:
		return sameMap(a, b)
	default:
		return a.Equal(b)
	}
}

func sameList(a, b reflect.Value) bool {
	if a.Len() != b.Len() {
		return false
	}
	for i := range a.Len() {
		if !same(a.Index(i), b.Index(i)) {
			return false
		}
	}
	return true
}

func sameMap(a, b reflect.Value) bool {
	if a.Len() != b.Len() {
		return false
	}
	for _, key := range a.MapKeys() {
		if other := b.MapIndex(key); !other.IsValid() || !same(a.MapIndex(key), other) {
			return false
		}
	}
	return true
}
