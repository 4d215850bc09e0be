package builtin

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// linkVolumes makes the volumes of a task without image visible in its sandbox, by links as Mesos' isolator for sandbox
// volumes does: directories of its own or its parent's sandbox and of the host, under a relative container path.
func linkVolumes(info *mesos.ContainerInfo, sandbox, parent string) error {
	var errs []error
	for _, v := range info.GetVolumes() {
		source := volumeSource(v, sandbox, parent)
		if source == "" || !filepath.IsLocal(v.ContainerPath) {
			continue
		}
		link := filepath.Join(sandbox, v.ContainerPath)
		if source == link {
			continue
		}
		err := errors.Join(os.MkdirAll(source, 0o755), os.MkdirAll(filepath.Dir(link), 0o755))
		if err == nil {
			err = os.Symlink(source, link)
		}
		if err != nil && !errors.Is(err, os.ErrExist) {
			errs = append(errs, fmt.Errorf("volume %s: %w", v.ContainerPath, err))
		}
	}
	return errors.Join(errs...)
}

// volumeSource returns the directory that a volume shows; empty if the kind of volume needs isolation.
func volumeSource(v mesos.Volume, sandbox, parent string) string {
	s := v.GetSource()
	switch {
	case s == nil:
		return v.GetHostPath()
	case s.GetType() == mesos.Volume_Source_HOST_PATH && s.HostPath != nil:
		return s.HostPath.Path
	case s.GetType() != mesos.Volume_Source_SANDBOX_PATH || s.SandboxPath == nil || !filepath.IsLocal(s.SandboxPath.Path):
		return ""
	case s.SandboxPath.GetType() == mesos.Volume_Source_SandboxPath_SELF:
		return filepath.Join(sandbox, s.SandboxPath.Path)
	case parent != "":
		return filepath.Join(parent, s.SandboxPath.Path)
	}
	return ""
}
