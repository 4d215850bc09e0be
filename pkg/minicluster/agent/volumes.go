package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// volumes are the directories of persistent volumes.
type volumes struct{ *base }

// prepare makes persistent volumes of a task or executor visible in the sandbox.
func (s *volumes) prepare(e *executorRun, list []mesos.Resource) {
	for _, r := range list {
		volume := r.GetDisk().GetVolume()
		if r.GetDisk().GetPersistence() == nil || volume == nil || !filepath.IsLocal(volume.ContainerPath) {
			continue
		}
		dir := s.dir(r)
		link := filepath.Join(e.sandbox, volume.ContainerPath)
		if err := errors.Join(mkdirAll(dir), s.own(dir, e.user), mkdirAll(filepath.Dir(link))); err != nil {
			s.warn("prepare volume", err)
			continue
		}
		if err := os.Symlink(dir, link); err != nil && !errors.Is(err, os.ErrExist) {
			s.warn("prepare volume", err)
		}
	}
}

// own gives a volume to the user of the sandbox, as Mesos does.
func (s *volumes) own(dir, name string) error {
	cred, err := s.credential(name)
	if err != nil || cred == nil {
		return err
	}
	return os.Chown(dir, int(cred.Uid), int(cred.Gid))
}

// dir is where a volume's data are: under the work directory or a PATH
// disk's root, or the MOUNT disk itself ("Mesos, persistent volumes").
func (s *volumes) dir(r mesos.Resource) string {
	role := "*"
	if n := len(r.Reservations); n > 0 {
		role = r.Reservations[n-1].GetRole()
	} else if r.Role != nil {
		role = *r.Role
	}
	id := r.GetDisk().GetPersistence().GetID()
	switch source := r.GetDisk().GetSource(); source.GetType() {
	case mesos.Resource_DiskInfo_Source_PATH:
		return s.store.Layout.VolumeOn(source.GetPath().GetRoot(), role, id)
	case mesos.Resource_DiskInfo_Source_MOUNT:
		return s.store.Layout.Disk(source.GetMount().GetRoot())
	case mesos.Resource_DiskInfo_Source_UNKNOWN, mesos.Resource_DiskInfo_Source_BLOCK, mesos.Resource_DiskInfo_Source_RAW:
	}
	return s.store.Layout.Volume(role, id)
}

// change makes or deletes the directories of volumes that an operation creates or destroys.
func (s *volumes) change(op mesos.Offer_Operation) error {
	var errs []error
	for _, r := range op.GetCreate().GetVolumes() {
		errs = append(errs, mkdirAll(s.dir(r)))
	}
	for _, r := range op.GetDestroy().GetVolumes() {
		if err := s.delete(r); err != nil {
			errs = append(errs, fmt.Errorf("destroy volume: %w", err))
		}
	}
	return errors.Join(errs...)
}

// delete deletes a volume's data; of a MOUNT disk the mount point stays.
func (s *volumes) delete(r mesos.Resource) error {
	dir := s.dir(r)
	if r.GetDisk().GetSource().GetType() != mesos.Resource_DiskInfo_Source_MOUNT {
		return os.RemoveAll(dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var errs []error
	for _, e := range entries {
		errs = append(errs, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return errors.Join(errs...)
}

// resources puts the reservations and volumes that were made before the
// restart onto the configured resources. They outlive the agent's id (Mesos,
// agent recovery); what the configuration has gained since then comes on top.
func (s *recovery) resources() error {
	total, err := s.store.LoadResources()
	if err != nil {
		return fmt.Errorf("recover resources: %w", err)
	}
	made := resources.Of(total...).Filter(func(r *mesos.Resource) bool {
		return resources.DynamicallyReserved(r) || resources.Persistent(r)
	})
	rest, ok := resources.Of(s.info.Resources...).Take(made.Map(asConfigured))
	if !ok {
		return fmt.Errorf("recover resources: reserved are %v, which is more than the configured %v; configure at least that, or give the work directory up", made, s.info.Resources)
	}
	s.operations.total = rest.Plus(made)
	return nil
}
