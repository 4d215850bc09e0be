package record

import (
	"strings"
)

// Check reads records as Load does, but goes on after one that makes no sense. Make
// it with NewCheck.
type Check struct {
	l     *loading
	kinds map[string]int
	bad   []*UnreadableError
}

// NewCheck returns a Check that has seen nothing.
func NewCheck() *Check { return &Check{l: newLoading(), kinds: map[string]int{}} }

// Add reads one record.
func (c *Check) Add(key string, value []byte) {
	kind, _, _ := strings.Cut(key, "/")
	c.kinds[kind]++
	if err := c.l.decode(key, value); err != nil {
		c.bad = append(c.bad, &UnreadableError{Key: key, Err: err})
	}
}

// Kinds returns how many records of each kind were read, such as "instance".
func (c *Check) Kinds() map[string]int { return c.kinds }

// End returns what is wrong: records that cannot be read or, when all can, what they
// refer to in vain.
func (c *Check) End() []*UnreadableError {
	if len(c.bad) > 0 {
		return c.bad
	}
	return c.l.incomplete()
}
