package scheduler

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/webguard"
	"github.com/gantry-mesos/gantry/scheduler/debug"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

// checkDebugAddress returns what is wrong with DebugAddress, if it is set.
func (c Config) checkDebugAddress() error {
	if c.DebugAddress == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(c.DebugAddress)
	if err != nil {
		return fmt.Errorf("--debug-address %q: %w; it has the form host:port", c.DebugAddress, err)
	}
	ip, err := netip.ParseAddr(host)
	if host == "localhost" || err == nil && ip.IsLoopback() || c.HTTPCredentialsFile != "" || c.HTTPCredentials != "" {
		return nil
	}
	return fmt.Errorf("--debug-address %q is no loopback address: whoever reaches it sees into the scheduler and can slow it down; "+
		"use 127.0.0.1:PORT, or set --http-credentials-file, whose users are demanded then", c.DebugAddress)
}

// listenDebug takes the address of the debugging endpoints, if there is one.
func (s *Scheduler) listenDebug(users httpapi.Credentials) error {
	if s.cfg.DebugAddress == "" {
		return nil
	}
	l, err := net.Listen("tcp", s.cfg.DebugAddress)
	if err != nil {
		return fmt.Errorf("--debug-address %s: %w; another program may listen there", s.cfg.DebugAddress, err)
	}
	s.debugListener = s.secured(l)
	// No page and no other name has any business here; beyond loopback there are credentials.
	guard := webguard.Guard{Loopback: webguard.Loopback(l.Addr())}
	var allowed func(*http.Request) bool
	if len(users) > 0 {
		allowed = users.Allow
	}
	level := s.cfg.LogLevel
	if level == (zap.AtomicLevel{}) {
		level = zap.NewAtomicLevel() // of a log that cannot be changed
	}
	s.debug = debug.New(debug.Config{
		View: s.current.View, Loop: s.current.loop.Load, Level: level, Log: s.log.Named("debug"), Guard: guard, Allowed: allowed,
	})
	s.log.Info("serving /debug", logfield.Address(l.Addr().String()))
	return nil
}

func (s *Scheduler) closeDebug() error {
	if s.debugListener == nil {
		return nil
	}
	return s.debugListener.Close()
}

// DebugAddress is where /debug is served, "" if it is not.
func (s *Scheduler) DebugAddress() string {
	if s.debugListener == nil {
		return ""
	}
	return s.debugListener.Addr().String()
}
