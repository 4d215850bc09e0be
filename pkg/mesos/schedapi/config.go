package schedapi

import (
	"net/http"
	"time"

	"github.com/gantry-mesos/gantry/pkg/backoff"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/frames"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
)

// Defaults of a Config whose fields are zero.
const (
	DefaultCallTimeout      = 10 * time.Second
	DefaultSubscribeTimeout = 30 * time.Second
	// DefaultHeartbeatMisses is what Mesos' own client library uses.
	DefaultHeartbeatMisses = 5
	DefaultSenders         = 8
	// HeartbeatInterval is the master's, for one that does not tell it.
	HeartbeatInterval = 15 * time.Second
	// The first try to subscribe again comes within half a second, as that of Mesos' own
	// client library, so that many frameworks do not storm a new leader; later
	// ones at most 15 s apart ("Mesos, high availability framework guide").
	backoffMin = 500 * time.Millisecond
	backoffMax = 15 * time.Second
)

// Config describes a client.
type Config struct {
	// Framework is asked at each subscription for the framework as it is then:
	// its id once it has one, its roles and capabilities. Required.
	Framework func() mesos.FrameworkInfo
	// SuppressedRoles is asked at each subscription for the roles that want no
	// offers; nil means none are suppressed.
	SuppressedRoles func() []string
	// Credentials are sent with every call.
	Credentials httptransport.Credentials
	// Transport carries the calls; nil means httptransport.New with its defaults.
	Transport http.RoundTripper
	// CallTimeout bounds one call from its sending to its answer; 0 means DefaultCallTimeout.
	CallTimeout time.Duration
	// SubscribeTimeout bounds the wait for the first event; 0 means DefaultSubscribeTimeout.
	SubscribeTimeout time.Duration
	// HeartbeatMisses is after how many silent heartbeat intervals a
	// subscription is given up; 0 means DefaultHeartbeatMisses.
	HeartbeatMisses int
	// Backoff spaces the tries to subscribe; zero fields mean 500 ms to 15 s.
	Backoff backoff.Policy
	// FrameMax is the longest event in bytes; 0 means frames.DefaultMax.
	FrameMax int
	// Senders is how many calls whose order does not matter are under way at once; 0 means DefaultSenders.
	Senders int
}

func (c Config) filled() Config {
	c.CallTimeout = or(c.CallTimeout, DefaultCallTimeout)
	c.SubscribeTimeout = or(c.SubscribeTimeout, DefaultSubscribeTimeout)
	c.HeartbeatMisses = or(c.HeartbeatMisses, DefaultHeartbeatMisses)
	c.Backoff.Min = or(c.Backoff.Min, backoffMin)
	c.Backoff.Max = or(c.Backoff.Max, backoffMax)
	c.FrameMax = or(c.FrameMax, frames.DefaultMax)
	c.Senders = or(c.Senders, DefaultSenders)
	if c.SuppressedRoles == nil {
		c.SuppressedRoles = func() []string { return nil }
	}
	return c
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
