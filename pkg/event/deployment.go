package event

import "github.com/gantry-mesos/gantry/pkg/app"

// Plan is what a deployment does. There is one for each deployment, which all
// its events share.
type Plan struct {
	ID      string `json:"id"`
	Version Time   `json:"version"`
	Steps   []Step `json:"steps"`
	// Original and Target are set by who writes the plan for readers that expect
	// Marathon's older form.
	Original *Root `json:"original,omitempty"`
	Target   *Root `json:"target,omitempty"`
}

// Step is actions that run side by side.
type Step struct {
	Actions []Action `json:"actions"`
}

// Action is one App's part of a step.
type Action struct {
	// Action is its kind, such as "ScaleApplication".
	Action string `json:"action"`
	App    app.ID `json:"app"`
}

// Root stands for a root group in a plan, without what is in it.
type Root struct {
	ID           string `json:"id"`
	Apps         []any  `json:"apps"`
	Groups       []any  `json:"groups"`
	Pods         []any  `json:"pods"`
	Dependencies []any  `json:"dependencies"`
	Version      Time   `json:"version"`
}

// DeploymentInfo says that a step of a deployment begins.
type DeploymentInfo struct {
	Plan        *Plan `json:"plan"`
	CurrentStep *Step `json:"currentStep"`
	// Index counts the plan's steps from 0.
	Index int `json:"-"`
}

// DeploymentStepSuccess says that all actions of a step are done.
type DeploymentStepSuccess struct {
	Plan        *Plan `json:"plan"`
	CurrentStep *Step `json:"currentStep"`
	Index       int   `json:"-"`
}

// DeploymentStepFailure says that a step has failed, and its deployment with it.
type DeploymentStepFailure struct {
	Plan        *Plan `json:"plan"`
	CurrentStep *Step `json:"currentStep"`
	Index       int   `json:"-"`
}

// DeploymentSuccess says that a deployment has reached its goal.
type DeploymentSuccess struct {
	ID   string `json:"id"`
	Plan *Plan  `json:"plan"`
}

// DeploymentFailed says that a deployment was given up or cancelled.
type DeploymentFailed struct {
	ID     string `json:"id"`
	Plan   *Plan  `json:"plan"`
	Reason string `json:"reason"`
	// Cancelled says that somebody wanted it so; Marathon's stream does not tell.
	Cancelled bool `json:"-"`
}

// GroupChanged says that a change was accepted; an App's group is the one it is in.
type GroupChanged struct {
	GroupID app.ID `json:"groupId"`
	Version Time   `json:"version"`
}

// GroupChangeFailed says that a change was refused, and why.
type GroupChangeFailed struct {
	GroupID app.ID `json:"groupId"`
	Version Time   `json:"version"`
	Reason  string `json:"reason"`
}

// AppPosted says that somebody has given an App's definition.
type AppPosted struct {
	ClientIP string `json:"clientIp"`
	URI      string `json:"uri"`
	// Definition is as it was stored.
	Definition *app.Spec `json:"-"`
}

// AppTerminated says that the last instance of a deleted App is gone.
type AppTerminated struct {
	AppID app.ID `json:"appId"`
}

// Type implements Event.
func (*DeploymentInfo) Type() string { return "deployment_info" }

// Type implements Event.
func (*DeploymentStepSuccess) Type() string { return "deployment_step_success" }

// Type implements Event.
func (*DeploymentStepFailure) Type() string { return "deployment_step_failure" }

// Type implements Event.
func (*DeploymentSuccess) Type() string { return "deployment_success" }

// Type implements Event.
func (*DeploymentFailed) Type() string { return "deployment_failed" }

// Type implements Event.
func (*GroupChanged) Type() string { return "group_change_success" }

// Type implements Event.
func (*GroupChangeFailed) Type() string { return "group_change_failed" }

// Type implements Event.
func (*AppPosted) Type() string { return "api_post_event" }

// Type implements Event.
func (*AppTerminated) Type() string { return "app_terminated_event" }
