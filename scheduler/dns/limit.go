package dns

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

const (
	// answersMax is how many like answers a network of 256 addresses gets in a second by
	// datagrams, whose senders may be made up.
	answersMax = 500
	// countedMax bounds how many are counted at once.
	countedMax = 100_000
)

// limiter bounds like answers to one network, so that nobody can have this server
// flood another one.
type limiter struct {
	mu     sync.Mutex
	second int64
	counts map[asker]int
}

type asker struct {
	network netip.Prefix
	name    string
	kind    uint16
}

func newLimiter() *limiter { return &limiter{counts: map[asker]int{}} }

// allows counts an answer and reports whether it may be sent as it is.
func (l *limiter) allows(now time.Time, to net.Addr, q *dns.Msg) bool {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return true
	}
	ip := udp.AddrPort().Addr().Unmap()
	if ip.IsLoopback() {
		return true
	}
	bits := 24
	if ip.Is6() {
		bits = 56
	}
	network, err := ip.WithZone("").Prefix(bits)
	if err != nil {
		return true
	}
	a := asker{network, strings.ToLower(q.Question[0].Name), q.Question[0].Qtype}
	l.mu.Lock()
	defer l.mu.Unlock()
	if second := now.Unix(); second != l.second || len(l.counts) >= countedMax {
		l.second = second
		clear(l.counts)
	}
	l.counts[a]++
	return l.counts[a] <= answersMax
}
