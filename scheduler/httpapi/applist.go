package httpapi

import (
	"fmt"
	"net/http"
	"sync"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// definitions keeps the JSON of current definitions, so that listing thousands
// of Apps copies bytes instead of making them anew. A Spec never changes, which
// makes its address a sound key for as long as it is one.
type definitions struct {
	mu   sync.Mutex
	kept map[*app.Spec][]byte
}

// of returns the JSON of a definition; the caller does not write to it.
func (d *definitions) of(s *app.Spec) ([]byte, error) {
	d.mu.Lock()
	have, ok := d.kept[s]
	d.mu.Unlock()
	if ok {
		return have, nil
	}
	a := api.FromSpec(s)
	a.VersionInfo = versionInfo(s)
	data, err := api.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("write app %s: %w", s.ID, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept[s] = data
	return data, nil
}

// prune forgets the definitions that are out of date once they are many.
func (d *definitions) prune(v *view.View) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.kept) <= 2*v.AppCount()+100 {
		return
	}
	for s := range d.kept {
		if a, ok := v.App(s.ID); !ok || a.Spec != s {
			delete(d.kept, s)
		}
	}
}

// appendApp appends one App: its definition's members and then those of its state.
func (s *appRoutes) appendApp(b []byte, p *picture, a *view.App, e embeds) ([]byte, error) {
	head, err := s.definitions.of(a.Spec)
	if err != nil {
		return b, err
	}
	b = append(b, head[:len(head)-1]...)
	at := len(b)
	state := p.state(a, e)
	if b, err = state.AppendJSON(b); err != nil {
		return b, fmt.Errorf("write the state of app %s: %w", a.Spec.ID, err)
	}
	if len(b) == at+len("{}") {
		b = append(b[:at], '}')
	} else {
		b[at] = ','
	}
	return b, nil
}

// listChunk is how much of a list is put together before it is sent, in bytes.
const listChunk = 64 << 10

// replyApps answers with a list of Apps under a name.
func (s *appRoutes) replyApps(w http.ResponseWriter, name string, p *picture, e embeds, apps []*view.App) error {
	s.definitions.prune(p.View)
	return replyList(w, name, apps, func(b []byte, a *view.App) ([]byte, error) { return s.appendApp(b, p, a, e) })
}

// replyList answers with a list under a name, of which each member is appended by itself.
func replyList[T any](w http.ResponseWriter, name string, list []T, member func([]byte, T) ([]byte, error)) error {
	return replyMembers(w, fmt.Sprintf("{%q:[", name), "]}", list, member)
}

// replyArray answers with a list without a name.
func replyArray[T any](w http.ResponseWriter, list []T, member func([]byte, T) ([]byte, error)) error {
	return replyMembers(w, "[", "]", list, member)
}

func replyMembers[T any](w http.ResponseWriter, open, end string, list []T, member func([]byte, T) ([]byte, error)) error {
	w.Header().Set("Content-Type", contentJSON)
	b := append(make([]byte, 0, listChunk+listChunk/4), open...)
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = member(b, v); err != nil {
			return err
		}
		if len(b) >= listChunk {
			_, _ = w.Write(b) // the client is gone; nobody to tell
			b = b[:0]
		}
	}
	_, _ = w.Write(append(b, end...)) // the client is gone; nobody to tell
	return nil
}

// replyApp answers with one App.
func (s *appRoutes) replyApp(w http.ResponseWriter, p *picture, e embeds, a *view.App) error {
	out, err := s.appendApp([]byte(`{"app":`), p, a, e)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", contentJSON)
	_, _ = w.Write(append(out, '}')) // the client is gone; nobody to tell
	return nil
}
