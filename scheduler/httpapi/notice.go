package httpapi

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
)

// noticesMax is how many notices one answer has, each of up to noticeMax bytes.
const (
	noticesMax = 20
	noticeMax  = 400
)

// notices are what has no effect in a request that is carried out.
type notices []app.Problem

// reads returns the Reader of a request's definitions, which collects notices, or
// refuses what has no effect where the request asks for that.
func (s *appRoutes) reads(r *http.Request, n *notices) api.Reader {
	rd := s.reader
	rd.Strict = flag(r, "strict", false)
	rd.Notice = func(p app.Problem) { *n = append(*n, p) }
	return rd
}

// tell puts the notices into Warning headers of the answer: the body is Marathon's.
func (n notices) tell(w http.ResponseWriter) {
	for i, p := range n {
		text := p.Path + " " + p.Text
		if i == noticesMax {
			text = fmt.Sprintf("and %d more", len(n)-i)
		}
		w.Header().Add("Warning", "299 gantry "+strconv.QuoteToASCII(strings.ToValidUTF8(text[:min(len(text), noticeMax)], "")))
		if i == noticesMax {
			return
		}
	}
}
