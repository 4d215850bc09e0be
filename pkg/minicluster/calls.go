package minicluster

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gogo/protobuf/proto"
	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/pause"
)

// CallFault is what happens to calls of one type: they are lost, or come late.
type CallFault struct {
	// Type is the type of a scheduler or executor call, such as "ACCEPT", "KILL", "ACKNOWLEDGE" or "UPDATE".
	Type string
	// Delay lets the call wait before it is carried out. Zero means that it is lost: it is answered with 202, as
	// if it had been received, and has no effect.
	Delay time.Duration
	// Times bounds how many calls are affected; zero: all.
	Times int
}

// callFaults are the faults in effect.
type callFaults struct {
	mu   sync.Mutex
	all  map[int]*CallFault
	next int
}

// FaultCalls makes calls of schedulers to masters, and of executors to agents, suffer f until the returned function
// is called.
func (c *Cluster) FaultCalls(f CallFault) (undo func()) {
	c.calls.mu.Lock()
	defer c.calls.mu.Unlock()
	id := c.calls.next
	c.calls.next++
	if c.calls.all == nil {
		c.calls.all = map[int]*CallFault{}
	}
	c.calls.all[id] = &f
	return func() {
		c.calls.mu.Lock()
		defer c.calls.mu.Unlock()
		delete(c.calls.all, id)
	}
}

// take returns the fault for a call and counts it.
func (f *callFaults) take(kind string) (CallFault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, fault := range f.all {
		if fault.Type != kind {
			continue
		}
		if fault.Times == 1 {
			delete(f.all, id)
		}
		if fault.Times > 1 {
			fault.Times--
		}
		return *fault, true
	}
	return CallFault{}, false
}

func (f *callFaults) any() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.all) > 0
}

// wrap applies the faults to what a server is asked.
func (f *callFaults) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		api := strings.HasSuffix(r.URL.Path, "/api/v1/scheduler") || strings.HasSuffix(r.URL.Path, "/api/v1/executor")
		if !api || r.Method != http.MethodPost || !f.any() {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, codec.MaxCallBytes))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		fault, hit := f.take(callType(r, body))
		switch {
		case hit && fault.Delay == 0:
			w.WriteHeader(http.StatusAccepted)
			return
		case hit && !pause.For(r.Context(), fault.Delay):
			return
		}
		next.ServeHTTP(w, r)
	})
}

// callType is the type of the call in a body, empty if it cannot be told.
func callType(r *http.Request, body []byte) string {
	copied := r.Clone(r.Context())
	copied.Body = io.NopCloser(bytes.NewReader(body))
	var call proto.Message
	var name func() string
	if strings.HasSuffix(r.URL.Path, "/scheduler") {
		c := &scheduler.Call{}
		call, name = c, func() string { return c.Type.String() }
	} else {
		c := &executor.Call{}
		call, name = c, func() string { return c.Type.String() }
	}
	if _, _, refusal := codec.ReadCall(copied, call); refusal != nil {
		return ""
	}
	return name()
}
