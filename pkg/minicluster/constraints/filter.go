package constraints

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// Agent is what constraints look at.
type Agent struct {
	Hostname     string
	Region, Zone string // "" if the agent has no domain
	Attributes   []mesos.Attribute
}

// Filter is checked and compiled offer constraints.
type Filter struct {
	roles map[string][]compiledGroup
}

type compiledGroup []compiled

type compiled struct {
	pseudo    PseudoattributeType
	attribute string
	test      func(values []value) bool
}

// value is what a selector found; text is nil for attributes of other types.
type value struct{ text *string }

// Compile checks constraints. Its errors are those that Mesos answers, to be preceded by "Offer constraints are not
// valid: ". Nil constraints give a nil filter.
func Compile(oc *OfferConstraints) (*Filter, error) {
	if oc == nil {
		return nil, nil //nolint:nilnil // nil is a valid filter that allows everything
	}
	f := &Filter{roles: make(map[string][]compiledGroup)}
	for _, role := range sortedRoles(oc) {
		groups := oc.RoleConstraints[role].groups()
		if len(groups) == 0 {
			return nil, fmt.Errorf("'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role %s", role)
		}
		for _, g := range groups {
			if g == nil || len(g.AttributeConstraints) == 0 {
				return nil, fmt.Errorf("'RoleConstraints::groups' for role %s contains an empty 'Group'", role)
			}
			var all compiledGroup
			for _, c := range g.AttributeConstraints {
				one, err := compile(c)
				if err != nil {
					return nil, fmt.Errorf("A role %s has an invalid 'AttributeConstraint': %w", role, err)
				}
				all = append(all, one)
			}
			f.roles[role] = append(f.roles[role], all)
		}
	}
	return f, nil
}

// Roles returns the constrained roles, sorted.
func (m *OfferConstraints) Roles() []string {
	if m == nil {
		return nil
	}
	return sortedRoles(m)
}

func sortedRoles(m *OfferConstraints) []string {
	roles := make([]string, 0, len(m.RoleConstraints))
	for role := range m.RoleConstraints {
		roles = append(roles, role)
	}
	slices.Sort(roles)
	return roles
}

func (rc *RoleConstraints) groups() []*Group {
	if rc == nil {
		return nil
	}
	return rc.Groups
}

func compile(c *AttributeConstraint) (compiled, error) {
	var out compiled
	if c == nil || c.Selector == nil {
		return out, errors.New("'AttributeConstraint::selector' is not set")
	}
	switch s := c.Selector; {
	case s.AttributeName != nil:
		out.attribute = *s.AttributeName
	case s.PseudoattributeType != nil && *s.PseudoattributeType != PseudoattributeUnknown:
		out.pseudo = *s.PseudoattributeType
	default:
		return out, errors.New("'AttributeConstraint::Selector' is not set or unknown")
	}
	var err error
	out.test, err = compilePredicate(c.Predicate)
	return out, err
}

func compilePredicate(p *Predicate) (func([]value) bool, error) {
	if p == nil {
		return nil, errors.New("'AttributeConstraint::predicate' is not set")
	}
	switch {
	case p.Exists != nil:
		return func(vs []value) bool { return len(vs) > 0 }, nil
	case p.NotExists != nil:
		return func(vs []value) bool { return len(vs) == 0 }, nil
	case p.TextEquals != nil:
		return any1(func(s string) bool { return s == *p.TextEquals.Value }), nil
	case p.TextNotEquals != nil:
		return all(func(s string) bool { return s != *p.TextNotEquals.Value }), nil
	case p.TextMatches != nil:
		re, err := compileRegex(*p.TextMatches.Regex)
		if err != nil {
			return nil, err
		}
		return any1(re.MatchString), nil
	case p.TextNotMatches != nil:
		re, err := compileRegex(*p.TextNotMatches.Regex)
		if err != nil {
			return nil, err
		}
		return all(func(s string) bool { return !re.MatchString(s) }), nil
	}
	return nil, errors.New("'AttributeConstraint::Predicate' is not set or unknown")
}

// regexLengthMax keeps regular expressions from becoming a burden for every allocation.
const regexLengthMax = 4096

func compileRegex(text string) (*regexp.Regexp, error) {
	if len(text) > regexLengthMax {
		return nil, fmt.Errorf("Regex of %d characters is too complex", len(text))
	}
	if _, err := regexp.Compile(text); err != nil {
		return nil, fmt.Errorf("Failed to construct regex from pattern '%s': %s: %s", text, reason(err), text)
	}
	return regexp.MustCompile(`^(?:` + text + `)$`), nil
}

// reason words the error as the RE2 library does.
func reason(err error) string {
	code := err.Error()
	if i := len("error parsing regexp: "); len(code) > i {
		code = code[i:]
	}
	for _, known := range []string{"missing closing )", "unexpected )"} {
		if len(code) >= len(known) && code[:len(known)] == known {
			return map[string]string{"missing closing )": "missing )", "unexpected )": "unexpected )"}[known]
		}
	}
	return code
}

// any1 passes if one value does, or is no text.
func any1(test func(string) bool) func([]value) bool {
	return func(vs []value) bool {
		return slices.ContainsFunc(vs, func(v value) bool { return v.text == nil || test(*v.text) })
	}
}

// all passes if every value does or is no text; so it does without values.
func all(test func(string) bool) func([]value) bool {
	return func(vs []value) bool {
		return !slices.ContainsFunc(vs, func(v value) bool { return v.text != nil && !test(*v.text) })
	}
}

// Allows tells whether the agent may be offered to the role.
func (f *Filter) Allows(role string, a *Agent) bool {
	groups, constrained := f.roles[role]
	if !constrained {
		return true
	}
	return slices.ContainsFunc(groups, func(g compiledGroup) bool {
		return !slices.ContainsFunc(g, func(c compiled) bool { return !c.test(c.values(a)) })
	})
}

func (c *compiled) values(a *Agent) []value {
	one := func(s string) []value {
		if s == "" {
			return nil
		}
		return []value{{&s}}
	}
	switch c.pseudo {
	case PseudoattributeHostname:
		return one(a.Hostname)
	case PseudoattributeRegion:
		return one(a.Region)
	case PseudoattributeZone:
		return one(a.Zone)
	case PseudoattributeUnknown:
	}
	var vs []value
	for i := range a.Attributes {
		if at := &a.Attributes[i]; at.Name == c.attribute {
			v := value{}
			if at.Type == mesos.TEXT && at.Text != nil {
				v.text = &at.Text.Value
			}
			vs = append(vs, v)
		}
	}
	return vs
}
