package httpapi

import (
	"testing"
)

func TestSelector(t *testing.T) {
	t.Parallel()
	labels := map[string]string{"a": "1", "b": "x y", "c/d": "2"}
	for text, want := range map[string]bool{
		"": true, "a": true, "z": false, "a==1": true, "a == 2": false, "a!=2": true, "z!=2": false, "a,b": true, "a, z": false,
		"a in (1,2)": true, "a in (2, 3)": false, "a notin (2)": true, "z notin (2)": false, `b==x\ y`: true, `c\/d==2`: true,
	} {
		s, err := parseSelector(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := s.matches(labels); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"=", "a=", "a=1", "a==", "a in 1", "a in (1", "a in ()", "a b", "a,,b", "a=="} {
		if _, err := parseSelector(text); err == nil {
			t.Errorf("%q: got no error", text)
		}
	}
}

func FuzzSelector(f *testing.F) {
	f.Add("a in (1,2), b!=x\\ y")
	f.Fuzz(func(_ *testing.T, text string) {
		if s, err := parseSelector(text); err == nil {
			s.matches(map[string]string{"a": "1"})
		}
	})
}
