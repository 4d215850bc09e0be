package scheduler

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/scheduler/dns"
)

// DNSConfig says how names are answered.
type DNSConfig struct {
	// Address is the host:port that names are answered on, UDP and TCP. Default "", nowhere.
	Address string
	// HTTPAddress is the host:port of Mesos-DNS' HTTP interface. Default "", nowhere.
	HTTPAddress string
	// Zone is that of all names. Default gantry.
	Zone string
	// TTL is how long answers may be kept, in whole seconds. Default 5 s.
	TTL time.Duration
}

// Validate returns all problems, each naming its flag.
func (c DNSConfig) Validate() error {
	var problems []error
	for flag, address := range map[string]string{"--dns-address": c.Address, "--dns-http-address": c.HTTPAddress} {
		if _, _, err := net.SplitHostPort(address); address != "" && err != nil {
			problems = append(problems, fmt.Errorf("%s %q: %w; it has the form host:port", flag, address, err))
		}
	}
	if c.HTTPAddress != "" && c.Address == "" {
		problems = append(problems, errors.New("--dns-http-address needs --dns-address"))
	}
	if c.Zone == "" {
		problems = append(problems, errors.New("--dns-zone must not be empty"))
	}
	if c.TTL < time.Second || c.TTL > time.Hour {
		problems = append(problems, fmt.Errorf("--dns-ttl %v must be from 1s to 1h", c.TTL))
	}
	return errors.Join(problems...)
}

// names answers names by what this scheduler's own API tells, which is the leader's
// table also while another one leads.
func (s *Scheduler) names(ctx context.Context) error {
	client, err := api.NewClient("http://" + s.address)
	if err != nil {
		return err
	}
	defer client.Close()
	if s.own != nil {
		client.Authenticate(s.own.user, s.own.password)
	}
	c := s.cfg.DNS
	service := dns.Service{
		Server: dns.NewServer(dns.Config{Names: dns.Names{Domain: c.Zone, Framework: s.cfg.FrameworkName}, TTL: c.TTL}),
		Client: client, ID: "dns-" + s.address, Address: c.Address, HTTPAddress: c.HTTPAddress, Version: Version, Log: s.log.Named("dns"),
	}
	if err := service.Run(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("--dns-address %s: %w", c.Address, err)
	}
	return context.Cause(ctx)
}

// login is what this scheduler shows to its own API.
type login struct{ user, password string }
