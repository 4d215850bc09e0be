package constraint

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseTakesMarathonsForms(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		parts []string
		want  Constraint
	}{
		{[]string{"hostname", "UNIQUE"}, Constraint{"hostname", Unique, ""}},
		{[]string{"rack", "cluster"}, Constraint{"rack", Cluster, ""}},
		{[]string{"rack", "CLUSTER", "r1"}, Constraint{"rack", Cluster, "r1"}},
		{[]string{"@zone", "GROUP_BY"}, Constraint{"@zone", GroupBy, ""}},
		{[]string{"@zone", "GROUP_BY", "3"}, Constraint{"@zone", GroupBy, "3"}},
		{[]string{"rack", "LIKE", "r[1-3]"}, Constraint{"rack", Like, "r[1-3]"}},
		{[]string{"rack", "UNLIKE", "r9"}, Constraint{"rack", Unlike, "r9"}},
		{[]string{"hostname", "MAX_PER", "2"}, Constraint{"hostname", MaxPer, "2"}},
		{[]string{"cores", "IS", "4.0"}, Constraint{"cores", Is, "4.0"}},
	} {
		got, err := Parse(row.parts)
		if err != nil {
			t.Errorf("%v: %v", row.parts, err)
			continue
		}
		if d := cmp.Diff(row.want, got); d != "" {
			t.Errorf("%v differs (-want +got):\n%s", row.parts, d)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		parts []string
		want  string
	}{
		{[]string{"hostname"}, "two or three elements"},
		{[]string{"a", "LIKE", "b", "c"}, "two or three elements"},
		{[]string{"", "UNIQUE"}, "must not be empty"},
		{[]string{"rack", "NEAR"}, `unknown operator "NEAR"`},
		{[]string{"rack", "UNIQUE", "x"}, "takes no value"},
		{[]string{"rack", "LIKE"}, "needs a regular expression"},
		{[]string{"rack", "UNLIKE", "("}, "no regular expression"},
		{[]string{"rack", "MAX_PER", "zero"}, "whole number"},
		{[]string{"rack", "MAX_PER", "0"}, "whole number"},
		{[]string{"rack", "GROUP_BY", "-1"}, "whole number"},
		{[]string{"rack", "IS", "a b"}, "may only hold"},
	} {
		if _, err := Parse(row.parts); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%v: got %v, want an error with %q", row.parts, err, row.want)
		}
	}
}

// Whatever is accepted is written in a form that reads as the same.
func FuzzParse(f *testing.F) {
	f.Add("hostname", "unique", "")
	f.Add("rack", "LIKE", "r[1-3]+")
	f.Add("@zone", "group_by", "2")
	f.Fuzz(func(t *testing.T, field, operator, value string) {
		parts := []string{field, operator}
		if value != "" {
			parts = append(parts, value)
		}
		c, err := Parse(parts)
		if err != nil {
			return
		}
		again, err := Parse(c.Strings())
		if err != nil || again != c {
			t.Errorf("%v became %v, then %v (%v)", parts, c, again, err)
		}
	})
}
