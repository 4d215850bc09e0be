package dns

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
)

// NotReadyLabel is the label that, if "true", has names lead also to tasks of the App
// that start or are unhealthy: members of ensembles have to find each other before they are ready.
const NotReadyLabel = "GANTRY_DNS_NOT_READY"

// Names say under which names a Zone has Apps.
type Names struct {
	// Domain is the zone's own name, without dots at its ends, such as "gantry".
	Domain string
	// Framework is the framework's name.
	Framework string
}

// service is where one port of a task is found by SRV.
type service struct {
	target string
	port   uint16
}

func (s service) text() string { return strconv.Itoa(int(s.port)) }

// node is what a name leads to.
type node struct {
	v4, v6   []netip.Addr
	services []service
}

// Zone has all names at one moment. It is immutable.
type Zone struct {
	names Names
	// nodes are by name, lower case and with a dot at its end; those that have
	// nothing exist nevertheless.
	nodes map[string]*node
	// serial is the zone's version.
	serial uint32
	// tasks are for those who list the zone.
	tasks []listed
	// Collisions are the Apps whose label another one had before, with that one.
	Collisions map[app.ID]app.ID
}

// listed is a task with its records, for those who list them.
type listed struct {
	name, id string
	records  []record
}

// record is one record as Mesos-DNS lists it.
type record struct {
	Name  string `json:"name"`
	Host  string `json:"host"`
	RType string `json:"rtype"`
}

// NewZone makes a Zone of the endpoints of all Apps.
func NewZone(names Names, services []endpoint.Service, now time.Time) *Zone {
	names.Domain, names.Framework = labels(names.Domain), labels(names.Framework)
	z := &Zone{names: names, nodes: map[string]*node{}, serial: uint32(now.Unix()), Collisions: map[app.ID]app.ID{}}
	z.node(names.Domain)
	owners := map[string]*endpoint.App{}
	for n := range services {
		a := services[n].App
		l := label(reversed(a.ID), labelMax)
		if o := owners[l]; o == nil || older(a, o) {
			owners[l] = a
		}
	}
	for n := range services {
		z.add(&services[n], owners)
	}
	return z
}

// older reports whether an App was there before another one.
func older(a, b *endpoint.App) bool {
	if !a.Created.Equal(b.Created.Time) {
		return a.Created.Before(b.Created.Time)
	}
	return a.ID < b.ID
}

// node returns what a name leads to, and has it and all above it exist.
func (z *Zone) node(name string) *node {
	name = strings.ToLower(name) + "."
	if n := z.nodes[name]; n != nil {
		return n
	}
	n := &node{}
	z.nodes[name] = n
	if _, parent, ok := strings.Cut(name, "."); ok && parent != "" && len(parent) > len(z.names.Domain)+1 {
		z.node(strings.TrimSuffix(parent, "."))
	}
	return n
}

// suffixes of names: of the framework, of its agents' addresses, of its containers',
// and of the short ones.
func (z *Zone) under(kind string) string {
	if kind == "" {
		return z.names.Framework + "." + z.names.Domain
	}
	return z.names.Framework + "." + kind + "." + z.names.Domain
}

// add names an App.
func (z *Zone) add(s *endpoint.Service, owners map[string]*endpoint.App) {
	l := label(reversed(s.ID), labelMax)
	if l == "" {
		return
	}
	dotted := labels(reversed(s.ID))
	mine := owners[l] == s.App
	if !mine {
		z.Collisions[s.ID] = owners[l].ID
		if dotted == l { // an App at the top: there is no other name
			return
		}
	}
	var names []string
	if mine {
		names = []string{l + "." + z.under(""), l + ".service." + z.names.Domain}
	}
	if dotted != l {
		names = append(names, dotted+"."+z.under(""))
	}
	for _, name := range names {
		z.node(name)
	}
	tasks := map[string]*listed{}
	var order []string
	for _, e := range s.Endpoints {
		if !e.Published && (s.Labels[NotReadyLabel] != "true" || e.State == endpoint.Draining) {
			continue
		}
		ip, err := netip.ParseAddr(e.IP)
		if err != nil {
			continue
		}
		id := string(e.Task)
		if tasks[id] == nil {
			tasks[id] = &listed{name: reversed(s.ID), id: id}
			order = append(order, id)
		}
		z.addresses(tasks[id], names, ip)
		if mine {
			z.addTask(tasks[id], l, e, ip)
		}
	}
	for _, id := range order {
		z.tasks = append(z.tasks, *tasks[id])
	}
}

func (z *Zone) addresses(t *listed, names []string, ip netip.Addr) {
	for _, name := range names {
		t.address(name, ip, z.node(name).address(ip))
	}
}

// addTask adds the names that Mesos-DNS has for a task's port.
func (z *Zone) addTask(t *listed, l string, e *endpoint.Endpoint, ip netip.Addr) {
	own := canonical(l, e)
	ordinal := strconv.Itoa(e.Ordinal) + "." + l + "." + z.under("")
	z.addresses(t, []string{
		own + "." + z.under(""), l + "." + z.under("slave"), own + "." + z.under("slave"), ordinal,
	}, ip)
	if inside, err := netip.ParseAddr(e.ContainerIP); err == nil {
		z.addresses(t, []string{l + "." + z.under("containerip"), own + "." + z.under("containerip")}, inside)
	} else {
		z.addresses(t, []string{l + "." + z.under("containerip"), own + "." + z.under("containerip")}, ip)
	}
	to := service{target: own + "." + z.under("") + ".", port: uint16(e.Port)}
	for _, protocol := range []string{"tcp", "udp"} {
		if e.HostPort > 0 {
			t.service("_"+l+"._"+protocol+"."+z.under("slave"), z, service{target: own + "." + z.under("slave") + ".", port: uint16(e.HostPort)})
		}
		if !e.Speaks(protocol) {
			continue
		}
		t.service("_"+l+"._"+protocol+"."+z.under(""), z, to)
		if name := label(e.PortName, labelMax); name != "" {
			t.service("_"+name+"._"+l+"._"+protocol+"."+z.under(""), z, to)
			t.service("_"+name+"._"+protocol+"."+l+"."+z.under(""), z, to)
		}
	}
}

// address has a name lead to an address; it reports whether that is new.
func (n *node) address(ip netip.Addr) bool {
	list := &n.v4
	if ip = ip.Unmap(); ip.Is6() {
		list = &n.v6
	}
	if slices.Contains(*list, ip) {
		return false
	}
	*list = append(*list, ip)
	return true
}

func (t *listed) address(name string, ip netip.Addr, fresh bool) {
	kind := "A"
	if ip.Unmap().Is6() {
		kind = "AAAA"
	}
	r := record{name + ".", ip.String(), kind}
	if fresh || !slices.Contains(t.records, r) {
		t.records = append(t.records, r)
	}
}

func (t *listed) service(name string, z *Zone, s service) {
	n := z.node(name)
	if slices.Contains(n.services, s) {
		return
	}
	n.services = append(n.services, s)
	t.records = append(t.records, record{name + ".", s.target + ":" + s.text(), "SRV"})
}
