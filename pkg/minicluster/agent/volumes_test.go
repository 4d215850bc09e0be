package agent

import (
	"os"
	"path/filepath"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

func TestAVolumeIsWhereItsDiskIs(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	root := t.TempDir()
	on := func(source *mesos.Resource_DiskInfo_Source) mesos.Resource {
		return reserved("a/b", "disk", 10, &mesos.Resource_DiskInfo{
			Persistence: &mesos.Resource_DiskInfo_Persistence{ID: "v1"}, Volume: &mesos.Volume{ContainerPath: "data"}, Source: source,
		})
	}
	for _, row := range []struct {
		name   string
		volume mesos.Resource
		want   string
		// stays says that the directory is the disk itself.
		stays bool
	}{
		{"root disk", on(nil), filepath.Join(r.agent.store.Layout.WorkDir, "volumes/roles/a b/v1"), false},
		{"PATH disk", on(&mesos.Resource_DiskInfo_Source{
			Type: mesos.Resource_DiskInfo_Source_PATH, Path: &mesos.Resource_DiskInfo_Source_Path{Root: &root},
		}), filepath.Join(root, "volumes/roles/a b/v1"), false},
		{"MOUNT disk", on(&mesos.Resource_DiskInfo_Source{
			Type: mesos.Resource_DiskInfo_Source_MOUNT, Mount: &mesos.Resource_DiskInfo_Source_Mount{Root: &root},
		}), root, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			create := mesos.Offer_Operation{Type: mesos.Offer_Operation_CREATE, Create: &mesos.Offer_Operation_Create{Volumes: []mesos.Resource{row.volume}}}
			destroy := mesos.Offer_Operation{Type: mesos.Offer_Operation_DESTROY, Destroy: &mesos.Offer_Operation_Destroy{Volumes: []mesos.Resource{row.volume}}}
			if err := r.agent.volumes.change(create); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(row.want, "file")
			if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := r.agent.volumes.change(destroy); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(file); !os.IsNotExist(err) {
				t.Errorf("the data are still there: %v", err)
			}
			if _, err := os.Stat(row.want); os.IsNotExist(err) == row.stays {
				t.Errorf("the directory: %v, want it to stay: %v", err, row.stays)
			}
		})
	}
}
