package hub

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"go.uber.org/zap"
)

const (
	// locateEvery is how often the addresses of all agents are looked up again.
	locateEvery = time.Minute
	// lookupMax bounds one look-up.
	lookupMax = 5 * time.Second
)

// lookup asks the machine's resolver; it prefers IPv4, which every output can show.
func lookup(ctx context.Context, host string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupMax)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return "", err
	}
	for _, ip := range found {
		if ip.Unmap().Is4() {
			return ip.Unmap().String(), nil
		}
	}
	if len(found) == 0 {
		return "", fmt.Errorf("%s has no address", host)
	}
	return found[0].String(), nil
}

// locate finds the addresses of agents: at once for a new one, and of all of them
// from time to time.
func (h *Hub) locate(ctx context.Context) error {
	tick := time.NewTicker(locateEvery)
	defer tick.Stop()
	for {
		var hosts []string
		select {
		case <-h.resolve:
			h.mu.Lock()
			hosts = h.table.Unlocated()
			h.mu.Unlock()
		case <-tick.C:
			h.mu.Lock()
			hosts = h.table.Hosts()
			h.mu.Unlock()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		for _, host := range hosts {
			h.locateOne(ctx, host)
		}
	}
}

// locateOne looks an agent up; if that fails, what is known of it goes on to count.
func (h *Hub) locateOne(ctx context.Context, host string) {
	ip := host
	if _, err := netip.ParseAddr(host); err != nil {
		if ip, err = h.cfg.Resolve(ctx, host); err != nil {
			h.cfg.Log.Warn("the address of an agent is not found: names and load balancers leave its tasks out until it is",
				zap.String("host", host), zap.Error(err))
			return
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.table.Index()
	h.table.Locate(time.Now(), host, ip)
	h.announce(before)
}
