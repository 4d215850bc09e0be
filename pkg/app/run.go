package app

import "github.com/gantry-mesos/gantry/pkg/runspec"

// What belongs to each run is named here as it is in an App.
type (
	// Limit is an upper bound of a resource.
	Limit = runspec.Limit
	// Fetch is a file that the agent brings into the sandbox.
	Fetch = runspec.Fetch
	// ContainerKind chooses the containerizer.
	ContainerKind = runspec.ContainerKind
	// Container is the container of each instance.
	Container = runspec.Container
	// Parameter is one option handed to the Docker engine.
	Parameter = runspec.Parameter
	// Volume is a directory in the container.
	Volume = runspec.Volume
	// PersistentVolume is disk that outlives the task.
	PersistentVolume = runspec.PersistentVolume
	// ExternalVolume is a volume of a Docker volume driver.
	ExternalVolume = runspec.ExternalVolume
	// NetworkMode is how an instance is connected.
	NetworkMode = runspec.NetworkMode
	// Network is one network of an App.
	Network = runspec.Network
	// Port is a port definition or a port mapping.
	Port = runspec.Port
	// HealthProtocol is how a health check asks.
	HealthProtocol = runspec.HealthProtocol
	// HealthCheck asks whether an instance does its work.
	HealthCheck = runspec.HealthCheck
)

// The kinds of containers.
const (
	Docker = runspec.Docker
	Mesos  = runspec.Mesos
)

// The network modes.
const (
	Host             = runspec.Host
	Bridge           = runspec.Bridge
	ContainerNetwork = runspec.ContainerNetwork
)

// The protocols of health checks.
const (
	HealthHTTP       = runspec.HealthHTTP
	HealthHTTPS      = runspec.HealthHTTPS
	HealthTCP        = runspec.HealthTCP
	HealthCommand    = runspec.HealthCommand
	HealthMesosHTTP  = runspec.HealthMesosHTTP
	HealthMesosHTTPS = runspec.HealthMesosHTTPS
	HealthMesosTCP   = runspec.HealthMesosTCP
)

// Owner returns the definition as the owner of its runs.
func (s *Spec) Owner() runspec.Owner { return runspec.Owner{ID: string(s.ID), Version: s.Version} }
