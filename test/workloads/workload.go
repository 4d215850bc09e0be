package workloads

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"path"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

//go:embed *.json
var files embed.FS

// Workload is one shape of cluster and Apps.
type Workload struct {
	Name string `json:"name"`
	// About says in a sentence what it is for.
	About string `json:"about"`
	Seed  uint64 `json:"seed"`
	// Sizes are the pairs of agents and instances that it is run with, the
	// smallest first; that one also runs as a test.
	Sizes []Size `json:"sizes"`
	// Agents are the kinds of agents with their weights, Apps the kinds of Apps.
	Agents []AgentKind `json:"agents"`
	Apps   []AppKind   `json:"apps"`
	// Full is the part of the cluster that is filled before measuring, 0 for none.
	Full float64 `json:"full"`
	// Fits is the part of the instances that find a place at least, 0 for all.
	Fits float64 `json:"fits"`
}

// Size is how large a workload is made.
type Size struct {
	Agents    int `json:"agents"`
	Instances int `json:"instances"`
}

// AgentKind is one kind of agents.
type AgentKind struct {
	// Weight is how many of all agents are of this kind, in relation to the others.
	Weight float64 `json:"weight"`
	CPUs   float64 `json:"cpus"`
	Mem    float64 `json:"mem"`
	Disk   float64 `json:"disk"`
	// PortRanges is how many separate ranges the ports come in, PortsPerRange
	// how many ports each has.
	PortRanges    int `json:"port_ranges"`
	PortsPerRange int `json:"ports_per_range"`
}

// AppKind is one kind of Apps.
type AppKind struct {
	// Count is how many Apps, each with its part of the instances.
	Count int `json:"count"`
	// CPUs and Mem are what an instance takes.
	CPUs Distribution `json:"cpus"`
	Mem  Distribution `json:"mem"`
	// Ports is the number of dynamic host ports.
	Ports int `json:"ports"`
	// Duration is how long an instance runs, in seconds.
	Duration   Distribution `json:"duration"`
	Constraint []string     `json:"constraint"`
}

// Distribution is a range of numbers: uniform between Low and High, or, with
// Alpha, a bounded Pareto distribution with that exponent (heavy tail).
type Distribution struct {
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Alpha float64 `json:"alpha"`
}

// Draw returns one number.
func (d Distribution) Draw(rnd *rand.Rand) float64 {
	u := rnd.Float64()
	if d.Alpha <= 0 || d.Low <= 0 || d.High <= d.Low {
		return d.Low + u*(d.High-d.Low)
	}
	ratio := math.Pow(d.Low/d.High, d.Alpha)
	return d.Low / math.Pow(1-u*(1-ratio), 1/d.Alpha)
}

// All reads every workload, by name.
func All() (map[string]*Workload, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, fmt.Errorf("list workloads: %w", err)
	}
	out := map[string]*Workload{}
	for _, file := range names {
		w, err := Load(strings.TrimSuffix(file, path.Ext(file)))
		if err != nil {
			return nil, err
		}
		out[w.Name] = w
	}
	return out, nil
}

// Load reads one workload; its name is that of its file.
func Load(name string) (*Workload, error) {
	data, err := files.ReadFile(name + ".json")
	if err != nil {
		return nil, fmt.Errorf("read workload %s: %w", name, err)
	}
	w := &Workload{}
	if err := json.Unmarshal(data, w); err != nil {
		return nil, fmt.Errorf("read workload %s: %w", name, err)
	}
	if w.Name != name {
		return nil, fmt.Errorf("read workload %s: its name is %q", name, w.Name)
	}
	return w, nil
}

// Rand returns the workload's source of random numbers, from its start.
func (w *Workload) Rand() *rand.Rand { return rand.New(rand.NewPCG(w.Seed, 1)) }

// Offers returns one offer for each of n agents to role "*". Agents have the
// attribute rack (100 values) and one of three zones.
func (w *Workload) Offers(n int) []*mesos.Offer {
	rnd := w.Rand()
	offers := make([]*mesos.Offer, n)
	for i := range offers {
		k := w.agentKind(rnd)
		offers[i] = &mesos.Offer{
			ID:       mesos.OfferID(fmt.Sprintf("offer-%05d", i)),
			AgentID:  mesos.AgentID(fmt.Sprintf("agent-%05d", i)),
			Hostname: fmt.Sprintf("host-%05d.example.com", i),
			Role:     "*",
			Domain:   mesos.Domain{Region: "home", Zone: fmt.Sprintf("zone-%d", i%3)},
			Attributes: []mesos.Attribute{
				{Name: "rack", Type: mesos.Text, Text: fmt.Sprintf("rack-%02d", i%100)},
				{Name: "os", Type: mesos.Text, Text: "linux"},
			},
			Resources: k.resources(i),
		}
	}
	return offers
}

func (w *Workload) agentKind(rnd *rand.Rand) *AgentKind {
	var sum float64
	for _, k := range w.Agents {
		sum += k.Weight
	}
	at := rnd.Float64() * sum
	for i := range w.Agents {
		if at -= w.Agents[i].Weight; at < 0 {
			return &w.Agents[i]
		}
	}
	return &w.Agents[len(w.Agents)-1]
}

func (k *AgentKind) resources(agent int) []mesos.Resource {
	scalar := func(name string, n float64) mesos.Resource {
		return mesos.Resource{Name: name, Type: mesos.Scalar, Scalar: resource.FromFloat(n), AllocationRole: "*"}
	}
	out := []mesos.Resource{scalar(mesos.CPUs, k.CPUs), scalar(mesos.Mem, k.Mem), scalar(mesos.Disk, k.Disk)}
	var ranges resource.Ranges
	for i := range k.PortRanges {
		begin := uint64(10000 + agent%7 + i*(k.PortsPerRange+1+agent%3))
		ranges = append(ranges, resource.Range{Begin: begin, End: begin + uint64(k.PortsPerRange) - 1})
	}
	if len(ranges) > 0 {
		out = append(out, mesos.Resource{Name: mesos.Ports, Type: mesos.RangeSet, Ranges: ranges, AllocationRole: "*"})
	}
	return out
}

// App is one App and how long each of its instances runs.
type App struct {
	Spec *app.Spec
	// Seconds is drawn once for the App.
	Seconds float64
}

// Draw returns the Apps with their parts of n instances, each in a group of
// its own kind so that kinds are tenants.
func (w *Workload) Draw(n int) ([]App, error) {
	rnd := w.Rand()
	count := 0
	for _, k := range w.Apps {
		count += k.Count
	}
	var out []App
	for kind, k := range w.Apps {
		for range k.Count {
			s := &app.Spec{
				ID:        app.ID(fmt.Sprintf("/kind-%d/app-%d", kind, len(out))),
				Instances: (n + count - 1 - len(out)) / count,
				Run: runspec.Run{
					Role:      "*",
					Resources: resource.Vector{CPUs: resource.FromFloat(k.CPUs.Draw(rnd)), Mem: resource.FromFloat(math.Ceil(k.Mem.Draw(rnd)))},
				},
			}
			for range k.Ports {
				s.Ports = append(s.Ports, app.Port{HostPort: new(int), Protocol: "tcp"})
			}
			if len(k.Constraint) > 0 {
				c, err := constraint.Parse(k.Constraint)
				if err != nil {
					return nil, fmt.Errorf("workload %s: %w", w.Name, err)
				}
				s.Constraints = []constraint.Constraint{c}
			}
			out = append(out, App{s, k.Duration.Draw(rnd)})
		}
	}
	return out, nil
}
