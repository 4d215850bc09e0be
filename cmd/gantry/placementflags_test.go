package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/scheduler"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// placed is what the flags of placement say.
type placed struct {
	Policy      placement.Policy
	Accepted    placement.Accepted
	GPUs        string
	Maintenance bool
	Lead        time.Duration
	Features    string
}

func TestPlacementFlagsTakeMarathonsSpelling(t *testing.T) {
	t.Parallel()
	defaults := placed{GPUs: "restricted", Maintenance: true, Lead: 5 * time.Minute}
	with := func(change func(p *placed)) placed {
		p := defaults
		change(&p)
		return p
	}
	for _, row := range []struct {
		args string
		want placed
	}{
		{"", defaults},
		{"--placement=spread", with(func(p *placed) { p.Policy = placement.Spread })},
		{"--accepted_resource_roles_default_behavior=any", defaults},
		{"--accepted_resource_roles_default_behavior unreserved", with(func(p *placed) { p.Accepted = placement.AcceptUnreserved })},
		{"--accepted-resource-roles-default-behavior reserved", with(func(p *placed) { p.Accepted = placement.AcceptReserved })},
		{"--default_accepted_resource_roles=*", with(func(p *placed) { p.Accepted = placement.AcceptUnreserved })},
		{"--default_accepted_resource_roles=web", with(func(p *placed) { p.Accepted = placement.AcceptReserved })},
		{"--default_accepted_resource_roles=*,web", defaults},
		{"--gpu_scheduling_behavior unrestricted", with(func(p *placed) { p.GPUs = "unrestricted" })},
		{"--maintenance_mode=false", with(func(p *placed) { p.Maintenance = false })},
		{"--enable_features vips,gpu_resources", with(func(p *placed) { p.Features = "vips gpu_resources" })},
		{"--draining_seconds 90", with(func(p *placed) { p.Lead = 90 * time.Second })},
	} {
		cfg := scheduler.DefaultConfig()
		f := pflag.NewFlagSet("scheduler", pflag.ContinueOnError)
		f.SetNormalizeFunc(dashes)
		schedulerFlags(f, &cfg)
		if err := f.Parse(strings.Fields(row.args)); err != nil {
			t.Errorf("%s: %v", row.args, err)
			continue
		}
		got := placed{cfg.Placement, cfg.AcceptedResourceRoles, cfg.GPUScheduling, cfg.MaintenanceMode, cfg.Decisions.MaintenanceLead, strings.Join(cfg.Features, " ")}
		if diff := cmp.Diff(got, row.want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", row.args, diff)
		}
	}
}

func TestFlagsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ arg, want string }{
		{"--placement=tight", "use first-fit, best-fit or spread"},
		{"--accepted-resource-roles-default-behavior=all", "use any, unreserved or reserved"},
		{"--default-accepted-resource-roles=", "name roles"},
		{"--enable-features=pods", "known are external_volumes, gpu_resources"},
		{"--gpu-scheduling-behavior=some", "use restricted or unrestricted"},
		{"--draining-seconds=5m", "invalid"},
		{"--draining-seconds=-1", "must not be negative"},
		{"--discovery-panic-threshold=1.1", "must be from 0"},
		{"--publish-timeout=0s", "must be positive"},
		{"--drain-min-delay=2h", "must be from 0s to --drain-timeout"},
		{"--failover-timeout=0s", "must be positive"},
		{"--unhealthy-kill-share=1.5", "from 0 to 1"},
		{"--announce-address=name", "use hostname or ip"},
		{"--dns-ttl=0s", "must be from 1s to 1h"},
		{"--http-max-concurrent-requests=-1", "0 is no bound"},
		{"--http-max-event-streams=-1", "0 is no bound"},
		{"--http-body-max=0", "must be positive"},
		{"--http-credentials=ops", "user:password"},
		{"--tls-cert-file=cert.pem", "go together"},
		{"--tls-ca-file=ca.pem", "--mesos-ca-file"},
		{"--principal=gantry", "go together"},
		{"--debug-address=10.0.0.1:6060", "--http-credentials-file"},
	} {
		cfg := scheduler.DefaultConfig()
		f := pflag.NewFlagSet("scheduler", pflag.ContinueOnError)
		schedulerFlags(f, &cfg)
		err := f.Parse([]string{row.arg})
		if err == nil {
			err = cfg.Validate()
		}
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want an error with %q", row.arg, err, row.want)
		}
	}
}

func TestMiniGivesMastersAndAgentsTheirDomains(t *testing.T) {
	t.Parallel()
	c := miniConfig{
		agents: 3, masters: 2, mesosAddr: "127.0.0.1:0", workDir: t.TempDir(),
		masterDomain: "eu/a", agentDomains: []string{"eu/b", "us/c"},
	}
	cfg, err := c.cluster(nil)
	if err != nil {
		t.Fatal(err)
	}
	for n, m := range cfg.Masters {
		if diff := cmp.Diff(m.Domain, minicluster.Domain("eu", "a")); diff != "" {
			t.Errorf("master %d (-got +want):\n%s", n, diff)
		}
	}
	if a := cfg.Agents; !a[0].Domain.Equal(minicluster.Domain("eu", "b")) || !a[1].Domain.Equal(minicluster.Domain("us", "c")) || a[2].Domain != nil {
		t.Errorf("agents: got %v, %v and %v, want eu/b, us/c and none", a[0].Domain, a[1].Domain, a[2].Domain)
	}
	for _, row := range []struct {
		change func(c *miniConfig)
		want   string
	}{
		{func(c *miniConfig) { c.masterDomain = "eu" }, `--master-domain "eu": use region/zone`},
		{func(c *miniConfig) { c.agentDomains = []string{"/b"} }, `--agent-domain "/b": use region/zone`},
		{func(c *miniConfig) { c.masterDomain = "" }, "--agent-domain needs --master-domain"},
	} {
		wrong := c
		row.change(&wrong)
		if err := wrong.validate(); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("got %v, want an error with %q", err, row.want)
		}
	}
}
