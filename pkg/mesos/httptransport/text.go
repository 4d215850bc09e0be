package httptransport

import (
	"errors"
	"io"
	"strings"
)

const (
	// textMax is how much of an answer's text is kept.
	textMax = 16 << 10
	// drainMax is how much more is read to keep the connection; a longer answer costs it.
	drainMax = 64 << 10
)

// ReadText returns the beginning of an answer's body as text, at most 16 KiB,
// and reads the rest, so that the connection can be used again. It does not
// close the body; an error while reading ends the text.
func ReadText(body io.Reader) string {
	text, err := io.ReadAll(io.LimitReader(body, textMax))
	if err == nil {
		_, err = io.CopyN(io.Discard, body, drainMax)
	}
	if err != nil && !errors.Is(err, io.EOF) && len(text) == 0 {
		return "answer broke off: " + err.Error()
	}
	return strings.TrimSpace(string(text))
}
