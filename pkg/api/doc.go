// Package api holds the JSON of Marathon's /v2 API as Gantry speaks it: its
// types, how an App's definition is read (with Marathon's older forms) and
// written, and a client. The server is scheduler/httpapi.
package api

import (
	"bytes"
	"encoding/json"
)

// Marshal returns v as JSON on one line, with <, > and & as they are.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
