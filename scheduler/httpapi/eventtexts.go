package httpapi

import (
	"strconv"
	"sync"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/event"
)

// textsKept is how many of the latest events are kept in words.
const textsKept = 512

// eventTexts holds the latest events as the stream writes them, so that many
// readers cost no more than one.
type eventTexts struct {
	mu           sync.Mutex
	light, whole [textsKept]eventText
}

type eventText struct {
	number uint64
	text   []byte
}

// of returns an event's message in the stream; nobody may change it.
func (t *eventTexts) of(e *event.Entry, light bool) ([]byte, error) {
	kept := &t.whole[e.Number%textsKept]
	if light {
		kept = &t.light[e.Number%textsKept]
	}
	t.mu.Lock()
	have := *kept
	t.mu.Unlock()
	if have.number == e.Number {
		return have.text, nil
	}
	text := make([]byte, 0, 512)
	text = append(text, "event: "+e.Type()+"\r\nid: "...)
	text = strconv.AppendUint(text, e.Number, 10)
	text = append(text, "\r\ndata: "...)
	text, err := api.AppendEvent(text, *e, light)
	if err != nil {
		return nil, err
	}
	text = append(text, "\r\n\r\n"...)
	t.mu.Lock()
	defer t.mu.Unlock()
	*kept = eventText{e.Number, text}
	return text, nil
}
