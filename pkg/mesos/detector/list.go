package detector

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
)

// list is a source of fixed addresses, tried in turn.
type list struct {
	board   *board
	masters []Master

	mu   sync.Mutex
	next int
}

func newList(masters []Master, b *board) *list {
	b.publish(masters[0])
	return &list{board: b, masters: masters, next: 1}
}

func (l *list) run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func (l *list) suspect(m Master) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.board.isLatest(m) {
		l.board.publish(l.masters[l.next%len(l.masters)])
		l.next++
	}
}

func (l *list) redirected(m, leader Master) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.board.isLatest(m) {
		l.board.publish(leader)
	}
}

func parseList(target, scheme string) ([]Master, error) {
	var masters []Master
	for entry := range strings.SplitSeq(target, ",") {
		m, err := parseAddress(strings.TrimSpace(entry), scheme)
		if err != nil {
			return nil, err
		}
		masters = append(masters, m)
	}
	return masters, nil
}

func parseAddress(entry, scheme string) (Master, error) {
	if entry == "" {
		return Master{}, errors.New("an address is empty")
	}
	if !strings.Contains(entry, "://") {
		return hostPort(entry, scheme)
	}
	u, err := url.Parse(entry)
	switch {
	case err != nil:
		return Master{}, errors.New("not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return Master{}, fmt.Errorf("unknown scheme %q", u.Scheme)
	case u.User != nil:
		return Master{}, errors.New("credentials do not belong into the address")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return Master{}, fmt.Errorf("it has the path %q", u.RequestURI())
	}
	return hostPort(net.JoinHostPort(u.Hostname(), portOf(u, u.Scheme)), u.Scheme)
}

func hostPort(address, scheme string) (Master, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return Master{}, fmt.Errorf("address %q has no port", address)
	}
	if host == "" || strings.ContainsAny(host, " /@") || !validPort(port) {
		return Master{}, fmt.Errorf("address %q has no valid host or port", address)
	}
	return Master{Hostname: host, Address: address, Scheme: scheme}, nil
}

// parseLocation reads an absolute or protocol-relative URL: Mesos leaves the
// scheme out.
func parseLocation(location string, from Master) (Master, error) {
	u, err := url.Parse(location)
	if err != nil {
		return Master{}, errors.New("not a URL")
	}
	m := Master{Scheme: u.Scheme, Hostname: u.Hostname()}
	if m.Scheme == "" {
		m.Scheme = from.Scheme
	}
	if m.Hostname == "" || m.Scheme != "http" && m.Scheme != "https" {
		return Master{}, errors.New("it does not name a host")
	}
	m.Address = net.JoinHostPort(m.Hostname, portOf(u, m.Scheme))
	return m, nil
}

func portOf(u *url.URL, scheme string) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case scheme == "https":
		return "443"
	default:
		return "80"
	}
}
