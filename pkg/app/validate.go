package app

import (
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Validate checks a normalized Spec ("Marathon, app definition") and returns
// an *InvalidError with all problems, or nil.
func Validate(s *Spec, r Rules) error {
	var f findings
	if _, err := ParseID(string(s.ID)); err != nil {
		f.add("/id", "%v", err)
	}
	validateProcess(s, &f)
	validateAmounts(s, r, &f)
	validateEnv(s, r, &f)
	validateRoles(s, r, &f)
	validateStrategies(s, &f)
	validateFetch(s, &f)
	validateDependencies(s, &f)
	validateLabels(s, &f)
	validateDrain(s, &f)
	validateQueue(s, &f)
	validateContainer(s, r, &f)
	validateNetworks(s, &f)
	validatePorts(s, &f)
	validateHealthChecks(s, &f)
	validateReadiness(s, &f)
	validateCheck(s, &f)
	validateLimits(s, &f)
	if len(f) == 0 && r.Launchable != nil {
		f = r.Launchable(s)
	}
	if len(f) > 0 {
		return &InvalidError{Problems: f}
	}
	return nil
}

func validateProcess(s *Spec, f *findings) {
	// A container of Docker's that has no image is told so where it is checked.
	image := s.Container != nil && (s.Container.Image != "" || s.Container.Kind == Docker)
	switch {
	case s.Cmd != "" && len(s.Args) > 0:
		f.add("/cmd", "give cmd or args, not both: cmd runs in a shell, args is an argument vector")
	case s.Cmd == "" && len(s.Args) == 0 && !image:
		f.add("/cmd", "give cmd, args or a container with an image: there is nothing to run")
	}
}

func validateAmounts(s *Spec, r Rules, f *findings) {
	if s.Instances < 0 || s.Instances > r.MaxInstances {
		f.add("/instances", "got %d, expected a number from 0 to %d", s.Instances, r.MaxInstances)
	}
	if s.Resources.CPUs < 1 {
		f.add("/cpus", "got %v, expected at least 0.001", s.Resources.CPUs)
	}
	if s.Resources.Mem < 0 {
		f.add("/mem", "got %v, expected at least 0 (MiB)", s.Resources.Mem)
	}
	if s.Resources.Disk < 0 {
		f.add("/disk", "got %v, expected at least 0 (MiB)", s.Resources.Disk)
	}
	validateGPUs(s, r, f)
	requests := map[string]resource.Scalar{"cpus": s.Resources.CPUs, "mem": s.Resources.Mem}
	for _, name := range sortedKeys(s.Limits) {
		path, request := "/resourceLimits/"+name, s.Written.Show("/"+name, requests[name])
		if limit := s.Written.Show(path, s.Limits[name].Amount); !s.Limits[name].Unlimited && limit < request {
			f.add(path, "got %v, expected at least the request of %v, or \"unlimited\"", limit, request)
		}
	}
	if s.KillGracePeriod != nil && *s.KillGracePeriod < 0 {
		f.add("/taskKillGracePeriodSeconds", "got %v, expected at least 0", s.KillGracePeriod.Seconds())
	}
}

func validateGPUs(s *Spec, r Rules, f *findings) {
	switch gpus := s.Resources.GPUs; {
	case gpus < 0:
		f.add("/gpus", "got %v, expected at least 0", gpus)
	case gpus > 0 && !r.GPUs:
		f.add("/gpus", "got %v, but this scheduler does not take GPU offers; start it with --enable-features gpu_resources", gpus)
	case gpus > 0 && s.Container != nil && s.Container.Kind == Docker:
		f.add("/gpus", "got %v, but GPUs need a container of type MESOS", gpus)
	}
}

func validateEnv(s *Spec, r Rules, f *findings) {
	for _, name := range sortedKeys(s.Env) {
		validateVariable(name, f)
	}
	for _, name := range sortedKeys(s.EnvSecrets) {
		validateVariable(name, f)
		if _, ok := s.Secrets[s.EnvSecrets[name]]; !ok {
			f.add("/env/"+name+"/secret", "secret %q is not declared in secrets", s.EnvSecrets[name])
		}
	}
	if len(s.Secrets) > 0 && !r.Secrets {
		f.add("/secrets", "this version has no source of secrets; write plain values into env, or fetch a file that has them")
	}
	for _, name := range sortedKeys(s.Secrets) {
		if name == "" || s.Secrets[name] == "" {
			f.add("/secrets/"+name, "a secret needs a name and a source, neither may be empty")
		}
	}
}

// validateVariable checks a name of the environment, which ends at its "=".
func validateVariable(name string, f *findings) {
	switch {
	case name == "":
		f.add("/env", "the name of a variable must not be empty")
	case strings.ContainsAny(name, "=\x00"):
		f.add("/env/"+name, "got the name %q, but the name of a variable cannot hold \"=\" or U+0000", name)
	}
}

func validateRoles(s *Spec, r Rules, f *findings) {
	if !slices.Contains(r.Roles, s.Role) {
		f.add("/role", "got %q, expected one of %s; start the scheduler with --mesos-role to add a role", s.Role, strings.Join(r.Roles, ", "))
	}
	if s.AcceptedResourceRoles == nil {
		return
	}
	if len(s.AcceptedResourceRoles) == 0 {
		f.add("/acceptedResourceRoles", "must not be empty; leave it out to accept all resources")
	}
	for _, role := range s.AcceptedResourceRoles {
		if role != "*" && role != s.Role {
			f.add("/acceptedResourceRoles", "got %q, expected \"*\" or the app's role %q", role, s.Role)
		}
		if role != "*" && s.HasPersistentVolumes() {
			f.add("/acceptedResourceRoles", "got %q, but persistent volumes are reserved from unreserved disk: only \"*\" is possible", role)
		}
	}
}

func validateFetch(s *Spec, f *findings) {
	for i, u := range s.Fetch {
		if u.URI == "" || len(u.URI) > 1024 {
			f.add(element("/fetch", i)+"/uri", "is %d characters long, expected 1 to 1024", len(u.URI))
		}
	}
}

func validateDependencies(s *Spec, f *findings) {
	for i, d := range s.Dependencies {
		if err := d.valid(); err != nil {
			f.add(element("/dependencies", i), "%v", err)
		}
		if d == s.ID {
			f.add(element("/dependencies", i), "app %s cannot depend on itself", d)
		}
	}
}

func validateLabels(s *Spec, f *findings) {
	api, ok := s.Labels["DCOS_MIGRATION_API_VERSION"]
	if !ok {
		return
	}
	if api != "v1" {
		f.add("/labels/DCOS_MIGRATION_API_VERSION", "got %q, expected \"v1\"", api)
	}
	for _, name := range []string{"DCOS_PACKAGE_FRAMEWORK_NAME", "DCOS_MIGRATION_API_PATH"} {
		if s.Labels[name] == "" {
			f.add("/labels/"+name, "must not be empty when DCOS_MIGRATION_API_VERSION is set")
		}
	}
}
