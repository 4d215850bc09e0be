package httpapi

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// The kinds of answers that clients can choose among.
const (
	kindJSON   = "application/json"
	kindText   = "text/plain"
	kindEvents = "text/event-stream"
)

// mediaRange is one of the kinds that a client accepts, as "text/*".
type mediaRange struct {
	kind, subtype string
	quality       float64
	// at is its place in the header.
	at int
}

// accepted reads the Accept headers of a request; without any, everything is
// accepted. What cannot be read does not count.
func accepted(r *http.Request) []mediaRange {
	var out []mediaRange
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		text, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		m := mediaRange{quality: 1, at: len(out)}
		m.kind, m.subtype, _ = strings.Cut(text, "/")
		if m.kind == "*" {
			m.subtype = "*"
		}
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil {
			m.quality = q
		}
		out = append(out, m)
	}
	if len(out) == 0 {
		out = append(out, mediaRange{kind: "*", subtype: "*", quality: 1})
	}
	return out
}

// specific tells how exactly a range means a kind: 0 not at all, 3 by its name.
func (m mediaRange) specific(kind string) int {
	first, second, _ := strings.Cut(kind, "/")
	switch {
	case m.kind == first && m.subtype == second:
		return 3
	case m.kind == first && m.subtype == "*":
		return 2
	case m.kind == "*":
		return 1
	default:
		return 0
	}
}

// preferred returns the kind that a client likes best, "" if it accepts none of
// them (RFC 9110, Accept). Of several that it likes the same the one that it names
// more exactly wins, then the one that it names first, then the first of kinds.
func preferred(r *http.Request, kinds ...string) string {
	type rank struct {
		quality  float64
		specific int
		at       int
	}
	ranges, best, found := accepted(r), rank{}, ""
	for _, kind := range kinds {
		var mine rank
		for _, m := range ranges {
			if s := m.specific(kind); s > mine.specific {
				mine = rank{m.quality, s, m.at}
			}
		}
		if mine.quality <= 0 {
			continue
		}
		if found == "" || mine.quality > best.quality ||
			mine.quality == best.quality && (mine.specific > best.specific || mine.specific == best.specific && mine.at < best.at) {
			best, found = mine, kind
		}
	}
	return found
}

// notAcceptable refuses a client that accepts nothing of what there is.
func notAcceptable(r *http.Request, kinds []string) *api.Error {
	return &api.Error{Status: http.StatusNotAcceptable,
		Message: "Not Acceptable: this answers with " + strings.Join(kinds, " or ") + ", not with " + strconv.Quote(r.Header.Get("Accept"))}
}
