package runspec

import (
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// ContainerKind chooses the containerizer.
type ContainerKind uint8

// The kinds of containers.
const (
	Docker ContainerKind = iota + 1
	Mesos
)

// Container is the container of a run; nil in Run means a plain process.
type Container struct {
	Kind ContainerKind
	// Image is "" only for Mesos.
	Image          string
	ForcePullImage bool
	Privileged     bool
	Parameters     []Parameter
	PullSecret     string
	Volumes        []Volume
}

// Parameter is one option handed to the Docker engine, in docker run's spelling.
type Parameter struct {
	Key, Value string
}

// Volume is a directory in the container: exactly one of HostPath, Persistent,
// External and Secret is set.
type Volume struct {
	ContainerPath string
	ReadOnly      bool
	HostPath      string
	Persistent    *PersistentVolume
	External      *ExternalVolume
	Secret        string
}

// PersistentVolume is disk that outlives the task.
type PersistentVolume struct {
	Size        resource.Scalar
	MaxSize     resource.Scalar
	Type        string
	ProfileName string
	Constraints []constraint.Constraint
}

// ExternalVolume is a volume of a Docker volume driver.
type ExternalVolume struct {
	Name     string
	Provider string
	Size     int
	Options  map[string]string
	Shared   bool
}
