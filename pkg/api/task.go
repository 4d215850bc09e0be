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
	// CheckResult is that of the general check, nil for an App without one.
	CheckResult  *CheckResult  `json:"checkResult,omitempty"`
	LocalVolumes []LocalVolume `json:"localVolumes,omitempty"`
}

// CheckResult is the last result of a general check; the member of its kind is set.
type CheckResult struct {
	HTTP    *CheckResultHTTP    `json:"http,omitempty"`
	TCP     *CheckResultTCP     `json:"tcp,omitempty"`
	Command *CheckResultCommand `json:"command,omitempty"`
}

// CheckResultHTTP has no status before the first answer, and when none came.
type CheckResultHTTP struct {
	StatusCode *int `json:"statusCode,omitempty"`
}

// CheckResultTCP says whether a connection could be opened.
type CheckResultTCP struct {
	Succeeded *bool `json:"succeeded,omitempty"`
}

// CheckResultCommand has no code before the first end, and when the command did not end in time.
type CheckResultCommand struct {
	ExitCode *int `json:"exitCode,omitempty"`
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
	// TaskID is what clients of older Marathons read.
	TaskID string `json:"taskId"`
}

// ReadinessCheckResult is what a readiness check of a task last found.
type ReadinessCheckResult struct {
	Name   string `json:"name"`
	TaskID string `json:"taskId"`
	Ready  bool   `json:"ready"`
	// LastResponse is written only if the definition preserves it.
	LastResponse *ReadinessResponse `json:"lastResponse,omitempty"`
}

// ReadinessResponse is the answer to a readiness check; status 504 stands for none.
type ReadinessResponse struct {
	Status      int    `json:"status"`
	ContentType string `json:"contentType"`
	Body        string `json:"body"`
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
	// Unhealthy are the Apps of which more instances are in bad health than are
	// replaced at a time. They need no confirmation.
	Unhealthy []Spared `json:"unhealthy,omitempty"`
}

// Spared says how many unhealthy instances of an App are left until those that
// replace others are healthy.
type Spared struct {
	AppID string `json:"appId"`
	Held  int    `json:"held"`
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
	ReadinessCheckResults []ReadinessCheckResult `json:"readinessCheckResults"`
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
