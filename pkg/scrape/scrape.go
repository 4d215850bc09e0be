// Package scrape writes endpoints as Prometheus wants to be told of targets
// (Prometheus, http_sd and file_sd): a list of groups, each with addresses and
// labels. Labels that begin with __meta_gantry_ are for relabelling and are dropped
// after it.
package scrape

import (
	"strconv"

	"github.com/gantry-mesos/gantry/pkg/endpoint"
)

// The labels of a port that say how it is scraped.
const (
	// MetricsLabel has a port take part if it is there and not "false".
	MetricsLabel  = "metrics"
	pathLabel     = "metrics-path"
	schemeLabel   = "metrics-scheme"
	intervalLabel = "metrics-interval"
)

// Group is a group of targets with the labels that they share.
type Group struct {
	// Targets are addresses, "host:port".
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// Filter says which endpoints of an App become targets.
type Filter struct {
	// Port is the name or the index of the only port wanted, "" for all.
	Port string
	// All takes the ports without MetricsLabel, too.
	All bool
}

// Groups returns the targets of an App, a group for each endpoint, in their order. The
// sick are among them, since they have to be seen, and those that are being drained,
// until they are gone; those that start are not.
func Groups(s endpoint.Service, f Filter) []Group {
	var out []Group
	for _, e := range s.Endpoints {
		if e.State == endpoint.Starting || !f.takes(e) {
			continue
		}
		out = append(out, Group{Targets: []string{e.Address()}, Labels: labels(s.App, e)})
	}
	return out
}

func (f *Filter) takes(e *endpoint.Endpoint) bool {
	if f.Port != "" && f.Port != e.PortName && f.Port != strconv.Itoa(e.PortIndex) {
		return false
	}
	value, marked := e.PortLabels[MetricsLabel]
	return f.All || marked && value != "false"
}

func labels(a *endpoint.App, e *endpoint.Endpoint) map[string]string {
	out := map[string]string{}
	meta := func(name, value string) {
		if value != "" {
			out["__meta_gantry_"+name] = value
		}
	}
	meta("app", string(a.ID))
	meta("group", string(a.ID.Parent()))
	meta("app_version", e.AppVersion.UTC().Format("2006-01-02T15:04:05.000Z"))
	meta("instance", e.Instance)
	meta("ordinal", strconv.Itoa(e.Ordinal))
	meta("task", string(e.Task))
	meta("agent", string(e.Agent))
	meta("host", e.Host)
	meta("zone", e.Zone)
	meta("region", e.Region)
	meta("image", a.Image)
	meta("state", e.State.String())
	meta("port_index", strconv.Itoa(e.PortIndex))
	meta("port_name", e.PortName)
	meta("protocol", e.Protocol)
	if e.ServicePort > 0 {
		meta("service_port", strconv.Itoa(e.ServicePort))
	}
	for name, value := range a.Labels {
		meta("app_label_"+mangle(name), value)
	}
	for name, value := range e.PortLabels {
		meta("port_label_"+mangle(name), value)
	}
	for name, label := range map[string]string{"__metrics_path__": pathLabel, "__scheme__": schemeLabel, "__scrape_interval__": intervalLabel} {
		if value := e.PortLabels[label]; value != "" {
			out[name] = value
		}
	}
	return out
}

// mangle makes a label's name one that Prometheus allows.
func mangle(name string) string {
	b := []byte(name)
	for n, c := range b {
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			b[n] = '_'
		}
	}
	return string(b)
}
