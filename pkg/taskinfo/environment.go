package taskinfo

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

// The bounds of labels that become variables ("Marathon, environment of app tasks").
const (
	labelKeyMax   = 493
	labelValueMax = 512
)

var unusable = regexp.MustCompile(`[^A-Z0-9_]+`)

// rank is which group a variable belongs to; of equal names the higher rank
// wins ("Marathon, environment of app tasks").
type rank uint8

const (
	rankTask rank = iota
	rankApp
	rankPort
	rankOwn
)

// variable is a variable of a group.
type variable struct {
	mesos.Variable
	rank rank
}

// commonVariables are those that all tasks of a definition have, sorted by name.
func commonVariables(l Launch, o Options) []variable {
	s := l.Run
	env := map[string]string{}
	appVariables(env, l, o)
	labelVariables(env, s.Labels)
	out := make([]variable, 0, len(env)+len(s.Env))
	for name, value := range env {
		if _, own := s.Env[name]; !own {
			out = append(out, variable{mesos.Variable{Name: name, Value: value}, rankApp})
		}
	}
	for name, value := range s.Env {
		out = append(out, variable{mesos.Variable{Name: name, Value: value}, rankOwn})
	}
	sortVariables(out)
	return out
}

// environment returns the task's variables sorted by name.
func environment(l Launch, o Options, common []variable, ports []Port) []mesos.Variable {
	its := make([]variable, 0, 4+4*len(ports))
	its = append(its,
		variable{mesos.Variable{Name: "MESOS_TASK_ID", Value: string(l.TaskID)}, rankTask},
		variable{mesos.Variable{Name: o.EnvPrefix + "HOST", Value: l.Hostname}, rankTask})
	its = portVariables(its, l.Run, ports, o.EnvPrefix)
	sortVariables(its)
	out := make([]mesos.Variable, 0, len(its)+len(common))
	var last rank // of the last one in out
	for len(its) > 0 || len(common) > 0 {
		from := &its
		if len(its) == 0 || len(common) > 0 && common[0].Name < its[0].Name {
			from = &common
		}
		v := (*from)[0]
		*from = (*from)[1:]
		switch n := len(out) - 1; {
		case n < 0 || out[n].Name != v.Name:
			out, last = append(out, v.Variable), v.rank
		case v.rank >= last:
			out[n], last = v.Variable, v.rank
		}
	}
	return out
}

// sortVariables sorts by name; of one name and rank the later stays behind the earlier.
func sortVariables(vs []variable) {
	slices.SortStableFunc(vs, func(a, b variable) int { return cmp.Compare(a.Name, b.Name) })
}

func appVariables(env map[string]string, l Launch, o Options) {
	s := l.Run
	env["MARATHON_APP_ID"] = l.Owner.ID
	env["MARATHON_APP_VERSION"] = l.Owner.Version.UTC().Format("2006-01-02T15:04:05.000Z")
	if s.Container != nil && s.Container.Kind == runspec.Docker {
		env["MARATHON_APP_DOCKER_IMAGE"] = s.Container.Image
	}
	env["MARATHON_APP_RESOURCE_CPUS"] = decimal(s.Written.Show("/cpus", s.Resources.CPUs))
	env["MARATHON_APP_RESOURCE_MEM"] = decimal(s.Written.Show("/mem", s.Resources.Mem))
	env["MARATHON_APP_RESOURCE_DISK"] = decimal(s.Written.Show("/disk", s.Resources.Disk))
	env["MARATHON_APP_RESOURCE_GPUS"] = strconv.FormatInt(int64(s.Resources.GPUs)/1000, 10)
	env["MARATHON_APP_ENFORCE_GROUP_ROLE"] = strings.ToUpper(strconv.FormatBool(o.EnforceGroupRole))
}

// decimal prints an amount with a point, always: "1.0", "0.25".
func decimal(amount float64) string {
	text := strconv.FormatFloat(amount, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

func labelVariables(env, labels map[string]string) {
	var names []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if len(key) >= labelKeyMax || len(labels[key]) >= labelValueMax {
			continue
		}
		name := unusable.ReplaceAllString(strings.ToUpper(key), "_")
		names = append(names, name)
		env["MARATHON_APP_LABEL_"+name] = labels[key]
	}
	env["MARATHON_APP_LABELS"] = strings.Join(names, " ")
}

// portVariables adds PORT0.., PORT_<requested>, PORT_<NAME>, PORT and PORTS.
// A port's value is its host port, or what it listens on when it has none.
func portVariables(to []variable, s *runspec.Run, ports []Port, prefix string) []variable {
	set := func(name, value string) {
		to = append(to, variable{mesos.Variable{Name: prefix + "PORT" + name, Value: value}, rankPort})
	}
	var hosts, drawn []string
	for i, p := range ports {
		requested := requestedPort(s, i)
		value := p.Host
		if value == 0 {
			value = p.Container
		}
		text := strconv.FormatUint(uint64(value), 10)
		switch {
		case p.Host != 0:
			hosts = append(hosts, text)
		case s.Ports[i].ContainerPort == 0:
			drawn = append(drawn, text)
		}
		if requested == 0 {
			requested = value
		}
		set(strconv.Itoa(i), text)
		set("_"+strconv.FormatUint(uint64(requested), 10), text)
		if p.Name != "" {
			name := strings.ToUpper(p.Name)
			set("_"+name, text)
			set("_"+strings.ReplaceAll(name, "-", "_"), text)
		}
	}
	if all := slices.Concat(hosts, drawn); len(all) > 0 {
		set("", all[0])
		set("S", strings.Join(all, ","))
	}
	return to
}

// requestedPort is the number the App's author knows the port by, 0 for none:
// the definition's port with host networking, else the container port.
func requestedPort(s *runspec.Run, i int) uint32 {
	p := s.Ports[i]
	switch {
	case !s.HostNetworking():
		return uint32(p.ContainerPort)
	case p.HostPort != nil && *p.HostPort != 0:
		return uint32(*p.HostPort)
	default:
		return uint32(p.ServicePort)
	}
}
