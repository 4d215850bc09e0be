package sandbox

import (
	"context"
	"errors"
	"net"
	"strconv"
	"syscall"

	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// Taken returns the host ports, such as "31001/tcp", that somebody on this
// agent listens on already. Mesos hands ports out but nothing keeps others
// from using them. A port that cannot be tried counts as free.
func Taken(ctx context.Context, ports []taskinfo.Port) []string {
	var out []string
	var lc net.ListenConfig
	for _, p := range ports {
		if p.Host == 0 {
			continue
		}
		number := strconv.FormatUint(uint64(p.Host), 10)
		for _, protocol := range p.Protocols() {
			if taken(ctx, &lc, protocol, ":"+number) {
				out = append(out, number+"/"+protocol)
			}
		}
	}
	return out
}

func taken(ctx context.Context, lc *net.ListenConfig, protocol, address string) bool {
	var err error
	if protocol == "udp" {
		var conn net.PacketConn
		if conn, err = lc.ListenPacket(ctx, "udp", address); err == nil {
			_ = conn.Close()
		}
	} else {
		var listener net.Listener
		if listener, err = lc.Listen(ctx, "tcp", address); err == nil {
			_ = listener.Close()
		}
	}
	return errors.Is(err, syscall.EADDRINUSE)
}
