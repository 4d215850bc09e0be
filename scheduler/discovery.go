package scheduler

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
	"github.com/gantry-mesos/gantry/scheduler/announce"
	"github.com/gantry-mesos/gantry/scheduler/discovery"
	"github.com/gantry-mesos/gantry/scheduler/discovery/hub"
	"github.com/gantry-mesos/gantry/scheduler/loop"
)

// DiscoveryConfig says how other programs are told where tasks are reached.
type DiscoveryConfig struct {
	// PanicThreshold is the share of an App's instances that were ready a minute before
	// which stay published even if their checks fail, from 0 (none) to 1. Default 0.5.
	PanicThreshold float64
	// PublishTimeout is how long the kill of a drained task waits for an output, such as
	// ZooKeeper, that does not answer. Default 5 s.
	PublishTimeout time.Duration
	// ZK is where names of Apps are written: zk://h1:2181,h2:2181/path. Default: below the
	// path of Config.ZK, if that is given.
	ZK string
	// Announce are the forms of names in ZooKeeper: serverset, nerve, curator; none writes
	// nothing. Default serverset.
	Announce []string
	// AnnounceAddress is what they name: hostname, or ip. Default hostname.
	AnnounceAddress string
	// ServersetPaths are those below which the label GANTRY_SERVERSET_PATH may lead.
	ServersetPaths []string
}

// announceNothing is the value of Announce that has nothing written.
const announceNothing = "none"

// forms are those of names in ZooKeeper.
func (c DiscoveryConfig) forms() []announce.Form {
	var out []announce.Form
	for _, name := range c.Announce {
		if name != announceNothing {
			out = append(out, announce.Form(name))
		}
	}
	return out
}

func (c DiscoveryConfig) problems() []error {
	var out []error
	if c.PanicThreshold < 0 || c.PanicThreshold > 1 {
		out = append(out, fmt.Errorf("--discovery-panic-threshold %v must be from 0 (take back whatever is not healthy) to 1", c.PanicThreshold))
	}
	if c.PublishTimeout <= 0 {
		out = append(out, fmt.Errorf("--publish-timeout %v must be positive", c.PublishTimeout))
	}
	known := []string{string(announce.ServerSet), string(announce.Nerve), string(announce.Curator), announceNothing}
	for _, name := range c.Announce {
		if !slices.Contains(known, name) {
			out = append(out, fmt.Errorf("--announce %q: known are %s", name, strings.Join(known, ", ")))
		}
	}
	if c.AnnounceAddress != "hostname" && c.AnnounceAddress != "ip" {
		out = append(out, fmt.Errorf("--announce-address %q: use hostname or ip", c.AnnounceAddress))
	}
	for _, p := range c.ServersetPaths {
		if !strings.HasPrefix(p, "/") || path.Clean(p) != p || p == "/" {
			out = append(out, fmt.Errorf("--serverset-paths %q: expected an absolute path in ZooKeeper, such as /aurora", p))
		}
	}
	if c.ZK != "" {
		if _, err := zkurl.Parse(c.ZK); err != nil {
			out = append(out, fmt.Errorf("--discovery-zk: %w", err))
		}
	}
	return out
}

// drainProblems says what is wrong with how tasks are drained.
func drainProblems(d app.Drain) []error {
	if d.Timeout < 0 || d.MinDelay < 0 || d.MinDelay > d.Timeout {
		return []error{fmt.Errorf("--drain-min-delay %v must be from 0s to --drain-timeout %v; a timeout of 0s with a delay of 0s kills at once", d.MinDelay, d.Timeout)}
	}
	return nil
}

// endpoints is what the table of endpoints of a term that begins now goes by.
func (s *Scheduler) endpoints() discovery.Config {
	now := time.Now()
	return discovery.Config{
		// As with the event log, later terms have greater numbers.
		Term: uint64(now.UnixMilli()), GuardShare: s.cfg.Discovery.PanicThreshold,
		Gate: discovery.GateConfig{Began: now, Drain: s.cfg.Decisions.Drain, PublishTimeout: s.cfg.Discovery.PublishTimeout},
	}
}

// announced is where names are written in ZooKeeper, false if nowhere.
func (c Config) announced() (zkurl.URL, bool) {
	if len(c.Discovery.forms()) == 0 {
		return zkurl.URL{}, false
	}
	text := c.Discovery.ZK
	if text == "" {
		text = c.ZK
	}
	url, err := zkurl.Parse(text)
	if err != nil { // there is none: Validate has looked
		return zkurl.URL{}, false
	}
	if c.Discovery.ZK == "" {
		url.Path = url.Join("discovery")
	}
	return url, true
}

// announce writes names into ZooKeeper for as long as the term lasts. Whatever is
// wrong there does not end the term.
func (s *Scheduler) announce(ctx context.Context, url zkurl.URL, term uint64, h *hub.Hub, l *loop.Loop) error {
	w := announce.New(announce.Config{
		URL: url, Forms: s.cfg.Discovery.forms(), ByIP: s.cfg.Discovery.AnnounceAddress == "ip", Paths: s.cfg.Discovery.ServersetPaths,
		Framework: func() string { return string(l.View().Framework.ID) }, ID: s.id, Address: s.address, Term: term, Source: h,
		Log: s.log.Named("announce"),
	})
	if err := w.Run(ctx); errors.Is(err, announce.ErrSuperseded) {
		s.log.Error("names in ZooKeeper are not written any more", zap.Error(err))
		<-ctx.Done()
	}
	return context.Cause(ctx)
}
