package event

// PodCreated says that somebody has made a pod.
type PodCreated struct {
	ClientIP string `json:"clientIp"`
	URI      string `json:"uri"`
}

// PodUpdated says that somebody has changed a pod.
type PodUpdated struct {
	ClientIP string `json:"clientIp"`
	URI      string `json:"uri"`
}

// PodDeleted says that somebody has deleted a pod.
type PodDeleted struct {
	ClientIP string `json:"clientIp"`
	URI      string `json:"uri"`
}

// Type implements Event.
func (*PodCreated) Type() string { return "pod_created_event" }

// Type implements Event.
func (*PodUpdated) Type() string { return "pod_updated_event" }

// Type implements Event.
func (*PodDeleted) Type() string { return "pod_deleted_event" }
