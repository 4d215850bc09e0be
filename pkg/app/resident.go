package app

import "reflect"

// ValidateUpdate checks what a change does to an App whose instances keep data
// on their agents ("Marathon, volumes"): what is reserved for them cannot
// change, and neither can their volumes come or go. Both are normalized. It
// returns an *InvalidError with all problems, or nil.
func ValidateUpdate(was, is *Spec) error {
	if !was.HasPersistentVolumes() && !is.HasPersistentVolumes() {
		return nil
	}
	is = is.WithServicePortsOf(was)
	var f findings
	const way = "; delete the app and create it again, which destroys its data, or create another app"
	if !reflect.DeepEqual(persistentVolumes(was), persistentVolumes(is)) {
		f.add("/container/volumes", "persistent volumes cannot be added, changed or removed"+way)
	}
	changed := func(path string, was, is any) {
		if !reflect.DeepEqual(was, is) {
			f.add(path, "got %v instead of %v, but it is reserved for the instances with their volumes and cannot change"+way, is, was)
		}
	}
	if was.HasPersistentVolumes() {
		changed("/cpus", was.Resources.CPUs, is.Resources.CPUs)
		changed("/mem", was.Resources.Mem, is.Resources.Mem)
		changed("/disk", was.Resources.Disk, is.Resources.Disk)
		changed("/gpus", was.Resources.GPUs, is.Resources.GPUs)
		changed("/role", was.Role, is.Role)
		changed("/requirePorts", was.RequirePorts, is.RequirePorts)
		if !sameHostPorts(was, is) {
			f.add("/ports", "host ports are reserved for the instances with their volumes and cannot change"+way)
		}
	}
	if len(f) > 0 {
		return &InvalidError{Problems: f}
	}
	return nil
}

// persistentVolumes returns the persistent volumes by container path.
func persistentVolumes(s *Spec) map[string]PersistentVolume {
	out := map[string]PersistentVolume{}
	if s.Container == nil {
		return out
	}
	for _, v := range s.Container.Volumes {
		if v.Persistent != nil {
			p := *v.Persistent
			if len(p.Constraints) == 0 {
				p.Constraints = nil
			}
			out[v.ContainerPath] = p
		}
	}
	return out
}

// sameHostPorts reports whether both need the same host ports. A port that is
// still to be assigned is what it was before.
func sameHostPorts(was, is *Spec) bool {
	if len(was.Ports) != len(is.Ports) || was.HostNetworking() != is.HostNetworking() {
		return false
	}
	for n, p := range is.Ports {
		q := was.Ports[n]
		if (p.HostPort == nil) != (q.HostPort == nil) || p.HostPort != nil && *p.HostPort != *q.HostPort {
			return false
		}
		if is.RequirePorts && is.HostNetworking() && p.ServicePort != 0 && p.ServicePort != q.ServicePort {
			return false
		}
	}
	return true
}
