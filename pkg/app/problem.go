package app

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with a definition.
type Problem struct {
	// Path leads to the member in Marathon's JSON, such as "/healthChecks(0)/portIndex".
	Path string
	// Text says what is wrong, with the value and what is expected.
	Text string
}

// InvalidError lists everything that is wrong with a definition.
type InvalidError struct{ Problems []Problem }

func (e *InvalidError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.Path + ": " + p.Text
	}
	return "invalid app definition: " + strings.Join(texts, "; ")
}

// findings collects problems.
type findings []Problem

func (f *findings) add(path, format string, args ...any) {
	*f = append(*f, Problem{Path: path, Text: fmt.Sprintf(format, args...)})
}
