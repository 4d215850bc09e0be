package api

import "encoding/json"

// KeptEvents answers GET /v3/events.
type KeptEvents struct {
	// Events are the newest first, each as the event stream writes it, with its
	// number as the member "number".
	Events []json.RawMessage `json:"events"`
	// Oldest is the number of the oldest event that is kept, of any kind, and Last
	// that of the newest: a stream that is asked for with it as Last-Event-ID goes
	// on where this answer ends.
	Oldest uint64 `json:"oldest"`
	Last   uint64 `json:"last"`
}
