package constraints

import (
	"strings"
	"testing"

	"github.com/gogo/protobuf/proto"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
)

var agent = Agent{
	Hostname: "h1.example", Region: "eu",
	Attributes: []mesos.Attribute{
		{Name: "rack", Type: mesos.TEXT, Text: &mesos.Value_Text{Value: "r1"}},
		{Name: "rack", Type: mesos.TEXT, Text: &mesos.Value_Text{Value: "r2"}},
		{Name: "num", Type: mesos.SCALAR, Scalar: &mesos.Value_Scalar{Value: 3}},
	},
}

func decode(t *testing.T, groups string) *OfferConstraints {
	t.Helper()
	oc := new(OfferConstraints)
	if err := codec.UnmarshalJSON([]byte(`{"role_constraints":{"r":{"groups":`+groups+`}}}`), oc); err != nil {
		t.Fatal(err)
	}
	return oc
}

func one(selector, predicate string) string {
	return `[{"attribute_constraints":[{"selector":` + selector + `,"predicate":` + predicate + `}]}]`
}

func TestPredicates(t *testing.T) {
	t.Parallel()
	const rack, num, none = `{"attribute_name":"rack"}`, `{"attribute_name":"num"}`, `{"attribute_name":"none"}`
	const host, region, zone = `{"pseudoattribute_type":"HOSTNAME"}`, `{"pseudoattribute_type":"REGION"}`, `{"pseudoattribute_type":"ZONE"}`
	for _, row := range []struct {
		selector, predicate string
		want                bool
	}{
		{rack, `{"exists":{}}`, true}, {none, `{"exists":{}}`, false},
		{rack, `{"not_exists":{}}`, false}, {none, `{"not_exists":{}}`, true},
		{rack, `{"text_equals":{"value":"r2"}}`, true}, {rack, `{"text_equals":{"value":"r3"}}`, false},
		{rack, `{"text_not_equals":{"value":"r1"}}`, false}, {rack, `{"text_not_equals":{"value":"r3"}}`, true},
		{rack, `{"text_matches":{"regex":"r[12]"}}`, true}, {rack, `{"text_matches":{"regex":"r"}}`, false},
		{rack, `{"text_not_matches":{"regex":"r[23]"}}`, false}, {rack, `{"text_not_matches":{"regex":"r"}}`, true},
		{num, `{"text_equals":{"value":"x"}}`, true}, {num, `{"text_not_equals":{"value":"3"}}`, true},
		{num, `{"text_matches":{"regex":"x"}}`, true}, {num, `{"text_not_matches":{"regex":".*"}}`, true},
		{none, `{"text_equals":{"value":"x"}}`, false}, {none, `{"text_matches":{"regex":".*"}}`, false},
		{none, `{"text_not_equals":{"value":"x"}}`, true}, {none, `{"text_not_matches":{"regex":".*"}}`, true},
		{host, `{"text_matches":{"regex":"h1\\..*|x"}}`, true}, {region, `{"text_equals":{"value":"eu"}}`, true},
		{zone, `{"exists":{}}`, false},
	} {
		f, err := Compile(decode(t, one(row.selector, row.predicate)))
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Allows("r", &agent); got != row.want {
			t.Errorf("%s %s: got %v, want %v", row.selector, row.predicate, got, row.want)
		}
		if !f.Allows("other", &agent) {
			t.Errorf("%s %s: a role that is not named is constrained", row.selector, row.predicate)
		}
	}
}

func TestAnyGroupAllConstraints(t *testing.T) {
	t.Parallel()
	const yes = `{"selector":{"attribute_name":"rack"},"predicate":{"exists":{}}}`
	const no = `{"selector":{"attribute_name":"none"},"predicate":{"exists":{}}}`
	group := func(cs ...string) string { return `{"attribute_constraints":[` + strings.Join(cs, ",") + `]}` }
	for groups, want := range map[string]bool{
		`[` + group(yes) + `,` + group(no) + `]`: true,
		`[` + group(yes, no) + `]`:               false,
		`[` + group(no) + `,` + group(no) + `]`:  false,
		`[` + group(yes, yes) + `]`:              true,
	} {
		f, err := Compile(decode(t, groups))
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Allows("r", &agent); got != want {
			t.Errorf("%s: got %v, want %v", groups, got, want)
		}
	}
}

func TestRefusedConstraints(t *testing.T) {
	t.Parallel()
	for name, groups := range map[string]string{
		"no groups":           `[]`,
		"empty group":         `[{}]`,
		"empty selector":      one(`{}`, `{"exists":{}}`),
		"unknown selector":    one(`{"pseudoattribute_type":"NOPE"}`, `{"exists":{}}`),
		"empty predicate":     one(`{"attribute_name":"a"}`, `{}`),
		"unknown predicate":   one(`{"attribute_name":"a"}`, `{"nope":{}}`),
		"bad regex":           one(`{"attribute_name":"a"}`, `{"text_matches":{"regex":"("}}`),
		"backreference":       one(`{"attribute_name":"a"}`, `{"text_not_matches":{"regex":"(a)\\1"}}`),
		"regex far too long":  one(`{"attribute_name":"a"}`, `{"text_matches":{"regex":"`+strings.Repeat("a", 5000)+`"}}`),
		"unclosed in wrapper": one(`{"attribute_name":"a"}`, `{"text_matches":{"regex":")|("}}`),
	} {
		if _, err := Compile(decode(t, groups)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestProtobufAgreesWithJSON(t *testing.T) {
	t.Parallel()
	oc := decode(t, one(`{"pseudoattribute_type":"HOSTNAME"}`, `{"text_matches":{"regex":"h.*"}}`))
	data, err := proto.Marshal(oc)
	if err != nil {
		t.Fatal(err)
	}
	back := new(OfferConstraints)
	if err := proto.Unmarshal(data, back); err != nil {
		t.Fatal(err)
	}
	got, err1 := codec.MarshalJSON(back)
	want, err2 := codec.MarshalJSON(oc)
	if err1 != nil || err2 != nil || string(got) != string(want) {
		t.Errorf("got %s, %v, want %s, %v", got, err1, want, err2)
	}
}
