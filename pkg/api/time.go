package api

import (
	"encoding/json"
	"fmt"
	"time"
)

// Time is a timestamp as Marathon writes it: UTC, three fraction digits, "Z".
// Versions are such timestamps.
type Time struct{ time.Time }

const timeLayout = "2006-01-02T15:04:05.000Z"

// String returns the form that URLs and JSON hold, "" for the zero value.
func (t Time) String() string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeLayout)
}

// MarshalJSON writes the timestamp.
func (t Time) MarshalJSON() ([]byte, error) {
	return t.appendJSON(make([]byte, 0, len(timeLayout)+2)), nil
}

// UnmarshalJSON reads what ParseTime reads; null and "" leave t as it was.
func (t *Time) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil || s == "" {
		return err
	}
	parsed, err := ParseTime(s)
	*t = parsed
	return err
}

// ParseTime reads an ISO 8601 date and time with offset, cut to milliseconds.
func ParseTime(s string) (Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return Time{t.UTC().Truncate(time.Millisecond)}, nil
		}
	}
	return Time{}, fmt.Errorf("%q is no timestamp, expected one such as 2026-03-01T12:34:56.789Z", s)
}
