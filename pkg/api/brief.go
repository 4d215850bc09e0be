package api

// Briefs answers GET /v3/apps.
type Briefs struct {
	Apps []Brief `json:"apps"`
	// Total is how many Apps the filters let through, whatever the limit.
	Total int `json:"total"`
}

// Brief is what lists tell of an App: a tenth of its definition.
type Brief struct {
	ID        string `json:"id"`
	Version   Time   `json:"version"`
	Instances int    `json:"instances"`
	Staged    int    `json:"tasksStaged"`
	Running   int    `json:"tasksRunning"`
	Healthy   int    `json:"tasksHealthy"`
	Unhealthy int    `json:"tasksUnhealthy"`
	// Checked says that the App has health checks; without any no task is healthy.
	Checked bool `json:"healthChecked,omitempty"`
	// Waiting is how many instances wait to be launched, WaitingSince when the
	// oldest of them began to, and DelaySeconds what is left of a back-off.
	Waiting      int  `json:"waiting,omitempty"`
	WaitingSince Time `json:"waitingSince,omitzero"`
	DelaySeconds int  `json:"delaySeconds,omitempty"`
	// Explanation says in a sentence why they wait; written with ?embed=explanation only.
	Explanation string `json:"explanation,omitempty"`
	// Deployments are the ids of those under way that affect the App.
	Deployments []string `json:"deployments,omitempty"`
	// FailedAt is when a task of it last ended abnormally.
	FailedAt Time              `json:"lastTaskFailureAt,omitzero"`
	Image    string            `json:"image,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
	// What an instance needs, in the units of Amounts.
	Amounts
}
