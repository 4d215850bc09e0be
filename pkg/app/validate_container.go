package app

import (
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/gantry-mesos/gantry/pkg/dockerparam"
)

func validateContainer(s *Spec, r Rules, f *findings) {
	c := s.Container
	if c == nil {
		return
	}
	if c.Kind == Docker && c.Image == "" {
		f.add("/container/docker/image", "a container of type DOCKER needs an image; say \"type\": \"MESOS\" for one without")
	}
	if c.Image != "" {
		if _, err := reference.ParseAnyReference(c.Image); err != nil {
			f.add("/container/docker/image", "got %q, expected the name of an image, such as \"nginx:1.27\": %v", c.Image, err)
		}
	}
	if c.Kind == Mesos {
		if c.Privileged {
			f.add("/container/docker/privileged", "only a container of type DOCKER can be privileged")
		}
		if len(c.Parameters) > 0 {
			f.add("/container/docker/parameters", "only a container of type DOCKER takes parameters")
		}
	}
	for i, p := range c.Parameters {
		at := element("/container/docker/parameters", i)
		if p.Key == "" {
			f.add(at+"/key", "must not be empty")
			continue
		}
		if c.Kind != Docker || r.AnyDockerParameter || s.Executor != "" {
			continue
		}
		if err := dockerparam.Check(p.Key, p.Value); err != nil {
			f.add(at, "%v", err)
		}
		if dockerparam.Name(p.Key) == "entrypoint" && s.Cmd != "" {
			f.add(at, "a cmd line replaces the entrypoint by a shell; use args with it")
		}
	}
	if c.PullSecret != "" {
		if c.Kind != Mesos {
			f.add("/container/docker/pullConfig", "only a container of type MESOS takes a pullConfig")
		}
		if _, ok := s.Secrets[c.PullSecret]; !ok {
			f.add("/container/docker/pullConfig/secret", "secret %q is not declared in secrets", c.PullSecret)
		}
	}
	for i := range c.Volumes {
		validateVolume(s, r, &c.Volumes[i], element("/container/volumes", i), f)
	}
	validateMounts(c, f)
	validateExternalNames(c, f)
}

// validateMounts refuses two volumes at one place.
func validateMounts(c *Container, f *findings) {
	seen := map[string]int{}
	for i, v := range c.Volumes {
		at := path.Clean(v.ContainerPath)
		if first, taken := seen[at]; taken && v.ContainerPath != "" {
			f.add(element("/container/volumes", i)+"/containerPath", "got %q, where volume %d is already", v.ContainerPath, first)
		}
		seen[at] = i
	}
}

// Ineffective lists what is left out of a valid definition, and why.
func Ineffective(s *Spec) []Problem {
	var f findings
	if s.Container == nil || s.Container.Kind != Docker {
		return nil
	}
	for i, p := range s.Container.Parameters {
		if why := dockerparam.Ignored(p.Key); why != "" {
			f.add(element("/container/docker/parameters", i), "docker parameter %s has no effect: %s", p.Key, why)
		}
	}
	return f
}

func validateVolume(s *Spec, r Rules, v *Volume, path string, f *findings) {
	if v.ContainerPath == "" {
		f.add(path+"/containerPath", "must not be empty")
	}
	switch {
	case v.Persistent != nil:
		validatePersistent(s, v, path, f)
	case v.External != nil:
		validateExternal(s, r, v, path, f)
	case v.Secret != "":
		if _, ok := s.Secrets[v.Secret]; !ok {
			f.add(path+"/secret", "secret %q is not declared in secrets", v.Secret)
		}
	case v.HostPath == "":
		f.add(path+"/hostPath", "must not be empty; a volume needs one of hostPath, persistent, external and secret")
	}
}

func validatePersistent(s *Spec, v *Volume, path string, f *findings) {
	p := v.Persistent
	if v.ContainerPath == "." || v.ContainerPath == ".." || strings.Contains(v.ContainerPath, "/") {
		f.add(path+"/containerPath", "got %q, expected one relative path segment, such as \"data\"", v.ContainerPath)
	}
	if v.ReadOnly {
		f.add(path+"/mode", "got RO, expected RW for a persistent volume")
	}
	if p.Size <= 0 {
		f.add(path+"/persistent/size", "got %v, expected more than 0 (MiB)", p.Size)
	}
	if !slices.Contains([]string{"root", "path", "mount"}, p.Type) {
		f.add(path+"/persistent/type", "got %q, expected root, path or mount", p.Type)
	}
	if p.MaxSize != 0 && (p.Type != "mount" || p.MaxSize <= p.Size) {
		f.add(path+"/persistent/maxSize", "got %v, expected more than the size, and only for volumes of type mount", p.MaxSize)
	}
	if len(p.Constraints) > 0 && p.Type == "root" {
		f.add(path+"/persistent/constraints", "volumes of type root take no constraints")
	}
	if s.Role == "*" {
		f.add("/role", "got \"*\", but nothing can be reserved for it, as persistent volumes need; start the scheduler with --mesos-role NAME, or name another of its roles here")
	}
}

func validateExternal(s *Spec, r Rules, v *Volume, path string, f *findings) {
	e := v.External
	docker := s.Container.Kind == Docker
	if !r.ExternalVolumes {
		f.add(path+"/external", "external volumes are off; start the scheduler with --enable-features external_volumes")
	}
	if e.Name == "" {
		f.add(path+"/external/name", "must not be empty")
	}
	if e.Provider != "dvdi" {
		f.add(path+"/external/provider", "got %q, expected dvdi: volumes of other providers, such as csi, have to be attached by agents, which this scheduler does not ask for", e.Provider)
		return
	}
	if docker && e.Size != 0 {
		f.add(path+"/external/size", "got %d, but a DOCKER container cannot size a volume", e.Size)
	}
	if !docker && v.ReadOnly {
		f.add(path+"/mode", "got RO, expected RW for an external volume of a MESOS container")
	}
	if e.Options["dvdi/driver"] == "" {
		f.add(path+"/external/options", "the option \"dvdi/driver\" must name the volume driver")
	}
	if docker && len(e.Options) > 1 {
		f.add(path+"/external/options", "a DOCKER container takes no option but \"dvdi/driver\"")
	}
}

func validateExternalNames(c *Container, f *findings) {
	seen := map[string]bool{}
	for i, v := range c.Volumes {
		if v.External == nil {
			continue
		}
		if seen[v.External.Name] {
			f.add(element("/container/volumes", i)+"/external/name", "volume %q is given twice", v.External.Name)
		}
		seen[v.External.Name] = true
	}
}
