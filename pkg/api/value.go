package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

// value is one JSON value with its place in the document. Its readers report
// what does not fit and go on, so that one pass finds every problem. Null is
// the same as absent.
type value struct {
	path string
	v    any
	r    *report
}

// report collects the problems of a document.
type report struct {
	problems []app.Problem
	// read has the paths of all members that are present and were asked for.
	read map[string]bool
	// asked, unless nil, collects the names that were asked for, present or not, by
	// the path of their object.
	asked map[string][]string
	// written holds the amounts that thousandths do not hold.
	written runspec.Written
}

func newReport() *report { return &report{read: map[string]bool{}} }

// parse reads one JSON document. Its error is a 400 that says where the text breaks.
func parse(data []byte) (value, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return value{}, malformed(data, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return value{}, malformed(data, fmt.Errorf("text after the end of the document, at byte %d", d.InputOffset()))
	}
	return value{v: v, r: newReport()}, nil
}

func malformed(data []byte, err error) *Error {
	text := err.Error()
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := data[:min(int(s.Offset), len(data))]
		line := bytes.Count(before, []byte("\n")) + 1
		text = fmt.Sprintf("%s, at line %d, column %d", text, line, len(before)-bytes.LastIndexByte(before, '\n')-1)
	}
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		text = "the body is empty, expected a JSON document"
	case errors.Is(err, io.ErrUnexpectedEOF):
		text = "the document ends too early, at byte " + strconv.Itoa(len(data))
	}
	return &Error{Status: http.StatusBadRequest, Message: messageInvalidJSON, Text: text}
}

// err returns a 422 with everything reported so far, or nil.
func (r *report) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	return invalid(messageInvalidJSON, r.problems)
}

func (v value) present() bool { return v.v != nil }

// fail reports texts for this value.
func (v value) fail(texts ...string) {
	path := v.path
	if path == "" {
		path = "/"
	}
	for _, t := range texts {
		v.r.problems = append(v.r.problems, app.Problem{Path: path, Text: t})
	}
}

func (v value) wrongType(code, wanted string) {
	v.fail("error.expected."+code, "got "+describe(v.v)+", expected "+wanted)
}

func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return "the number " + shorten(v.String())
	case string:
		return "the string " + strconv.Quote(shorten(v))
	case []any:
		return fmt.Sprintf("an array of %d", len(v))
	default:
		return "an object"
	}
}

func shorten(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "..."
	}
	return s
}

// member returns a member of an object; it is not present when v is no object.
func (v value) member(name string) value {
	m, _ := v.v.(map[string]any)
	out := value{path: v.path + "/" + name, v: m[name], r: v.r}
	if out.present() && v.r.read != nil {
		v.r.read[out.path] = true
	}
	if v.r.asked != nil {
		v.r.asked[v.path] = append(v.r.asked[v.path], name)
	}
	return out
}

// object reports whether v is an object; anything else but null is a problem.
func (v value) object() bool {
	if _, ok := v.v.(map[string]any); ok {
		return true
	}
	if v.present() {
		v.wrongType("jsobject", "an object")
	}
	return false
}

// elements returns an array's elements and whether there is one.
func (v value) elements() ([]value, bool) {
	list, ok := v.v.([]any)
	if !ok {
		if v.present() {
			v.wrongType("jsarray", "an array")
		}
		return nil, false
	}
	out := make([]value, len(list))
	for i, e := range list {
		out[i] = value{path: v.path + "(" + strconv.Itoa(i) + ")", v: e, r: v.r}
	}
	return out, true
}

// names returns the names of an object's members that are not null, sorted.
func (v value) names() []string {
	m, _ := v.v.(map[string]any)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m)), func(name string) bool { return m[name] == nil })
}

// required reports a missing value.
func (v value) required(what string) bool {
	if !v.present() {
		v.fail("error.path.missing", "is missing, expected "+what)
	}
	return v.present()
}

// text returns a string; ok is false when there is none.
func (v value) text() (s string, ok bool) {
	s, ok = v.v.(string)
	switch {
	case !ok && v.present():
		wanted := "a string"
		switch v.v.(type) {
		case json.Number, bool:
			wanted = "a string: write it in quotes"
		}
		v.wrongType("jsstring", wanted)
	case strings.ContainsRune(s, 0):
		v.fail("holds the character U+0000, which no program, path or variable can hold")
		return "", false
	}
	return s, ok
}

// number returns a number from lo to hi.
func (v value) number(lo, hi float64) (f float64, ok bool) {
	n, ok := v.v.(json.Number)
	if !ok {
		if v.present() {
			v.wrongType("jsnumber", "a number")
		}
		return 0, false
	}
	f, err := strconv.ParseFloat(n.String(), 64)
	if err != nil || f < lo || f > hi {
		v.fail(fmt.Sprintf("got %s, expected a number from %s to %s", shorten(n.String()), decimal(lo), decimal(hi)))
		return 0, false
	}
	return f, true
}

// amount returns a number of units from lo up in thousandths; what is finer is noted.
func (v value) amount(lo float64) (s resource.Scalar, ok bool) {
	f, ok := v.number(lo, amountMax)
	if ok {
		v.r.written.Note(v.path, f)
	}
	return resource.FromFloat(f), ok
}

// integer returns a whole number from lo to hi; 2.0 counts as 2.
func (v value) integer(lo, hi int) (n int, ok bool) {
	f, ok := v.number(-math.MaxFloat64, math.MaxFloat64)
	switch {
	case !ok:
		return 0, false
	case f != math.Trunc(f):
		v.fail("error.expected.jsnumber", "got "+describe(v.v)+", expected a whole number")
		return 0, false
	case f < float64(lo) || f > float64(hi):
		v.fail(fmt.Sprintf("got %s, expected a whole number from %d to %d", shorten(v.v.(json.Number).String()), lo, hi))
		return 0, false
	}
	return int(f), true
}

func (v value) boolean() (b, ok bool) {
	b, ok = v.v.(bool)
	if !ok && v.present() {
		v.wrongType("jsboolean", "true or false")
	}
	return b, ok
}

// choice reads one of the names, in any case, and returns its index.
func (v value) choice(names ...string) (int, bool) {
	s, ok := v.text()
	if !ok {
		return 0, false
	}
	for i, name := range names {
		if strings.EqualFold(s, name) {
			return i, true
		}
	}
	v.fail(fmt.Sprintf("got %q, expected one of %s", shorten(s), strings.Join(names, ", ")))
	return 0, false
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// assign stores what a reader found, if it found something.
func assign[T any](dst *T, found T, ok bool) {
	if ok {
		*dst = found
	}
}
