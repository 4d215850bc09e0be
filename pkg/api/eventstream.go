package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// AllEvents stands for all types of events.
const AllEvents = "*"

// EventOptions choose what Client.Events reads.
type EventOptions struct {
	// Types are those that are wanted; without any, those that Marathon has.
	Types []string
	// After is the ID of the last event that was read, "" to begin with what happens next.
	After string
}

// StreamEvent is one message of the event stream.
type StreamEvent struct {
	// ID is the event's number, "" for a gap.
	ID   string
	Type string
	// Data is its JSON.
	Data json.RawMessage
}

// Events reads the event stream and calls each for every message, until ctx ends,
// each fails or the stream is over, which is no error: another leader may go on with it.
func (c *Client) Events(ctx context.Context, o EventOptions, each func(StreamEvent) error) error {
	header := []string{"Accept", "text/event-stream"}
	if o.After != "" {
		header = append(header, "Last-Event-ID", o.After)
	}
	stream, err := c.stream(ctx, http.MethodGet, "/v2/events", url.Values{"event_type": o.Types, "plan-format": {"light"}}, nil, header...)
	if err != nil {
		return err
	}
	defer stream.Close()
	var e StreamEvent
	for r := bufio.NewReader(stream); ; {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return c.unreachable(ctx, err)
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) > 0 {
			e.take(string(line))
			continue
		}
		if e.Data != nil {
			if err := each(e); err != nil {
				return err
			}
		}
		e = StreamEvent{}
	}
}

// take notes one line of a message; those that mean nothing here are left out.
func (e *StreamEvent) take(line string) {
	field, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch field {
	case "id":
		e.ID = value
	case "event":
		e.Type = value
	case "data":
		e.Data = json.RawMessage(value)
	}
}
