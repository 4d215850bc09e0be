package api

// Container is the container of an App.
type Container struct {
	// Type is DOCKER or MESOS.
	Type    string   `json:"type"`
	Docker  *Docker  `json:"docker,omitempty"`
	Volumes []Volume `json:"volumes"`
	// PortMappings is nil for an App in the host's network.
	PortMappings []PortMapping `json:"portMappings,omitzero"`
}

// Docker is the image of a container and options for its engine.
type Docker struct {
	Image          string      `json:"image"`
	ForcePullImage bool        `json:"forcePullImage"`
	Privileged     *bool       `json:"privileged,omitempty"`
	Parameters     []Parameter `json:"parameters"`
	PullConfig     *PullConfig `json:"pullConfig,omitempty"`
}

// Parameter is an option of docker run.
type Parameter struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// PullConfig names the secret with a registry's credentials.
type PullConfig struct {
	Secret string `json:"secret"`
}

// PortMapping is a port of a container.
type PortMapping struct {
	ContainerPort int               `json:"containerPort"`
	HostPort      *int              `json:"hostPort,omitempty"`
	ServicePort   int               `json:"servicePort"`
	Protocol      string            `json:"protocol"`
	Name          string            `json:"name,omitempty"`
	Labels        map[string]string `json:"labels"`
	NetworkNames  []string          `json:"networkNames,omitempty"`
}

// Volume is a directory in a container.
type Volume struct {
	ContainerPath string            `json:"containerPath"`
	HostPath      string            `json:"hostPath,omitempty"`
	Mode          string            `json:"mode,omitempty"`
	Persistent    *PersistentVolume `json:"persistent,omitempty"`
	External      *ExternalVolume   `json:"external,omitempty"`
	Secret        string            `json:"secret,omitempty"`
}

// PersistentVolume is disk that outlives a task; sizes in MiB.
type PersistentVolume struct {
	Size        float64    `json:"size"`
	MaxSize     float64    `json:"maxSize,omitempty"`
	Type        string     `json:"type"`
	ProfileName string     `json:"profileName,omitempty"`
	Constraints [][]string `json:"constraints"`
}

// ExternalVolume is a volume of a volume driver; Size in GiB.
type ExternalVolume struct {
	Name     string            `json:"name"`
	Provider string            `json:"provider"`
	Size     int               `json:"size,omitempty"`
	Options  map[string]string `json:"options"`
	Shared   bool              `json:"shared,omitempty"`
}
