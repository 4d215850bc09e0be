package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
)

// separator is what stands between YAML documents.
var separator = regexp.MustCompile(`(?m)^---\s`)

// readInput returns the JSON of a file, or of standard input for "-"; YAML is
// converted. Several YAML documents become one array.
func readInput(cmd *cobra.Command, name string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if name == "-" {
		data, err = io.ReadAll(cmd.InOrStdin())
	}
	if err != nil {
		return nil, usageError(fmt.Errorf("read the definition: %w", err))
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	// JSON goes to the scheduler as it is: it tells where a mistake is.
	if text := bytes.TrimSpace(data); len(text) > 0 && (text[0] == '{' || text[0] == '[') && !separator.Match(data) {
		return data, nil
	}
	var docs []any
	d := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var v any
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s is neither JSON nor YAML: %w", inputName(name), err)
		}
		if v != nil {
			docs = append(docs, v)
		}
	}
	if len(docs) == 0 {
		return nil, fmt.Errorf("%s holds no definition", inputName(name))
	}
	out, err := json.Marshal(joined(docs))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", inputName(name), err)
	}
	return out, nil
}

// joined makes one value of YAML documents, each of which may hold several Apps.
func joined(docs []any) any {
	if len(docs) == 1 {
		return docs[0]
	}
	var all []any
	for _, d := range docs {
		if list, ok := d.([]any); ok {
			all = append(all, list...)
		} else {
			all = append(all, d)
		}
	}
	return all
}

func inputName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// signedNumbers marks commands that take numbers such as -1 as arguments.
const signedNumbers = "signed-numbers"

var signed = regexp.MustCompile(`^-[0-9]+$`)

// signedLast moves numbers such as -1 behind the flags of a command that takes
// them, as they would be taken for flags.
func signedLast(root *cobra.Command, args []string) []string {
	found, _, err := root.Find(args)
	if err != nil {
		return args
	}
	if _, ok := found.Annotations[signedNumbers]; !ok {
		return args
	}
	var flags, numbers []string
	for i, a := range args {
		switch {
		case a == "--":
			return append(append(flags, args[i:]...), numbers...)
		case signed.MatchString(a) && !takesValue(found, args[:i]):
			numbers = append(numbers, a)
		default:
			flags = append(flags, a)
		}
	}
	if numbers == nil {
		return args
	}
	return append(append(flags, "--"), numbers...)
}

// takesValue reports whether the last of args is a flag that the next one belongs to.
func takesValue(cmd *cobra.Command, args []string) bool {
	if len(args) == 0 {
		return false
	}
	name, long := strings.CutPrefix(args[len(args)-1], "--")
	f := cmd.Flag(name)
	if !long {
		name, short := strings.CutPrefix(args[len(args)-1], "-")
		if !short || len(name) != 1 {
			return false
		}
		if f = cmd.Flags().ShorthandLookup(name); f == nil {
			f = cmd.InheritedFlags().ShorthandLookup(name)
		}
	}
	return f != nil && f.NoOptDefVal == ""
}
