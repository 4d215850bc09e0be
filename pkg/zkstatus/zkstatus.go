// Package zkstatus asks the servers of a ZooKeeper ensemble how they are, by the
// command srvr, which every server answers on its client port, and by mntr where that
// is allowed (ZooKeeper, "four letter words").
package zkstatus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// answerMax bounds what is read of an answer, in bytes.
const answerMax = 1 << 20

// Server is what one server says of itself.
type Server struct {
	// Address is "host:port".
	Address string `json:"address"`
	// Error says in words why the server does not serve; "" if it does.
	Error string `json:"error,omitempty"`
	// Mode is leader, follower, observer or standalone.
	Mode    string `json:"mode,omitempty"`
	Version string `json:"version,omitempty"`
	// Latency is of requests, in milliseconds.
	Latency struct {
		Min float64 `json:"min"`
		Avg float64 `json:"avg"`
		Max float64 `json:"max"`
	} `json:"latency"`
	Connections int    `json:"connections"`
	Outstanding int    `json:"outstanding"`
	Nodes       int    `json:"nodes"`
	Zxid        string `json:"zxid,omitempty"`
	// More is what mntr tells beside, by its names; nil where that is not allowed.
	More map[string]string `json:"more,omitempty"`
	// Note is what to do where something of this is missing.
	Note string `json:"note,omitempty"`
}

// Health is how an ensemble is as a whole.
type Health uint8

// The healths.
const (
	// Well says that every server serves.
	Well Health = iota + 1
	// Degraded says that clients are served, though not by every server.
	Degraded
	// NoQuorum says that nobody is served.
	NoQuorum
)

// String returns the health in words.
func (h Health) String() string {
	switch h {
	case Well:
		return "all servers serve"
	case Degraded:
		return "degraded: clients are served, but not by every server"
	case NoQuorum:
		return "no quorum: nobody is served"
	default:
		return ""
	}
}

// Of judges an ensemble by what its servers say. One that serves is of a quorum.
func Of(servers []Server) Health {
	serving := 0
	for _, s := range servers {
		if s.Mode != "" {
			serving++
		}
	}
	switch serving {
	case 0:
		return NoQuorum
	case len(servers):
		return Well
	default:
		return Degraded
	}
}

// Ask asks all servers at once, each for up to timeout, and returns what they say in
// the same order.
func Ask(ctx context.Context, addresses []string, timeout time.Duration) []Server {
	out := make([]Server, len(addresses))
	var wg sync.WaitGroup
	for n, address := range addresses {
		wg.Go(func() { out[n] = ask(ctx, address, timeout) })
	}
	wg.Wait()
	return out
}

func ask(ctx context.Context, address string, timeout time.Duration) Server {
	text, err := command(ctx, address, "srvr", timeout)
	if err != nil {
		return Server{Address: address, Error: err.Error()}
	}
	s := parse(text)
	s.Address = address
	if s.Mode == "" {
		return s
	}
	text, err = command(ctx, address, "mntr", timeout)
	switch {
	case err != nil:
	case strings.Contains(text, "not in the whitelist"):
		s.Note = "mntr is not allowed: 4lw.commands.whitelist=srvr,mntr in its configuration tells more"
	default:
		s.More = table(text)
	}
	return s
}

// command sends one command and returns the answer.
func command(ctx context.Context, address, word string, timeout time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return "", fmt.Errorf("not reached: %w", err)
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline) // the read tells
	}
	if _, err := io.WriteString(conn, word); err != nil {
		return "", err
	}
	data, err := io.ReadAll(io.LimitReader(conn, answerMax))
	if err != nil {
		return "", fmt.Errorf("no answer to %s: %w", word, err)
	}
	if len(data) == 0 {
		return "", errors.New("it closes the connection without an answer: is this its client port, and without TLS?")
	}
	return string(data), nil
}

// parse reads the answer to srvr of versions 3.4 to 3.9.
func parse(text string) Server {
	var s Server
	if strings.Contains(text, "not in the whitelist") {
		s.Error = "srvr is not allowed: put it on 4lw.commands.whitelist in the server's configuration (ZOO_4LW_COMMANDS_WHITELIST of the official image)"
		return s
	}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		switch name {
		case "Zookeeper version":
			s.Version, _, _ = strings.Cut(value, ",")
			s.Version, _, _ = strings.Cut(s.Version, "-")
		case "Mode":
			s.Mode = value
		case "Zxid":
			s.Zxid = value
		case "Node count":
			s.Nodes, _ = strconv.Atoi(value)
		case "Connections":
			s.Connections, _ = strconv.Atoi(value)
		case "Outstanding":
			s.Outstanding, _ = strconv.Atoi(value)
		case "Latency min/avg/max":
			parts := strings.Split(value, "/")
			for n, to := range []*float64{&s.Latency.Min, &s.Latency.Avg, &s.Latency.Max} {
				if n < len(parts) {
					*to, _ = strconv.ParseFloat(parts[n], 64)
				}
			}
		}
	}
	if s.Mode == "" {
		if s.Error = strings.TrimSpace(text); len(s.Error) > 200 {
			s.Error = s.Error[:200]
		}
	}
	return s
}

// table reads the answer to mntr.
func table(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			out[name] = value
		}
	}
	return out
}
