package scheduler

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/webguard"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

// CheckAccess returns what is wrong with who may use the API and how.
func (c Config) CheckAccess() error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if c.HTTPBodyMax < 1 {
		problem("--http-body-max %d must be positive", c.HTTPBodyMax)
	}
	if c.HTTPMaxRequests < 0 {
		problem("--http-max-concurrent-requests %d must not be negative; 0 is no bound", c.HTTPMaxRequests)
	}
	if c.HTTPMaxStreams < 0 {
		problem("--http-max-event-streams %d must not be negative; 0 is no bound", c.HTTPMaxStreams)
	}
	if user, password, _ := strings.Cut(c.HTTPCredentials, ":"); c.HTTPCredentials != "" && (user == "" || password == "") {
		problem("--http-credentials has not the form user:password")
	}
	if (c.TLSCertFile == "") != (c.TLSKeyFile == "") {
		problem("--tls-cert-file and --tls-key-file go together: the certificate, and its key")
	}
	if c.TLSCAFile != "" && c.TLSCertFile == "" {
		problem("--tls-ca-file needs --tls-cert-file and --tls-key-file; the authority of https masters is --mesos-ca-file")
	}
	if err := c.checkDebugAddress(); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// readCredentials reads a file of users, a line "user:password" each; empty lines
// and those that begin with # do not count. It adds one, unless "".
func readCredentials(file, one string) (httpapi.Credentials, error) {
	users := httpapi.Credentials{}
	if one != "" {
		user, password, _ := strings.Cut(one, ":") // the configuration has been checked
		users[user] = sha256.Sum256([]byte(password))
	}
	if file == "" {
		return users, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--http-credentials-file: %w", err)
	}
	found := false
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		user, password, ok := strings.Cut(line, ":")
		if !ok || user == "" || password == "" {
			return nil, fmt.Errorf("--http-credentials-file %s: line %d has not the form user:password", file, n)
		}
		users[user], found = sha256.Sum256([]byte(password)), true
	}
	if !found {
		return nil, fmt.Errorf("--http-credentials-file %s names no user; without the flag everybody may use the API", file)
	}
	return users, nil
}

// guard is what keeps web pages from using the API.
func (s *Scheduler) guard(users httpapi.Credentials) webguard.Guard {
	g := webguard.Guard{Loopback: webguard.Loopback(s.listener.Addr()), Origins: s.cfg.HTTPAllowedOrigins}
	g.Open = !g.Loopback && len(users) == 0
	for _, host := range slices.Concat([]string{s.cfg.Hostname}, s.cfg.HTTPAllowedHosts, machineNames()) {
		if host != "" {
			g.Hosts = append(g.Hosts, strings.ToLower(host))
		}
	}
	if host, _, err := net.SplitHostPort(s.address); err == nil {
		g.Hosts = append(g.Hosts, strings.ToLower(host))
	}
	return g
}

// machineNames are the machine's own name and the full one that it stands for.
func machineNames() []string {
	name, err := os.Hostname()
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	full, err := net.DefaultResolver.LookupCNAME(ctx, name)
	if err != nil {
		return []string{name}
	}
	return []string{name, strings.TrimSuffix(full, ".")}
}

// warnOpen says so where everybody in the network can start commands as the
// tasks' user.
func (s *Scheduler) warnOpen(users httpapi.Credentials) {
	if len(users) == 0 && !webguard.Loopback(s.listener.Addr()) {
		s.log.Warn("ANYBODY who reaches this address can run commands on the cluster: set --http-credentials-file, or listen on loopback",
			logfield.Address(s.address), zap.String("flag", "--http-address "+s.cfg.HTTPAddress))
	}
}
