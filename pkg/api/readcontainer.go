package api

import (
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// address is the old ipAddress member.
type address struct {
	name   string
	labels map[string]string
	// ports are discovery's, nil when absent.
	ports []app.Port
	// discovery tells whether discovery was given at all.
	discovery bool
}

func (d *draft) readNetworking(doc value) {
	s := &d.spec
	d.readContainer(doc.member("container"))
	if list, ok := doc.member("networks").elements(); ok {
		for _, e := range list {
			s.Networks = append(s.Networks, readNetwork(e))
		}
	}
	if list, ok := doc.member("portDefinitions").elements(); ok {
		d.definitions = make([]app.Port, 0, len(list))
		for _, e := range list {
			d.definitions = append(d.definitions, readPortDefinition(e))
		}
	}
	readBool(&s.RequirePorts, doc.member("requirePorts"))
	d.uris = doc.member("uris").texts()
	if list, ok := doc.member("ports").elements(); ok {
		d.ports = make([]int, 0, len(list))
		for _, e := range list {
			if n, ok := e.port(); ok {
				d.ports = append(d.ports, n)
			} else if !e.present() {
				e.wrongType("jsnumber", "a port")
			}
		}
	}
	if a := doc.member("ipAddress"); a.object() {
		d.address = readAddress(a)
	}
}

func readNetwork(e value) app.Network {
	n := app.Network{Mode: app.ContainerNetwork}
	if !e.object() {
		return n
	}
	if i, ok := e.member("mode").choice("host", "container/bridge", "container"); ok {
		n.Mode = app.Host + app.NetworkMode(i)
	}
	readText(&n.Name, e.member("name"))
	n.Labels = e.member("labels").textMap()
	return n
}

func readPortDefinition(e value) app.Port {
	var p app.Port
	if !e.object() {
		return p
	}
	n, ok := e.member("port").port()
	assign(&p.ServicePort, n, ok)
	readPortNames(e, &p)
	return p
}

func readPortMappings(v value) []app.Port {
	list, ok := v.elements()
	if !ok {
		return nil
	}
	ports := make([]app.Port, 0, len(list))
	for _, e := range list {
		var p app.Port
		if e.object() {
			n, ok := e.member("containerPort").port()
			assign(&p.ContainerPort, n, ok)
			if host, ok := e.member("hostPort").port(); ok {
				p.HostPort = &host
			}
			n, ok = e.member("servicePort").port()
			assign(&p.ServicePort, n, ok)
			readPortNames(e, &p)
			p.NetworkNames = e.member("networkNames").texts()
		}
		ports = append(ports, p)
	}
	return ports
}

func readPortNames(e value, p *app.Port) {
	protocols := []string{"tcp", "udp", "udp,tcp", "tcp,udp"}
	if i, ok := e.member("protocol").choice(protocols...); ok {
		p.Protocol = protocols[min(i, 2)]
	}
	readText(&p.Name, e.member("name"))
	p.Labels = e.member("labels").textMap()
}

func readAddress(v value) *address {
	a := &address{labels: v.member("labels").textMap()}
	readText(&a.name, v.member("networkName"))
	v.member("groups").texts()
	discovery := v.member("discovery")
	if !discovery.object() {
		return a
	}
	a.discovery = true
	list, ok := discovery.member("ports").elements()
	if !ok {
		return a
	}
	a.ports = make([]app.Port, 0, len(list))
	for _, e := range list {
		var p app.Port
		if e.object() {
			n, ok := e.member("number").port()
			assign(&p.ContainerPort, n, ok)
			readPortNames(e, &p)
		}
		a.ports = append(a.ports, p)
	}
	return a
}

func (d *draft) readContainer(v value) {
	if !v.object() {
		return
	}
	c := &app.Container{Kind: app.Docker}
	d.spec.Container = c
	if i, ok := v.member("type").choice("DOCKER", "MESOS"); ok {
		c.Kind = app.Docker + app.ContainerKind(i)
	}
	if v.member("linuxInfo").present() {
		v.member("linuxInfo").fail("is refused, as nothing would apply it: executors are started without seccomp and IPC settings of their own; leave it out, or use a DOCKER container with the parameters security-opt, ipc and shm-size")
	}
	d.mappings = readPortMappings(v.member("portMappings"))
	if volumes, ok := v.member("volumes").elements(); ok {
		for _, e := range volumes {
			c.Volumes = append(c.Volumes, readVolume(e))
		}
	}
	if docker := v.member("docker"); docker.object() {
		d.readDocker(docker, c)
	}
}

func (d *draft) readDocker(v value, c *app.Container) {
	if image := v.member("image"); image.required("an image such as \"nginx:1.27\"") {
		readText(&c.Image, image)
		if image.v == "" {
			image.fail("must not be empty")
		}
	}
	readBool(&c.ForcePullImage, v.member("forcePullImage"))
	readBool(&c.Privileged, v.member("privileged"))
	if list, ok := v.member("parameters").elements(); ok {
		for _, e := range list {
			var p app.Parameter
			if e.object() && e.member("key").required("an option of docker run, without dashes") {
				readText(&p.Key, e.member("key"))
				readText(&p.Value, e.member("value"))
			}
			c.Parameters = append(c.Parameters, p)
		}
	}
	if pull := v.member("pullConfig"); pull.object() && pull.member("secret").required("the name of a secret") {
		readText(&c.PullSecret, pull.member("secret"))
	}
	if v.member("credential").present() {
		v.member("credential").fail("is no longer supported; use pullConfig with a secret")
	}
	names := []string{"HOST", "BRIDGE", "USER", "NONE"}
	if i, ok := v.member("network").choice(names...); ok {
		d.dockerNetwork = names[i]
	}
	d.dockerMappings = readPortMappings(v.member("portMappings"))
}

func readVolume(v value) app.Volume {
	var out app.Volume
	if !v.object() {
		return out
	}
	if path := v.member("containerPath"); path.required("a path in the container") {
		readText(&out.ContainerPath, path)
	}
	readText(&out.HostPath, v.member("hostPath"))
	readText(&out.Secret, v.member("secret"))
	kinds := 0
	for _, name := range []string{"hostPath", "persistent", "external", "secret"} {
		if v.member(name).present() {
			kinds++
		}
	}
	if kinds != 1 {
		v.fail("expected exactly one of hostPath, persistent, external and secret")
	}
	i, ok := v.member("mode").choice("RO", "RW")
	out.ReadOnly = ok && i == 0
	if !ok && out.HostPath != "" && !v.member("mode").present() {
		v.member("mode").required("RO or RW")
	}
	if p := v.member("persistent"); p.object() {
		out.Persistent = readPersistent(p)
	}
	if e := v.member("external"); e.object() {
		out.External = readExternal(e)
	}
	return out
}

func readPersistent(v value) *app.PersistentVolume {
	p := &app.PersistentVolume{Type: "root"}
	if size := v.member("size"); size.required("a number of MiB") {
		readAmount(&p.Size, size)
	}
	readAmount(&p.MaxSize, v.member("maxSize"))
	readText(&p.ProfileName, v.member("profileName"))
	if p.ProfileName != "" {
		p.Type = "mount"
	}
	types := []string{"root", "path", "mount"}
	if i, ok := v.member("type").choice(types...); ok {
		p.Type = types[i]
	}
	p.Constraints = readConstraints(v.member("constraints"))
	for i, c := range p.Constraints {
		if c.Field != "path" || c.Operator.String() != "LIKE" {
			v.member("constraints").fail("element " + resource.Units(int64(i)).String() + ": expected [\"path\", \"LIKE\", regular expression]")
		}
	}
	return p
}

func readExternal(v value) *app.ExternalVolume {
	e := &app.ExternalVolume{Provider: "dvdi"}
	readText(&e.Name, v.member("name"))
	readText(&e.Provider, v.member("provider"))
	readInt(&e.Size, v.member("size"), 0, amountMax)
	e.Options = v.member("options").textMap()
	readBool(&e.Shared, v.member("shared"))
	return e
}
