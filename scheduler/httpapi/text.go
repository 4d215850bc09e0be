package httpapi

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// text checks that a body is text before it is read as JSON: the reader would put
// another character in the place of what is not, and so run another command. A
// byte order mark, which some editors write, is skipped.
func text(data []byte) ([]byte, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	for at := 0; at < len(data); {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n == 1 {
			return nil, notText(data, at, fmt.Sprintf("byte 0x%02x is not UTF-8", data[at]))
		}
		at += n
	}
	if at := loneSurrogate(data); at >= 0 {
		return nil, notText(data, at, fmt.Sprintf("%s is half a character; the other half (a pair of \\u escapes) is missing", data[at:min(at+6, len(data))]))
	}
	return data, nil
}

func notText(data []byte, at int, what string) error {
	before := data[:at]
	line := bytes.Count(before, []byte{'\n'}) + 1
	column := at - bytes.LastIndexByte(before, '\n')
	return &api.Error{Status: http.StatusBadRequest, Message: fmt.Sprintf("Invalid JSON: line %d, column %d: %s; send UTF-8", line, column, what)}
}

// loneSurrogate returns where an escape of half a character stands alone, -1 if nowhere.
func loneSurrogate(data []byte) int {
	for at := 0; at < len(data); at++ {
		if data[at] != '\\' {
			continue
		}
		r, ok := escaped(data, at)
		if !ok || !utf16.IsSurrogate(r) {
			at++ // what is escaped, such as another backslash
			continue
		}
		second, ok := escaped(data, at+6)
		if !ok || utf16.DecodeRune(r, second) == utf8.RuneError {
			return at
		}
		at += 11
	}
	return -1
}

// escaped reads an escape such as \u00e9 at a place.
func escaped(data []byte, at int) (rune, bool) {
	if at+6 > len(data) || data[at] != '\\' || data[at+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(data[at+2:at+6]), 16, 32)
	return rune(n), err == nil
}
