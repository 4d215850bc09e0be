package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
)

// sharingFlags are how tenants share the cluster.
func sharingFlags(f *pflag.FlagSet, c *core.Config) {
	f.Var((*fairnessFlag)(&c.Fairness.Mode), "fairness", "whose instance is next: drf (the tenant with the lowest dominant share) or fifo")
	f.Var((*queueFlag)(&c.Fairness.Queues), "queue", "what a tenant's queue may have: /prod:weight=2,cpus=10-100,mem=-4096 (guarantee-limit); repeatable, or several with spaces between; 'gantry queue set' overrides it")
	f.DurationVar(&c.StarveAfter, "starve-after", c.StarveAfter, "how long an instance that others overtake waits until an agent is held for it")
}

// fairnessFlag makes the order of queues a flag.
type fairnessFlag fairshare.Mode

func (p *fairnessFlag) String() string { return fairshare.Mode(*p).String() }
func (p *fairnessFlag) Type() string   { return "mode" }
func (p *fairnessFlag) Set(text string) error {
	v, err := fairshare.ParseMode(text)
	*p = fairnessFlag(v)
	return err
}

// queueFlag makes quotas a repeatable flag.
type queueFlag map[string]fairshare.Quota

func (p *queueFlag) String() string { return "" }
func (p *queueFlag) Type() string   { return "quota" }
func (p *queueFlag) Set(text string) error {
	for one := range strings.FieldsSeq(text) {
		path, quota, err := fairshare.ParseQuota(one)
		if err != nil {
			return err
		}
		if _, twice := (*p)[path]; twice {
			return fmt.Errorf("queue %s is given twice; join the two, as in %s:weight=2,cpus=-10", path, path)
		}
		if *p == nil {
			*p = queueFlag{}
		}
		(*p)[path] = quota
	}
	return nil
}
