package scheduler

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
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
	client, err := s.ownClient()
	if err != nil {
		return err
	}
	defer client.Close()
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

// ownClient is a client of this scheduler's own API, as one of its users.
func (s *Scheduler) ownClient() (*api.Client, error) {
	scheme := "http://"
	if s.cfg.TLSCertFile != "" {
		scheme = "https://"
	}
	client, err := api.NewClient(scheme + s.address)
	if err != nil {
		return nil, err
	}
	for _, file := range []string{s.cfg.TLSCertFile, s.cfg.TLSCAFile} {
		if file == "" {
			continue
		}
		pem, err := os.ReadFile(file)
		if err == nil {
			err = client.Trust(pem)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	user, password, err := s.cfg.firstLogin()
	if err != nil {
		return nil, err
	}
	if user != "" {
		client.Authenticate(user, password)
	}
	return client, nil
}

// firstLogin is the first user that the API knows, "" if it lets everybody in.
func (c Config) firstLogin() (user, password string, err error) {
	if c.HTTPCredentials != "" {
		user, password, _ = strings.Cut(c.HTTPCredentials, ":")
		return user, password, nil
	}
	if c.HTTPCredentialsFile == "" {
		return "", "", nil
	}
	data, err := os.ReadFile(c.HTTPCredentialsFile)
	if err != nil {
		return "", "", fmt.Errorf("--http-credentials-file: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			user, password, _ = strings.Cut(line, ":") // the file has been checked
			break
		}
	}
	return user, password, nil
}
