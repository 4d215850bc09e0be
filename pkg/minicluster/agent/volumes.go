package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// prepareVolumes makes persistent volumes of a task or executor visible in the sandbox.
func (a *Agent) prepareVolumes(e *executorRun, list []mesos.Resource) {
	for _, r := range list {
		volume := r.GetDisk().GetVolume()
		if r.GetDisk().GetPersistence() == nil || volume == nil || !filepath.IsLocal(volume.ContainerPath) {
			continue
		}
		dir := a.volumeDir(r)
		link := filepath.Join(e.sandbox, volume.ContainerPath)
		if err := errors.Join(mkdirAll(dir), mkdirAll(filepath.Dir(link))); err != nil {
			a.warn("prepare volume", err)
			continue
		}
		if err := os.Symlink(dir, link); err != nil && !errors.Is(err, os.ErrExist) {
			a.warn("prepare volume", err)
		}
	}
}

func (a *Agent) volumeDir(r mesos.Resource) string {
	role := "*"
	if n := len(r.Reservations); n > 0 {
		role = r.Reservations[n-1].GetRole()
	} else if r.Role != nil {
		role = *r.Role
	}
	return a.store.Layout.Volume(role, r.GetDisk().GetPersistence().GetID())
}

// changeVolumes makes or deletes the directories of volumes that an operation creates or destroys.
func (a *Agent) changeVolumes(op mesos.Offer_Operation) error {
	var errs []error
	for _, r := range op.GetCreate().GetVolumes() {
		errs = append(errs, mkdirAll(a.volumeDir(r)))
	}
	for _, r := range op.GetDestroy().GetVolumes() {
		if err := os.RemoveAll(a.volumeDir(r)); err != nil {
			errs = append(errs, fmt.Errorf("destroy volume: %w", err))
		}
	}
	return errors.Join(errs...)
}

// recoverResources reads the reservations and volumes that were made before the restart.
func (a *Agent) recoverResources(old *mesos.AgentInfo) error {
	total, err := a.store.LoadResources()
	if err != nil {
		return fmt.Errorf("recover resources: %w", err)
	}
	if total == nil {
		return nil
	}
	// What the configuration has gained since then comes on top.
	total = append(total, gained(old.Resources, a.info.Resources)...)
	a.total = total
	return nil
}

// gained returns the scalar resources that now has more of than was.
func gained(was, now []mesos.Resource) []mesos.Resource {
	var more []mesos.Resource
	for _, r := range now {
		if r.GetType() != mesos.SCALAR {
			continue
		}
		if extra := scalarSum(now, r) - scalarSum(was, r); extra > 1e-6 {
			r.Scalar = &mesos.Value_Scalar{Value: extra}
			more = append(more, r)
		}
	}
	return more
}
