package dns

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"

	"github.com/gantry-mesos/gantry/pkg/endpoint"
)

const (
	// udpMax is the largest answer sent in a datagram: one that no network cuts up
	// (DNS flag day 2020).
	udpMax = 1232
	// idleMax is how long a connection may be silent.
	idleMax = 10 * time.Second
	// DefaultTTL is how long an answer may be kept.
	DefaultTTL = 5 * time.Second
)

// Config is what a Server needs.
type Config struct {
	Names Names
	// TTL is how long answers may be kept, in whole seconds; DefaultTTL if zero.
	TTL time.Duration
}

// Server answers questions about names from the newest Zone.
type Server struct {
	cfg   Config
	zone  atomic.Pointer[Zone]
	limit *limiter
}

// NewServer returns a Server that knows nothing yet, and fails every question.
func NewServer(cfg Config) *Server {
	if cfg.TTL == 0 {
		cfg.TTL = DefaultTTL
	}
	cfg.Names.Domain = labels(cfg.Names.Domain)
	return &Server{cfg: cfg, limit: newLimiter()}
}

// Show has the Server answer from these endpoints, and returns the Zone made of them.
func (s *Server) Show(services []endpoint.Service) *Zone {
	z := NewZone(s.cfg.Names, services, time.Now())
	s.zone.Store(z)
	return z
}

// Listen takes an address for both protocols, on one port; port 0 is any free one.
func Listen(ctx context.Context, address string) (net.PacketConn, net.Listener, error) {
	var lc net.ListenConfig
	for tries := 0; ; tries++ {
		tcp, err := lc.Listen(ctx, "tcp", address)
		if err != nil {
			return nil, nil, err
		}
		udp, err := lc.ListenPacket(ctx, "udp", tcp.Addr().String())
		if err == nil {
			return udp, tcp, nil
		}
		// A port that was chosen for TCP may be taken for UDP.
		if _, port, _ := net.SplitHostPort(address); port != "0" || tries == 10 {
			return nil, nil, errors.Join(err, tcp.Close())
		}
		if err := tcp.Close(); err != nil {
			return nil, nil, err
		}
	}
}

// Run answers on both until ctx ends; it closes them.
func (s *Server) Run(ctx context.Context, udp net.PacketConn, tcp net.Listener) error {
	servers := []*dns.Server{
		{PacketConn: udp, Handler: dns.HandlerFunc(s.serve), UDPSize: dns.MaxMsgSize},
		{Listener: tcp, Handler: dns.HandlerFunc(s.serve), IdleTimeout: func() time.Duration { return idleMax }, ReadTimeout: idleMax},
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, server := range servers {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		ended := make(chan struct{})
		g.Go(func() error {
			defer close(ended)
			if err := server.ActivateAndServe(); err != nil && ctx.Err() == nil {
				return fmt.Errorf("serve DNS: %w", err)
			}
			return nil
		})
		g.Go(func() error {
			<-ctx.Done()
			select {
			case <-started:
				return server.Shutdown()
			case <-ended:
				return nil
			}
		})
	}
	err := g.Wait()
	if ctx.Err() != nil && err == nil {
		return context.Cause(ctx)
	}
	return err
}

// serve answers one message.
func (s *Server) serve(w dns.ResponseWriter, q *dns.Msg) {
	_, stream := w.RemoteAddr().(*net.TCPAddr)
	m := s.answer(q)
	if !stream {
		fit(m, q)
		if !s.limit.allows(time.Now(), w.RemoteAddr(), q) {
			// Who asks in earnest asks again over TCP; who is pretended to ask gets no more
			// than was sent in its name.
			m.Answer, m.Ns, m.Extra, m.Truncated = nil, nil, nil, true
		}
	}
	m.Compress = true
	_ = w.WriteMsg(m) // whoever asked is gone
}

// answer makes the answer to a message, of any size.
func (s *Server) answer(q *dns.Msg) *dns.Msg {
	m := new(dns.Msg)
	m.SetReply(q)
	m.RecursionAvailable = false
	if opt := q.IsEdns0(); opt != nil {
		m.SetEdns0(udpMax, false)
		if opt.Version() != 0 {
			m.Rcode = dns.RcodeBadVers
			return m
		}
	}
	question := q.Question[0]
	name := strings.ToLower(question.Name)
	zone := s.zone.Load()
	switch {
	case question.Qclass != dns.ClassINET, !dns.IsSubDomain(s.cfg.Names.Domain+".", name),
		question.Qtype == dns.TypeAXFR, question.Qtype == dns.TypeIXFR:
		m.Rcode = dns.RcodeRefused
	case zone == nil:
		m.Rcode = dns.RcodeServerFailure
	default:
		m.Authoritative = true
		s.look(m, zone, name)
	}
	return m
}

// look answers a question about a name of the zone.
func (s *Server) look(m *dns.Msg, z *Zone, name string) {
	q := m.Question[0]
	n, exists := z.nodes[name]
	apex := name == z.names.Domain+"."
	switch {
	case !exists:
		m.Rcode = dns.RcodeNameError
	case q.Qtype == dns.TypeANY: // RFC 8482
		m.Answer = append(m.Answer, &dns.HINFO{Hdr: s.header(q.Name, dns.TypeHINFO), Cpu: "RFC8482"})
	case apex && q.Qtype == dns.TypeSOA:
		m.Answer = append(m.Answer, s.soa(z, q.Name))
	case apex && q.Qtype == dns.TypeNS:
		m.Answer = append(m.Answer, &dns.NS{Hdr: s.header(q.Name, dns.TypeNS), Ns: "ns1." + z.names.Domain + "."})
	case q.Qtype == dns.TypeSRV:
		s.services(m, z, n)
	default:
		m.Answer = s.hosts(q.Name, n, q.Qtype)
	}
	rand.Shuffle(len(m.Answer), func(i, j int) { m.Answer[i], m.Answer[j] = m.Answer[j], m.Answer[i] })
	if len(m.Answer) == 0 {
		m.Ns = []dns.RR{s.soa(z, z.names.Domain+".")}
	}
}

func (s *Server) header(name string, kind uint16) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: uint32(s.cfg.TTL / time.Second)}
}

func (s *Server) soa(z *Zone, name string) dns.RR {
	ttl := uint32(s.cfg.TTL / time.Second)
	return &dns.SOA{
		Hdr: s.header(name, dns.TypeSOA), Ns: "ns1." + z.names.Domain + ".", Mbox: "root.ns1." + z.names.Domain + ".",
		Serial: z.serial, Refresh: 60, Retry: 60, Expire: 86400, Minttl: ttl,
	}
}

// hosts are the addresses of a name; name is as it was asked for.
func (s *Server) hosts(name string, n *node, kind uint16) (out []dns.RR) {
	switch kind {
	case dns.TypeA:
		for _, ip := range n.v4 {
			out = append(out, &dns.A{Hdr: s.header(name, kind), A: ip.AsSlice()})
		}
	case dns.TypeAAAA:
		for _, ip := range n.v6 {
			out = append(out, &dns.AAAA{Hdr: s.header(name, kind), AAAA: ip.AsSlice()})
		}
	}
	return out
}

// services answers with where a service is, and with the addresses of those places.
func (s *Server) services(m *dns.Msg, z *Zone, n *node) {
	opt := m.Extra
	m.Extra = nil
	told := map[string]bool{}
	for _, service := range n.services {
		m.Answer = append(m.Answer, &dns.SRV{Hdr: s.header(m.Question[0].Name, dns.TypeSRV), Weight: 1, Port: service.port, Target: service.target})
		if at := z.nodes[service.target]; at != nil && !told[service.target] {
			told[service.target] = true
			m.Extra = append(m.Extra, s.hosts(service.target, at, dns.TypeA)...)
			m.Extra = append(m.Extra, s.hosts(service.target, at, dns.TypeAAAA)...)
		}
	}
	m.Extra = append(m.Extra, opt...)
}

// fit makes an answer as small as a datagram to whoever asked may be. The addresses
// beside an answer go first, which is no truncation.
func fit(m, q *dns.Msg) {
	size := dns.MinMsgSize
	if opt := q.IsEdns0(); opt != nil {
		size = max(dns.MinMsgSize, min(udpMax, int(opt.UDPSize())))
	}
	m.Compress = true
	if m.Len() <= size {
		return
	}
	opt := m.IsEdns0()
	m.Extra = nil
	if opt != nil {
		m.Extra = append(m.Extra, opt)
	}
	if m.Len() > size {
		m.Truncate(size)
	}
}
