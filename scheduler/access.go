package scheduler

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
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

// readCredentials reads a file of users, a line "user:password" each; empty lines
// and those that begin with # do not count. The first user is also what a scheduler
// shows to its own API.
func readCredentials(file string) (httpapi.Credentials, *login, error) {
	if file == "" {
		return nil, nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, fmt.Errorf("--http-credentials-file: %w", err)
	}
	users := httpapi.Credentials{}
	var own *login
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		user, password, ok := strings.Cut(line, ":")
		if !ok || user == "" || password == "" {
			return nil, nil, fmt.Errorf("--http-credentials-file %s: line %d has not the form user:password", file, n)
		}
		if own == nil {
			own = &login{user, password}
		}
		users[user] = sha256.Sum256([]byte(password))
	}
	if len(users) == 0 {
		return nil, nil, fmt.Errorf("--http-credentials-file %s names no user; without the flag everybody may use the API", file)
	}
	return users, own, nil
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
