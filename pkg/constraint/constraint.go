// Package constraint holds Marathon's placement constraints as values: parsing
// and validation. What they mean for an offer is decided in scheduler/placement.
package constraint

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Operator is what a constraint demands of a field ("Marathon, constraints").
type Operator uint8

// Marathon's seven operators.
const (
	Unique Operator = iota + 1
	Cluster
	GroupBy
	Like
	Unlike
	MaxPer
	Is
)

var operatorNames = [...]string{
	Unique: "UNIQUE", Cluster: "CLUSTER", GroupBy: "GROUP_BY", Like: "LIKE",
	Unlike: "UNLIKE", MaxPer: "MAX_PER", Is: "IS",
}

// String returns Marathon's name of the operator, "" for the zero value.
func (o Operator) String() string {
	if int(o) < len(operatorNames) {
		return operatorNames[o]
	}
	return ""
}

// Constraint restricts the agents that an app's instances may run on.
type Constraint struct {
	// Field is "hostname" (or "@hostname"), "@region", "@zone" or an attribute's name.
	Field    string
	Operator Operator
	// Value is "" where the operator takes none.
	Value string
}

// Strings returns the form of the API: field, operator and, if any, value.
func (c Constraint) Strings() []string {
	if c.Value == "" {
		return []string{c.Field, c.Operator.String()}
	}
	return []string{c.Field, c.Operator.String(), c.Value}
}

var literal = regexp.MustCompile(`^[a-zA-Z0-9_/.-]*$`)

// Parse reads the API's form, with the operator in any case. Its error names
// the element and what is expected in its place.
func Parse(parts []string) (Constraint, error) {
	if len(parts) < 2 || len(parts) > 3 {
		return Constraint{}, fmt.Errorf("a constraint has two or three elements (field, operator, value), not %d", len(parts))
	}
	c := Constraint{Field: parts[0]}
	if c.Field == "" {
		return Constraint{}, errors.New("the field of a constraint must not be empty; use hostname, @region, @zone or an attribute's name")
	}
	for op := Unique; op <= Is; op++ {
		if strings.EqualFold(parts[1], op.String()) {
			c.Operator = op
		}
	}
	if c.Operator == 0 {
		return Constraint{}, fmt.Errorf("unknown operator %q; use one of UNIQUE, CLUSTER, GROUP_BY, LIKE, UNLIKE, MAX_PER, IS", parts[1])
	}
	if len(parts) == 3 {
		c.Value = parts[2]
	}
	return c, c.validateValue(len(parts) == 3)
}

func (c Constraint) validateValue(given bool) error {
	switch c.Operator {
	case Unique:
		if given {
			return fmt.Errorf("UNIQUE takes no value, got %q", c.Value)
		}
	case Cluster:
	case GroupBy:
		if given {
			return positive(c)
		}
	case MaxPer:
		return positive(c)
	case Like, Unlike:
		if c.Value == "" {
			return fmt.Errorf("%v needs a regular expression as its value", c.Operator)
		}
		if _, err := regexp.Compile(c.Value); err != nil {
			return fmt.Errorf("%v: %q is no regular expression: %w", c.Operator, c.Value, err)
		}
	case Is:
		if !literal.MatchString(c.Value) {
			return fmt.Errorf("IS: value %q may only hold letters, digits and _ / . -", c.Value)
		}
	default:
		return fmt.Errorf("unknown operator %d", c.Operator)
	}
	return nil
}

func positive(c Constraint) error {
	if n, err := strconv.Atoi(c.Value); err != nil || n < 1 {
		return fmt.Errorf("%v needs a whole number of at least 1, got %q", c.Operator, c.Value)
	}
	return nil
}
