package app

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/gantry-mesos/gantry/pkg/dockerparam"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// argMax is how long one argument or variable of a program may be, with the zero
// byte at its end (Linux, MAX_ARG_STRLEN).
const argMax = 128 << 10

// validateLimits refuses what no process and no container can be given.
func validateLimits(s *Spec, f *findings) {
	fits := func(path string, n int) {
		if n >= argMax {
			f.add(path, "is %d bytes long, but the kernel takes up to %d bytes in one argument or variable; fetch a file instead", n, argMax-1)
		}
	}
	fits("/cmd", len(s.Cmd))
	for i, a := range s.Args {
		fits(element("/args", i), len(a))
	}
	for _, name := range sortedKeys(s.Env) {
		fits("/env/"+name, len(name)+1+len(s.Env[name]))
	}
	if strings.ContainsFunc(s.User, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '/' }) {
		f.add("/user", "got %q, expected the name of a user on the agents", s.User)
	}
	for i, u := range s.Fetch {
		if p := u.DestPath; path.IsAbs(p) || slices.Contains(strings.Split(p, "/"), "..") {
			f.add(element("/fetch", i)+"/destPath", "got %q, expected a path within the sandbox", p)
		}
	}
	validateMemory(s, f)
	validateNames(s, f)
}

// nameMax is how long the name of a file or directory may be (Linux, NAME_MAX).
const nameMax = 255

// validateNames refuses what makes the name of a file or directory on an agent too long.
func validateNames(s *Spec, f *findings) {
	fits := func(path, at string) {
		for part := range strings.SplitSeq(at, "/") {
			if len(part) > nameMax {
				f.add(path, "has a name of %d bytes in it, but files and directories take up to %d", len(part), nameMax)
			}
		}
	}
	for i, u := range s.Fetch {
		if at := element("/fetch", i); u.DestPath != "" {
			fits(at+"/destPath", u.DestPath)
		} else if name := u.URI[strings.LastIndexByte(u.URI, '/')+1:]; len(name) > nameMax {
			f.add(at+"/uri", "ends in a name of %d bytes, but files take up to %d; give the file another name with destPath", len(name), nameMax)
		}
	}
	if s.Container == nil {
		return
	}
	for i, v := range s.Container.Volumes {
		at := element("/container/volumes", i)
		if room := volumePathMax(s.ID); v.Persistent != nil && len(v.ContainerPath) > room {
			f.add(at+"/containerPath", "is %d bytes long, but with the app's id it names the volume's directory on its agent: keep it to %d, or shorten the id", len(v.ContainerPath), room)
			continue
		}
		fits(at+"/containerPath", v.ContainerPath)
		fits(at+"/hostPath", v.HostPath)
	}
}

// validateMemory compares the limits of memory that docker parameters set with
// the definition's own.
func validateMemory(s *Spec, f *findings) {
	if s.Container == nil || s.Container.Kind != Docker {
		return
	}
	given, at := map[string]int64{}, map[string]string{}
	for i, p := range s.Container.Parameters {
		if n, ok := dockerparam.Bytes(p.Key, p.Value); ok {
			name := dockerparam.Name(p.Key)
			given[name], at[name] = n, element("/container/docker/parameters", i)
		}
	}
	limit, set := given["memory"]
	mem := int64(s.Resources.Mem) * (1 << 20) / int64(resource.Units(1))
	if set && limit < mem {
		f.add(at["memory"], "memory is limited to %d bytes, less than the %v MiB of mem; raise it, or leave it out", limit, s.Resources.Mem)
	}
	if !set {
		limit = mem
	}
	if swap, ok := given["memory-swap"]; ok && swap >= 0 && swap < limit {
		f.add(at["memory-swap"], "memory and swap together are limited to %d bytes, less than the %d of memory alone; raise it, or say -1", swap, limit)
	}
	if soft, ok := given["memory-reservation"]; ok && soft > limit {
		f.add(at["memory-reservation"], "%d bytes are reserved, more than the limit of %d; lower it, or raise mem", soft, limit)
	}
}
