package app

import "github.com/gantry-mesos/gantry/pkg/runspec"

// The parts of a definition that belong to each run, by the names they have in an App.
type (
	Limit            = runspec.Limit
	Fetch            = runspec.Fetch
	ContainerKind    = runspec.ContainerKind
	Container        = runspec.Container
	Parameter        = runspec.Parameter
	Volume           = runspec.Volume
	PersistentVolume = runspec.PersistentVolume
	ExternalVolume   = runspec.ExternalVolume
	NetworkMode      = runspec.NetworkMode
	Network          = runspec.Network
	Port             = runspec.Port
	HealthProtocol   = runspec.HealthProtocol
	HealthCheck      = runspec.HealthCheck
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
