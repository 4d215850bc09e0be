package httpapi

import (
	"errors"
	"net/http"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
)

func TestPersistentVolumesAreRefusedUntilTheyAreKept(t *testing.T) {
	t.Parallel()
	with := &app.Spec{Container: &app.Container{Volumes: []app.Volume{{ContainerPath: "data", Persistent: &app.PersistentVolume{Size: 1000}}}}}
	refused, ok := errors.AsType[*api.Error](supported(with))
	if !ok || refused.Status != http.StatusUnprocessableEntity || refused.Details[0].Path != "/container/volumes" {
		t.Errorf("got %v, want 422 for /container/volumes", refused)
	}
	without := &app.Spec{Container: &app.Container{Volumes: []app.Volume{{ContainerPath: "/data", HostPath: "/srv"}}}}
	if err := supported(without); err != nil {
		t.Errorf("a host volume: %v", err)
	}
}
