package announce

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/endpoint"
)

// Form is how members are written.
type Form string

// The forms.
const (
	ServerSet Form = "serverset"
	Nerve     Form = "nerve"
	Curator   Form = "curator"
)

const (
	// PrimaryPortLabel is the label that names the port which a ServerSet is about.
	PrimaryPortLabel = "GANTRY_PRIMARY_PORT"
	// PathLabel is the label that gives an App's ServerSet a path of its own.
	PathLabel = "GANTRY_SERVERSET_PATH"
	// primaryPort is the name of the port that a ServerSet is about without the label
	// (Aurora, announcer).
	primaryPort = "http"
)

// member is one that is wanted.
type member struct {
	dir string
	// key names what it is for: a task, or a port of one.
	key string
	// name is all of the node's name, or, if it is numbered, what comes before the number.
	name     string
	numbered bool
	data     string
}

// place is host and port as ServerSets have them; the port is a number.
type place struct {
	Host string `json:"host"`
	Port int    `json:"port"`
	Inet string `json:"inet,omitempty"`
}

// layout says where and how Apps are written.
type layout struct {
	root      string
	framework string
	forms     []Form
	byIP      bool
	// paths are those below which an App may have its ServerSet.
	paths []string
}

// dirs are the directories of an App.
func (l *layout) dirs(a *endpoint.App) []string {
	var out []string
	if len(a.Ports) == 0 {
		return nil
	}
	for _, f := range l.forms {
		switch f {
		case ServerSet:
			out = append(out, l.serversetDir(a))
		case Nerve:
			for n := range a.Ports {
				out = append(out, l.nerveDir(a, n))
			}
		case Curator:
			out = append(out, l.curatorDir(a))
		}
	}
	return out
}

func (l *layout) serversetDir(a *endpoint.App) string {
	if own := strings.TrimSuffix(a.Labels[PathLabel], "/"); own != "" && !strings.Contains(own, "//") {
		for _, prefix := range l.paths {
			if strings.HasPrefix(own, strings.TrimSuffix(prefix, "/")+"/") {
				return own
			}
		}
	}
	return l.root + "/serversets" + string(a.ID)
}

func (l *layout) nerveDir(a *endpoint.App, port int) string {
	name := a.Ports[port].Name
	if name == "" {
		name = strconv.Itoa(port)
	}
	return l.root + "/nerve" + string(a.ID) + "/" + name
}

func (l *layout) curatorDir(a *endpoint.App) string { return l.root + "/curator/" + curatorName(a) }

func curatorName(a *endpoint.App) string {
	return strings.ReplaceAll(strings.TrimPrefix(string(a.ID), "/"), "/", ".")
}

// members are those that an App is to have, a task's ports together.
func (l *layout) members(s *endpoint.Service) []member {
	var out []member
	for from := 0; from < len(s.Endpoints); {
		to := from
		var ports []*endpoint.Endpoint
		for to < len(s.Endpoints) && s.Endpoints[to].Task == s.Endpoints[from].Task {
			if e := s.Endpoints[to]; e.Published && (!l.byIP || e.IP != "") {
				ports = append(ports, e)
			}
			to++
		}
		if from = to; len(ports) == 0 {
			continue
		}
		for _, f := range l.forms {
			switch f {
			case ServerSet:
				out = append(out, l.serverset(s.App, ports))
			case Nerve:
				for _, e := range ports {
					if e.PortIndex < len(s.Ports) {
						out = append(out, l.nerve(s.App, e))
					}
				}
			case Curator:
				out = append(out, l.curator(s.App, ports))
			}
		}
	}
	return out
}

func (l *layout) place(e *endpoint.Endpoint) place {
	if l.byIP {
		return place{Host: e.IP, Port: e.Port}
	}
	return place{Host: e.Host, Port: e.Port, Inet: e.IP}
}

// primary is the port that stands for a task.
func primary(a *endpoint.App, ports []*endpoint.Endpoint) *endpoint.Endpoint {
	for _, name := range []string{a.Labels[PrimaryPortLabel], primaryPort} {
		for _, e := range ports {
			if name != "" && e.PortName == name {
				return e
			}
		}
	}
	return ports[0]
}

func (l *layout) serverset(a *endpoint.App, ports []*endpoint.Endpoint) member {
	main := primary(a, ports)
	more := map[string]place{}
	for _, e := range ports {
		name := e.PortName
		if name == "" {
			name = "port" + strconv.Itoa(e.PortIndex)
		}
		more[name] = l.place(e)
	}
	return member{dir: l.serversetDir(a), key: string(main.Task), name: "member_", numbered: true, data: text(struct {
		Service    place             `json:"serviceEndpoint"`
		Additional map[string]place  `json:"additionalEndpoints"`
		Status     string            `json:"status"`
		Shard      int               `json:"shard"`
		Metadata   map[string]string `json:"metadata"`
	}{l.place(main), more, "ALIVE", main.Ordinal, l.marks(main)})}
}

// marks are those by which a member is known as ours.
func (l *layout) marks(e *endpoint.Endpoint) map[string]string {
	return map[string]string{"framework": l.framework, "task": string(e.Task)}
}

func (l *layout) nerve(a *endpoint.App, e *endpoint.Endpoint) member {
	at := l.place(e)
	return member{dir: l.nerveDir(a, e.PortIndex), key: string(e.Task), name: e.Instance + "_", numbered: true, data: text(struct {
		Host   string            `json:"host"`
		Port   int               `json:"port"`
		Name   string            `json:"name"`
		Weight int               `json:"weight"`
		Labels map[string]string `json:"labels"`
	}{at.Host, at.Port, e.Instance, 1, l.marks(e)})}
}

// part is a piece of Curator's uriSpec.
type part struct {
	Value    string `json:"value"`
	Variable bool   `json:"variable"`
}

func (l *layout) curator(a *endpoint.App, ports []*endpoint.Endpoint) member {
	main := primary(a, ports)
	at := l.place(main)
	return member{dir: l.curatorDir(a), key: string(main.Task), name: string(main.Task), data: text(struct {
		Name       string            `json:"name"`
		ID         string            `json:"id"`
		Address    string            `json:"address"`
		Port       int               `json:"port"`
		SSLPort    *int              `json:"sslPort"`
		Payload    *string           `json:"payload"`
		Registered int64             `json:"registrationTimeUTC"`
		Type       string            `json:"serviceType"`
		URI        map[string][]part `json:"uriSpec"`
	}{
		Name: curatorName(a), ID: string(main.Task), Address: at.Host, Port: at.Port, Registered: main.AppVersion.UnixMilli(), Type: "PERMANENT",
		URI: map[string][]part{"parts": {{"scheme", true}, {"://", false}, {"address", true}, {":", false}, {"port", true}}},
	})}
}

func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // of strings and numbers alone
	}
	return string(data)
}

// found is what tells whose a member is that was read.
type found struct {
	Metadata map[string]string `json:"metadata"`
	Labels   map[string]string `json:"labels"`
	ID       string            `json:"id"`
}

// keyOf returns what a member that was read is for; ours is false for others'
// members. Curator's have no room for marks: all of that tree is ours.
func (l *layout) keyOf(dir, name, data string) (key string, ours bool) {
	var f found
	if json.Unmarshal([]byte(data), &f) != nil {
		return "", false
	}
	if strings.HasPrefix(dir, l.root+"/curator/") {
		return f.ID, f.ID == name
	}
	marks := f.Metadata
	if strings.HasPrefix(dir, l.root+"/nerve/") {
		marks = f.Labels
	}
	return marks["task"], marks["task"] != "" && marks["framework"] == l.framework
}
