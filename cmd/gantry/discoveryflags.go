package main

import (
	"github.com/spf13/pflag"

	"github.com/gantry-mesos/gantry/scheduler"
)

// discoveryFlags say how tasks are found and drained, for both ways to run a scheduler.
func discoveryFlags(f *pflag.FlagSet, cfg *scheduler.Config) {
	f.DurationVar(&cfg.Decisions.Drain.Timeout, "drain-timeout", cfg.Decisions.Drain.Timeout, "how long the kill of a task waits, at most, for load balancers to let go of it; 0s kills at once")
	f.DurationVar(&cfg.Decisions.Drain.MinDelay, "drain-min-delay", cfg.Decisions.Drain.MinDelay, "how long it waits in any case, for readers that tell nobody, such as DNS")
	f.DurationVar(&cfg.Discovery.PublishTimeout, "publish-timeout", cfg.Discovery.PublishTimeout, "how long it waits for an output, such as ZooKeeper, that does not answer")
	f.Float64Var(&cfg.Discovery.PanicThreshold, "discovery-panic-threshold", cfg.Discovery.PanicThreshold, "share of an app's instances that stays published even if checks fail; 0 is none")
	f.StringVar(&cfg.Discovery.ZK, "discovery-zk", "", "ZooKeeper to write names of apps to: zk://host:2181/path (default: below the path of --zk)")
	f.StringSliceVar(&cfg.Discovery.Announce, "announce", cfg.Discovery.Announce, "forms of names in ZooKeeper: serverset, nerve, curator; none")
	f.StringVar(&cfg.Discovery.AnnounceAddress, "announce-address", cfg.Discovery.AnnounceAddress, "what they name: hostname or ip")
	f.StringSliceVar(&cfg.Discovery.ServersetPaths, "serverset-paths", nil, "path below which an app's label GANTRY_SERVERSET_PATH may lead, such as /aurora; repeatable")
	f.StringVar(&cfg.DNS.Address, "dns-address", "", "host:port to answer names of apps on, UDP and TCP (default: nowhere)")
	f.StringVar(&cfg.DNS.HTTPAddress, "dns-http-address", "", "host:port of Mesos-DNS' HTTP interface (default: nowhere)")
	f.StringVar(&cfg.DNS.Zone, "dns-zone", cfg.DNS.Zone, "zone of the names")
	f.DurationVar(&cfg.DNS.TTL, "dns-ttl", cfg.DNS.TTL, "how long answers about names may be kept")
}
