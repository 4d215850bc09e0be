package minicluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/webguard"
)

// AdminHandler causes faults over HTTP, for people and scripts. It has no authentication: serve it on loopback only.
// Requests of web pages, and those to another name than this machine's, are refused with 403.
//
//	GET  /admin/                                   masters and agents with their state
//	POST /admin/failover                           kill the leading master and start it again
//	POST /admin/masters/N/{kill,start,freeze,thaw}
//	POST /admin/agents/N/{kill,start,stop,lose,freeze,thaw,partition,heal}   start takes ?fresh=true
//	POST /admin/agents/N/delay?for=2s              every message between agent and masters; 0s undoes it
//	POST /admin/agents/N/fill?framework=F&executor=E&mib=100   a file in the executor's sandbox
//	POST /admin/messages?class=status&agent=N      lose messages between agents (0: all) and masters
//	POST /admin/calls?type=KILL&delay=2s&times=3   delay or (without delay) lose calls of schedulers and executors
//	DELETE /admin/faults/ID                        undo one of the last two
//
// A fault is answered with 200 and, where it can be undone by its id, {"id": N}. What does not exist is 404, what is
// impossible at the moment 409, a bad parameter 400, each with {"message"}.
func (c *Cluster) AdminHandler() http.Handler {
	a := &admin{c: c, undo: map[int]func(){}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /admin/{$}", a.overview)
	mux.HandleFunc("POST /admin/failover", func(w http.ResponseWriter, _ *http.Request) { answer(w, c.FailOver()) })
	mux.HandleFunc("POST /admin/masters/{n}/{action}", a.master)
	mux.HandleFunc("POST /admin/agents/{n}/{action}", a.agent)
	mux.HandleFunc("POST /admin/messages", a.messages)
	mux.HandleFunc("POST /admin/calls", a.calls)
	mux.HandleFunc("DELETE /admin/faults/{id}", a.remove)
	guard := webguard.Guard{Loopback: true}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refusal := guard.Check(r); refusal != nil {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(refusal.Status)
			_ = json.NewEncoder(w).Encode(map[string]string{"message": refusal.Message}) // the client may be gone
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// admin remembers how faults are undone.
type admin struct {
	c    *Cluster
	mu   sync.Mutex
	undo map[int]func()
	next int
}

// errBadParameter marks requests that cannot be understood.
var errBadParameter = errors.New("bad parameter")

// answer writes the outcome of an action.
func answer(w http.ResponseWriter, err error) {
	status := http.StatusConflict
	switch {
	case err == nil:
		return
	case errors.Is(err, ErrUnknown):
		status = http.StatusNotFound
	case errors.Is(err, errBadParameter):
		status = http.StatusBadRequest
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": err.Error()}) // the client may be gone
}

// nodeState is a master or agent in the overview.
type nodeState struct {
	Number  int    `json:"number"`
	Address string `json:"address"`
	Running bool   `json:"running"`
	Frozen  bool   `json:"frozen"`
	Leading bool   `json:"leading,omitempty"`
	WorkDir string `json:"workDir,omitempty"`
}

func (a *admin) overview(w http.ResponseWriter, _ *http.Request) {
	leader := a.c.Leader()
	out := struct {
		MasterURL string      `json:"masterUrl"`
		Masters   []nodeState `json:"masters"`
		Agents    []nodeState `json:"agents"`
	}{MasterURL: a.c.MasterURL(), Masters: []nodeState{}, Agents: []nodeState{}}
	for _, n := range a.c.masters {
		s := n.state()
		s.Leading = n.number == leader
		out.Masters = append(out.Masters, s)
	}
	for _, n := range a.c.agents {
		s := n.state()
		s.WorkDir = n.cfg.WorkDir
		out.Agents = append(out.Agents, s)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out) // the client may be gone
}

func (n *node) state() nodeState {
	n.mu.Lock()
	defer n.mu.Unlock()
	return nodeState{Number: n.number, Address: n.port.address(), Running: n.cancel != nil, Frozen: n.frozen}
}

func pathNumber(r *http.Request) (int, error) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil {
		return 0, fmt.Errorf("%w: number %q: want 1, 2, ...", errBadParameter, r.PathValue("n"))
	}
	return n, nil
}

func (a *admin) master(w http.ResponseWriter, r *http.Request) {
	n, err := pathNumber(r)
	if err != nil {
		answer(w, err)
		return
	}
	actions := map[string]func(int) error{
		"kill": a.c.KillMaster, "start": a.c.StartMaster, "freeze": a.c.FreezeMaster, "thaw": a.c.ThawMaster,
	}
	act, ok := actions[r.PathValue("action")]
	if !ok {
		answer(w, fmt.Errorf("action %q on a master: %w", r.PathValue("action"), ErrUnknown))
		return
	}
	answer(w, act(n))
}

func (a *admin) agent(w http.ResponseWriter, r *http.Request) {
	n, err := pathNumber(r)
	if err != nil {
		answer(w, err)
		return
	}
	q := r.URL.Query()
	actions := map[string]func(int) error{
		"kill": a.c.KillAgent, "lose": a.c.LoseAgent, "freeze": a.c.FreezeAgent, "thaw": a.c.ThawAgent,
		"partition": a.c.Partition, "heal": a.c.Heal,
		"stop":  func(n int) error { return a.c.StopAgent(r.Context(), n) },
		"start": func(n int) error { return a.c.StartAgent(n, AgentStart{Fresh: q.Get("fresh") == "true"}) },
		"delay": func(n int) error {
			d, err := time.ParseDuration(q.Get("for"))
			if err != nil {
				return fmt.Errorf("%w: for=%q: want a duration such as 2s", errBadParameter, q.Get("for"))
			}
			return a.c.Delay(n, d)
		},
		"fill": func(n int) error {
			mib, err := strconv.ParseInt(q.Get("mib"), 10, 64)
			if err != nil || mib < 1 {
				return fmt.Errorf("%w: mib=%q: want a number above 0", errBadParameter, q.Get("mib"))
			}
			return a.c.FillSandbox(n, q.Get("framework"), q.Get("executor"), mib<<20)
		},
	}
	act, ok := actions[r.PathValue("action")]
	if !ok {
		answer(w, fmt.Errorf("action %q on an agent: %w", r.PathValue("action"), ErrUnknown))
		return
	}
	answer(w, act(n))
}

// keep remembers how a fault is undone and answers its id.
func (a *admin) keep(w http.ResponseWriter, undo func()) {
	a.mu.Lock()
	a.next++
	id := a.next
	a.undo[id] = undo
	a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]int{"id": id}) // the client may be gone
}

func (a *admin) messages(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	class, ok := messageClass(q.Get("class"))
	if !ok {
		answer(w, fmt.Errorf("%w: class=%q: want one of %s", errBadParameter, q.Get("class"), strings.Join(classNames(), ", ")))
		return
	}
	n := 0
	if text := q.Get("agent"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			answer(w, fmt.Errorf("%w: agent=%q: want a number, 0 for all", errBadParameter, text))
			return
		}
	}
	undo, err := a.c.Drop(class, n)
	if err != nil {
		answer(w, err)
		return
	}
	a.keep(w, undo)
}

func messageClass(name string) (link.Class, bool) {
	for c := link.ClassRegistration; c.String() != "unknown"; c++ {
		if c.String() == name {
			return c, true
		}
	}
	return 0, false
}

func classNames() []string {
	var names []string
	for c := link.ClassRegistration; c.String() != "unknown"; c++ {
		names = append(names, c.String())
	}
	return names
}

func (a *admin) calls(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f := CallFault{Type: q.Get("type")}
	if f.Type == "" {
		answer(w, fmt.Errorf("%w: type is empty: want a call such as KILL or UPDATE", errBadParameter))
		return
	}
	var err error
	if text := q.Get("delay"); text != "" {
		if f.Delay, err = time.ParseDuration(text); err != nil || f.Delay <= 0 {
			answer(w, fmt.Errorf("%w: delay=%q: want a duration such as 2s", errBadParameter, text))
			return
		}
	}
	if text := q.Get("times"); text != "" {
		if f.Times, err = strconv.Atoi(text); err != nil || f.Times < 0 {
			answer(w, fmt.Errorf("%w: times=%q: want a number, 0 for all", errBadParameter, text))
			return
		}
	}
	a.keep(w, a.c.FaultCalls(f))
}

func (a *admin) remove(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	a.mu.Lock()
	undo := a.undo[id]
	delete(a.undo, id)
	a.mu.Unlock()
	if err != nil || undo == nil {
		answer(w, fmt.Errorf("fault %q: %w", r.PathValue("id"), ErrUnknown))
		return
	}
	undo()
}
