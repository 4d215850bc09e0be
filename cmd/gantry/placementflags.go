package main

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gantry-mesos/gantry/scheduler"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// placementFlags are the flags that say which agents are used, and for what.
func placementFlags(f *pflag.FlagSet, cfg *scheduler.Config) {
	f.Var((*policyFlag)(&cfg.Placement), "placement", "how one of several fitting agents is chosen: first-fit, best-fit or spread")
	f.Var((*acceptedFlag)(&cfg.AcceptedResourceRoles), "accepted-resource-roles-default-behavior",
		"resources that apps without acceptedResourceRoles use: any, unreserved, or reserved (for the app's role)")
	f.Var((*rolesFlag)(&cfg.AcceptedResourceRoles), "default-accepted-resource-roles",
		"older form of --accepted-resource-roles-default-behavior: * is unreserved, roles are reserved, both are any")
	featuresFlag(f, cfg)
	f.BoolVar(&cfg.GPU, "gpu", cfg.GPU, "ask for offers of agents with GPUs")
	f.StringVar(&cfg.GPUScheduling, "gpu-scheduling-behavior", cfg.GPUScheduling,
		"restricted keeps agents with GPUs for apps that ask for GPUs, unrestricted does not")
	f.BoolVar(&cfg.MaintenanceMode, "maintenance-mode", cfg.MaintenanceMode, "place nothing on agents that are in maintenance or soon will be")
	f.Var((*secondsFlag)(&cfg.Decisions.MaintenanceLead), "draining-seconds", "how long before its maintenance window an agent gets nothing new, in seconds")
}

func featuresFlag(f *pflag.FlagSet, cfg *scheduler.Config) {
	f.StringSliceVar(&cfg.Features, "enable-features", cfg.Features,
		"optional features of Marathon, comma-separated: external_volumes, and gpu_resources, which asks for offers of agents with GPUs; secrets, task_killing and vips change nothing")
}

// policyFlag makes the placement policy a flag.
type policyFlag placement.Policy

func (p *policyFlag) String() string { return placement.Policy(*p).String() }
func (p *policyFlag) Type() string   { return "policy" }
func (p *policyFlag) Set(text string) error {
	v, err := placement.ParsePolicy(text)
	*p = policyFlag(v)
	return err
}

// acceptedFlag makes the default of acceptedResourceRoles a flag.
type acceptedFlag placement.Accepted

func (a *acceptedFlag) String() string { return placement.Accepted(*a).String() }
func (a *acceptedFlag) Type() string   { return "behavior" }
func (a *acceptedFlag) Set(text string) error {
	v, err := placement.ParseAccepted(text)
	*a = acceptedFlag(v)
	return err
}

var errNoRoles = errors.New("name roles, such as * or *,web")

// rolesFlag is the form of acceptedFlag that Marathon had before 1.10.
type rolesFlag placement.Accepted

func (*rolesFlag) String() string { return "" }
func (*rolesFlag) Type() string   { return "roles" }
func (a *rolesFlag) Set(text string) error {
	roles := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	unreserved := slices.Contains(roles, "*")
	reserved := slices.ContainsFunc(roles, func(r string) bool { return r != "*" })
	switch {
	case unreserved && reserved:
		*a = rolesFlag(placement.AcceptAny)
	case unreserved:
		*a = rolesFlag(placement.AcceptUnreserved)
	case reserved:
		*a = rolesFlag(placement.AcceptReserved)
	default:
		return errNoRoles
	}
	return nil
}

// secondsFlag is a duration as a whole number of seconds, as Marathon spells it.
type secondsFlag time.Duration

func (s *secondsFlag) String() string { return strconv.Itoa(int(time.Duration(*s).Seconds())) }
func (s *secondsFlag) Type() string   { return "seconds" }
func (s *secondsFlag) Set(text string) error {
	n, err := strconv.Atoi(text)
	*s = secondsFlag(time.Duration(n) * time.Second)
	return err
}
