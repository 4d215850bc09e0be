package minicluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// port keeps a TCP port for a process of the cluster while the process does not run: connections are refused then,
// and nobody else gets the port.
type port struct {
	ip     string
	number int
	fd     int // bound, never listening
}

// reservePort takes ip:number; number 0 stands for any free port.
func reservePort(ip string, number int) (*port, error) {
	at := net.JoinHostPort(ip, strconv.Itoa(number))
	v4 := net.ParseIP(ip).To4()
	if v4 == nil {
		return nil, fmt.Errorf("reserve %s: want an IPv4 address and a port", at)
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("reserve %s: %w", at, err)
	}
	if err := take(fd, &syscall.SockaddrInet4{Port: number, Addr: [4]byte(v4)}); err != nil {
		_ = syscall.Close(fd)
		return nil, fmt.Errorf("reserve %s: %w", at, err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		_ = syscall.Close(fd)
		return nil, fmt.Errorf("reserve %s: %w", at, err)
	}
	if in, ok := name.(*syscall.SockaddrInet4); ok {
		number = in.Port
	}
	return &port{ip: ip, number: number, fd: fd}, nil
}

// take binds fd to an address that nobody else has, and lets only our own listeners join it. The socket must not share
// while it is bound, or two clusters would get the same port and the kernel deal connections out between them.
func take(fd int, addr *syscall.SockaddrInet4) error {
	err := syscall.Bind(fd, addr)
	if errors.Is(err, syscall.EADDRINUSE) && addr.Port != 0 {
		// Perhaps only connections of a cluster before are not forgotten yet. With SO_REUSEADDR these do not count, and
		// whoever else has the port shows when we listen.
		err = takeOver(fd, addr)
	}
	if err != nil {
		return err
	}
	// Only with SO_REUSEPORT: with SO_REUSEADDR, which every listener sets, others could bind, too.
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
		return fmt.Errorf("set SO_REUSEPORT: %w", err)
	}
	return nil
}

func takeOver(fd int, addr *syscall.SockaddrInet4) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return fmt.Errorf("set SO_REUSEADDR: %w", err)
	}
	if err := syscall.Bind(fd, addr); err != nil {
		return err
	}
	if err := syscall.Listen(fd, 1); err != nil {
		return err
	}
	// The address stays bound without being listened on: it was asked for by its number.
	if err := syscall.Shutdown(fd, syscall.SHUT_RD); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 0); err != nil {
		return fmt.Errorf("unset SO_REUSEADDR: %w", err)
	}
	return nil
}

// shareable lets a listener use the port beside the reservation.
func shareable(fd int) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return fmt.Errorf("set SO_REUSEADDR: %w", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
		return fmt.Errorf("set SO_REUSEPORT: %w", err)
	}
	return nil
}

// address is "ip:port".
func (p *port) address() string { return net.JoinHostPort(p.ip, strconv.Itoa(p.number)) }

// listen opens the port for connections.
func (p *port) listen(ctx context.Context) (net.Listener, error) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = shareable(int(fd)) })
		if err != nil {
			return err
		}
		return failed
	}}
	l, err := config.Listen(ctx, "tcp4", p.address())
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", p.address(), err)
	}
	return l, nil
}

// release gives the port back.
func (p *port) release() {
	if p.fd >= 0 {
		_ = syscall.Close(p.fd)
		p.fd = -1
	}
}
