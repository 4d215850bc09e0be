package api

// Task is one run of an instance.
type Task struct {
	ID                 string              `json:"id"`
	AppID              string              `json:"appId"`
	Host               string              `json:"host"`
	SlaveID            string              `json:"slaveId,omitempty"`
	Region             string              `json:"region,omitempty"`
	Zone               string              `json:"zone,omitempty"`
	State              string              `json:"state"`
	Role               string              `json:"role,omitempty"`
	Ports              []int               `json:"ports"`
	ServicePorts       []int               `json:"servicePorts"`
	IPAddresses        []IPAddress         `json:"ipAddresses"`
	StagedAt           Time                `json:"stagedAt,omitzero"`
	StartedAt          Time                `json:"startedAt,omitzero"`
	Version            Time                `json:"version,omitzero"`
	HealthCheckResults []HealthCheckResult `json:"healthCheckResults"`
	LocalVolumes       []LocalVolume       `json:"localVolumes,omitempty"`
}

// IPAddress is an address of a task.
type IPAddress struct {
	IPAddress string `json:"ipAddress"`
	// Protocol is IPv4 or IPv6.
	Protocol string `json:"protocol"`
}

// HealthCheckResult is what a health check last found.
type HealthCheckResult struct {
	Alive               bool   `json:"alive"`
	ConsecutiveFailures int    `json:"consecutiveFailures"`
	FirstSuccess        Time   `json:"firstSuccess,omitzero"`
	LastSuccess         Time   `json:"lastSuccess,omitzero"`
	LastFailure         Time   `json:"lastFailure,omitzero"`
	LastFailureCause    string `json:"lastFailureCause,omitempty"`
	InstanceID          string `json:"instanceId"`
}

// LocalVolume is a persistent volume of a task.
type LocalVolume struct {
	RunSpecID     string `json:"runSpecId"`
	ContainerPath string `json:"containerPath"`
	UUID          string `json:"uuid"`
	PersistenceID string `json:"persistenceId"`
}

// TaskFailure is the last abnormal end of a task of an App.
type TaskFailure struct {
	AppID     string `json:"appId"`
	Host      string `json:"host"`
	Message   string `json:"message"`
	State     string `json:"state"`
	TaskID    string `json:"taskId"`
	Timestamp Time   `json:"timestamp"`
	Version   Time   `json:"version"`
	SlaveID   string `json:"slaveId,omitempty"`
}

// Tasks is a list of tasks, as GET /v2/tasks answers it.
type Tasks struct {
	Tasks []Task `json:"tasks"`
}

// Kills is what the mass-kill guard holds back, or what was let go of it.
type Kills struct {
	Held      int `json:"held"`
	Confirmed int `json:"confirmed,omitempty"`
	// Volumes counts instances that nobody knows and whose volumes are on offer,
	// Destroyed those whose volumes are now destroyed.
	Volumes   int `json:"volumes,omitempty"`
	Destroyed int `json:"destroyed,omitempty"`
}

// DeploymentResult answers a change that started a deployment.
type DeploymentResult struct {
	Version      Time   `json:"version"`
	DeploymentID string `json:"deploymentId"`
}

// Deployment is a change on its way.
type Deployment struct {
	ID             string          `json:"id"`
	Version        Time            `json:"version"`
	AffectedApps   []string        `json:"affectedApps"`
	AffectedPods   []string        `json:"affectedPods"`
	Steps          []Step          `json:"steps"`
	CurrentActions []CurrentAction `json:"currentActions"`
	// CurrentStep counts from 1; 0 is before the first.
	CurrentStep int `json:"currentStep"`
	TotalSteps  int `json:"totalSteps"`
}

// Step is actions that run side by side.
type Step struct {
	Actions []Action `json:"actions"`
}

// Action is one App's part of a step.
type Action struct {
	Action string `json:"action"`
	App    string `json:"app"`
}

// CurrentAction is an action that runs.
type CurrentAction struct {
	Action
	ReadinessCheckResults []any `json:"readinessCheckResults"`
}

// QueueItem is what waits of one App to be launched, and why. An App that is only
// being launched has one with a Count of 0.
type QueueItem struct {
	// Count is how many instances are still to be launched.
	Count                  int                    `json:"count"`
	Delay                  QueueDelay             `json:"delay"`
	Since                  Time                   `json:"since,omitzero"`
	ProcessedOffersSummary ProcessedOffersSummary `json:"processedOffersSummary"`
	App                    App                    `json:"app"`
	// Explanation says in a sentence why nothing fits; written with ?embed=explanation only.
	Explanation string `json:"explanation,omitempty"`
	// LastUnusedOffers are some of the latest offers; written with ?embed=lastUnusedOffers only.
	LastUnusedOffers []UnusedOffer `json:"lastUnusedOffers,omitempty"`
}

// QueueDelay is the rest of a back-off.
type QueueDelay struct {
	TimeLeftSeconds int `json:"timeLeftSeconds"`
	// Overdue is true when no back-off is left.
	Overdue bool `json:"overdue"`
}

// ProcessedOffersSummary counts what became of offers.
type ProcessedOffersSummary struct {
	ProcessedOffersCount       int             `json:"processedOffersCount"`
	UnusedOffersCount          int             `json:"unusedOffersCount"`
	LastUnusedOfferAt          Time            `json:"lastUnusedOfferAt,omitzero"`
	LastUsedOfferAt            Time            `json:"lastUsedOfferAt,omitzero"`
	RejectSummaryLastOffers    []RejectSummary `json:"rejectSummaryLastOffers"`
	RejectSummaryLaunchAttempt []RejectSummary `json:"rejectSummaryLaunchAttempt"`
}

// RejectSummary is one line of the funnel that offers go through.
type RejectSummary struct {
	Reason    string `json:"reason"`
	Declined  int    `json:"declined"`
	Processed int    `json:"processed"`
}
