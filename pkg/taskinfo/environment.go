package taskinfo

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// The bounds of labels that become variables ("Marathon, environment of app tasks").
const (
	labelKeyMax   = 493
	labelValueMax = 512
)

var unusable = regexp.MustCompile(`[^A-Z0-9_]+`)

// environment returns the task's variables sorted by name; later groups win
// over earlier ones, the App's own over all ("Marathon, environment of app tasks").
func environment(l Launch, o Options, ports []Port) []mesos.Variable {
	env := map[string]string{
		"MESOS_TASK_ID":      string(l.TaskID),
		o.EnvPrefix + "HOST": l.Hostname,
	}
	appVariables(env, l.Spec, o)
	labelVariables(env, l.Spec.Labels)
	portVariables(env, l.Spec, ports, o.EnvPrefix)
	maps.Copy(env, l.Spec.Env)
	out := make([]mesos.Variable, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		out = append(out, mesos.Variable{Name: name, Value: env[name]})
	}
	return out
}

func appVariables(env map[string]string, s *app.Spec, o Options) {
	env["MARATHON_APP_ID"] = string(s.ID)
	env["MARATHON_APP_VERSION"] = s.Version.UTC().Format("2006-01-02T15:04:05.000Z")
	if s.Container != nil && s.Container.Kind == app.Docker {
		env["MARATHON_APP_DOCKER_IMAGE"] = s.Container.Image
	}
	env["MARATHON_APP_RESOURCE_CPUS"] = decimal(s.Resources.CPUs)
	env["MARATHON_APP_RESOURCE_MEM"] = decimal(s.Resources.Mem)
	env["MARATHON_APP_RESOURCE_DISK"] = decimal(s.Resources.Disk)
	env["MARATHON_APP_RESOURCE_GPUS"] = strconv.FormatInt(int64(s.Resources.GPUs)/1000, 10)
	env["MARATHON_APP_ENFORCE_GROUP_ROLE"] = strings.ToUpper(strconv.FormatBool(o.EnforceGroupRole))
}

// decimal prints an amount with a point, always: "1.0", "0.25".
func decimal(s resource.Scalar) string {
	text := s.String()
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

// portVariables sets PORT0.., PORT_<requested>, PORT_<NAME>, PORT and PORTS.
// A port's value is its host port, or what it listens on when it has none.
func portVariables(env map[string]string, s *app.Spec, ports []Port, prefix string) {
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
		env[prefix+"PORT"+strconv.Itoa(i)] = text
		env[prefix+"PORT_"+strconv.FormatUint(uint64(requested), 10)] = text
		if p.Name != "" {
			name := strings.ToUpper(p.Name)
			env[prefix+"PORT_"+name] = text
			env[prefix+"PORT_"+strings.ReplaceAll(name, "-", "_")] = text
		}
	}
	if all := slices.Concat(hosts, drawn); len(all) > 0 {
		env[prefix+"PORT"] = all[0]
		env[prefix+"PORTS"] = strings.Join(all, ",")
	}
}

// requestedPort is the number the App's author knows the port by, 0 for none:
// the definition's port with host networking, else the container port.
func requestedPort(s *app.Spec, i int) uint32 {
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
