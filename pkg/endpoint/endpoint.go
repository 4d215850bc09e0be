// Package endpoint holds what Gantry tells other programs of where its tasks are
// reached: one Endpoint for each port of each task, the App it belongs to, changes
// of both with an index, and what programs that balance load tell in return. The
// scheduler keeps the table (scheduler/discovery); DNS, load balancers and exports
// keep a copy of it (Set).
package endpoint

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// State is what an endpoint may be used for.
type State uint8

// The states. A task that is over has no endpoints.
const (
	// Starting endpoints are of tasks that do not do their work yet.
	Starting State = iota + 1
	// Ready endpoints are to be used.
	Ready
	// Unhealthy ones were ready until a check failed.
	Unhealthy
	// Unreachable ones were ready until their agent was lost out of sight.
	Unreachable
	// Draining ones are to be left alone: their task is killed soon.
	Draining
)

var stateNames = [...]string{Starting: "starting", Ready: "ready", Unhealthy: "unhealthy", Unreachable: "unreachable", Draining: "draining"}

// String returns the state's name, such as "ready".
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return ""
}

// MarshalText writes the state's name.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a state's name.
func (s *State) UnmarshalText(text []byte) error {
	for n, name := range stateNames {
		if name != "" && name == string(text) {
			*s = State(n)
			return nil
		}
	}
	return fmt.Errorf("%q is no state of an endpoint; known are %s", text, strings.Join(stateNames[1:], ", "))
}

// Endpoint is where one port of one task is reached. It is immutable: a change
// makes a new one.
type Endpoint struct {
	App        app.ID        `json:"app"`
	Instance   string        `json:"instance"`
	Task       mesos.TaskID  `json:"task"`
	AppVersion event.Time    `json:"appVersion"`
	Agent      mesos.AgentID `json:"agent"`
	// Host is the agent's name as Mesos has it, or the container's address where that
	// is what is published.
	Host string `json:"host"`
	// IP is Host's address, "" as long as it is not known.
	IP string `json:"ip,omitempty"`
	// Port is where Host is to be asked.
	Port int `json:"port"`
	// HostPort and ContainerPort are both sides of a port mapping, 0 for none.
	HostPort      int `json:"hostPort,omitempty"`
	ContainerPort int `json:"containerPort,omitempty"`
	// ContainerIP is the first address that the task reported, "" for none.
	ContainerIP string `json:"containerIp,omitempty"`
	// Ordinal is the lowest number from 0 that no other instance of the App had when this
	// one came. The instance keeps it over restarts, but not over a change of the leader.
	Ordinal int `json:"ordinal"`
	// PortIndex counts the App's ports from 0.
	PortIndex int    `json:"portIndex"`
	PortName  string `json:"portName,omitempty"`
	// Protocol is "tcp", "udp" or "udp,tcp".
	Protocol    string            `json:"protocol"`
	ServicePort int               `json:"servicePort,omitempty"`
	PortLabels  map[string]string `json:"portLabels,omitempty"`
	// NetworkMode is "host", "container/bridge" or "container".
	NetworkMode string `json:"networkMode"`
	Zone        string `json:"zone,omitempty"`
	Region      string `json:"region,omitempty"`
	State       State  `json:"state"`
	// Published says that names lead here: the endpoint is ready, or kept though it is
	// not, since its App would have too few others.
	Published bool `json:"published"`
	// Weight is the share of the traffic, from 0 to 256.
	Weight int `json:"weight"`
	// Index is that of the table's change that made it so.
	Index uint64 `json:"index"`
}

// Standard is the weight of an endpoint that is to be used as any other.
const Standard = 100

// Key names the endpoint for as long as its task lives: "<task>/<port index>".
func (e *Endpoint) Key() string { return string(e.Task) + "/" + strconv.Itoa(e.PortIndex) }

// Address is "host:port", with brackets around an IPv6 address.
func (e *Endpoint) Address() string { return join(e.Host, e.Port) }

// Numeric is "ip:port", "" as long as the address is not known.
func (e *Endpoint) Numeric() string {
	if e.IP == "" {
		return ""
	}
	return join(e.IP, e.Port)
}

func join(host string, port int) string {
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port)
}

// Speaks reports whether the endpoint's port has a protocol, "tcp" or "udp".
func (e *Endpoint) Speaks(protocol string) bool {
	for p := range strings.SplitSeq(e.Protocol, ",") {
		if p == protocol {
			return true
		}
	}
	return false
}

// App is what consumers of endpoints want to know of an App itself. It is immutable.
type App struct {
	ID      app.ID            `json:"id"`
	Version event.Time        `json:"version"`
	Labels  map[string]string `json:"labels,omitempty"`
	Image   string            `json:"image,omitempty"`
	// Instances is how many are wanted.
	Instances int     `json:"instances"`
	Ports     []Port  `json:"ports"`
	Checks    []Check `json:"checks,omitempty"`
	// Kept is how many endpoints are published though a check of them fails.
	Kept int `json:"kept,omitempty"`
	// Created is the oldest version that is known, by which of two Apps the older is told.
	Created event.Time `json:"created"`
}

// Port is one of an App's ports.
type Port struct {
	Name        string            `json:"name,omitempty"`
	Protocol    string            `json:"protocol"`
	ServicePort int               `json:"servicePort,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
}

// Check is a health check of an App's current definition. Times are in seconds.
type Check struct {
	// Protocol is Marathon's name, such as "MESOS_HTTP".
	Protocol  string  `json:"protocol"`
	Path      string  `json:"path,omitempty"`
	PortIndex int     `json:"portIndex"`
	Interval  float64 `json:"intervalSeconds"`
	Timeout   float64 `json:"timeoutSeconds"`
	Failures  int     `json:"maxConsecutiveFailures"`
}
