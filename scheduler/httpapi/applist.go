package httpapi

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"sync"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core"
)

// definitions keeps the JSON of current definitions, so that listing thousands
// of Apps copies bytes instead of making them anew. A Spec never changes, which
// makes its address a sound key for as long as the entry holds it.
type definitions struct {
	mu   sync.Mutex
	kept map[app.ID]definition
}

type definition struct {
	spec *app.Spec
	json []byte
}

// of returns the JSON of a definition; the caller does not write to it.
func (d *definitions) of(s *app.Spec) ([]byte, error) {
	d.mu.Lock()
	have := d.kept[s.ID]
	d.mu.Unlock()
	if have.spec == s {
		return have.json, nil
	}
	a := api.FromSpec(s)
	a.VersionInfo = versionInfo(s)
	data, err := api.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("write app %s: %w", s.ID, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept[s.ID] = definition{spec: s, json: data}
	return data, nil
}

// prune forgets the definitions of Apps that are gone once they are many.
func (d *definitions) prune(v *core.View) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.kept) <= 2*v.AppCount()+100 {
		return
	}
	for id := range d.kept {
		if _, ok := v.App(id); !ok {
			delete(d.kept, id)
		}
	}
}

// appender receives the pieces of an answer; bufio.Writer and bytes.Buffer are such.
type appender interface{ Write(p []byte) (int, error) }

// appendApp writes one App: its definition's members and then those of its state.
func (s *Server) appendApp(w appender, p *picture, a *core.AppView, e embeds) error {
	head, err := s.definitions.of(a.Spec)
	if err != nil {
		return err
	}
	tail, err := api.Marshal(p.state(a, e))
	if err != nil {
		return fmt.Errorf("write the state of app %s: %w", a.Spec.ID, err)
	}
	if len(tail) > len("{}") {
		head = head[:len(head)-1]
		tail[0] = ','
	} else {
		tail = nil
	}
	_, _ = w.Write(head) // bufio keeps the first error for Flush
	_, _ = w.Write(tail)
	return nil
}

// replyApps answers with a list of Apps under a name.
func (s *Server) replyApps(w http.ResponseWriter, name string, p *picture, e embeds, apps []*core.AppView) error {
	s.definitions.prune(p.View)
	w.Header().Set("Content-Type", contentJSON)
	out := bufio.NewWriterSize(w, 64<<10)
	fmt.Fprintf(out, "{%q:[", name)
	for i, a := range apps {
		if i > 0 {
			_ = out.WriteByte(',') // bufio keeps the first error for Flush
		}
		if err := s.appendApp(out, p, a, e); err != nil {
			return err
		}
	}
	_, _ = out.WriteString("]}") // bufio keeps the first error for Flush
	_ = out.Flush()              // the client is gone; nobody to tell
	return nil
}

// replyApp answers with one App.
func (s *Server) replyApp(w http.ResponseWriter, p *picture, e embeds, a *core.AppView) error {
	var out bytes.Buffer
	out.WriteString(`{"app":`)
	if err := s.appendApp(&out, p, a, e); err != nil {
		return err
	}
	out.WriteByte('}')
	w.Header().Set("Content-Type", contentJSON)
	_, _ = w.Write(out.Bytes()) // the client is gone; nobody to tell
	return nil
}
