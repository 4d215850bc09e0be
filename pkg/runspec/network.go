package runspec

// NetworkMode is how an instance is connected.
type NetworkMode uint8

// The network modes.
const (
	Host NetworkMode = iota + 1
	Bridge
	ContainerNetwork
)

// Network is one network of a run.
type Network struct {
	Mode   NetworkMode
	Name   string
	Labels map[string]string
}

// Port is a port definition (host networking) or a port mapping.
type Port struct {
	// ContainerPort is 0 for "the host port's number"; unused with host networking.
	ContainerPort int
	// HostPort is nil for no host port, 0 for any, else the number wanted.
	HostPort *int
	// ServicePort is the load balancer's port, 0 until assigned.
	ServicePort int
	// Protocol is "tcp", "udp" or "udp,tcp".
	Protocol     string
	Name         string
	Labels       map[string]string
	NetworkNames []string
}
