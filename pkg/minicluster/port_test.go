package minicluster

import (
	"errors"
	"net"
	"strconv"
	"syscall"
	"testing"
)

func TestAReservedPortIsRefusedToEverybodyElse(t *testing.T) {
	t.Parallel()
	first := reserve(t, 0)
	if second, err := reservePort("127.0.0.1", first.number); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a second reservation = %v, %v, want address already in use", second, err)
	}
	if l, err := net.Listen("tcp", first.address()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a listener of another = %v, %v, want address already in use", l, err)
	}
	l, err := first.listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // only to take the port
	if second, err := reservePort("127.0.0.1", first.number); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a reservation beside the listener = %v, %v, want address already in use", second, err)
	}
}

func TestAPortOfAnotherProgramIsNotReserved(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // only to take the port
	if p, err := reservePort("127.0.0.1", portOf(t, l)); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("reservePort = %v, %v, want address already in use", p, err)
	}
}

// Connections that a cluster has closed stay in TIME_WAIT for a minute and must not keep the next one out.
func TestAPortWithOldConnectionsIsReservedAndUsedAgain(t *testing.T) {
	t.Parallel()
	first := reserve(t, 0)
	for range 2 {
		l, err := first.listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		closeFirst(t, l)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		first.release()
		first = reserve(t, first.number)
		if other, err := net.Listen("tcp", first.address()); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("a listener of another = %v, %v, want address already in use", other, err)
		}
		if p, err := reservePort("127.0.0.1", first.number); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("a second reservation = %v, %v, want address already in use", p, err)
		}
	}
}

// closeFirst makes a connection whose server's end closes first.
func closeFirst(t *testing.T, l net.Listener) {
	t.Helper()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Read(make([]byte, 1)); err == nil {
		t.Error("read of a closed connection succeeded")
	}
}

func reserve(t *testing.T, number int) *port {
	t.Helper()
	p, err := reservePort("127.0.0.1", number)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.release)
	return p
}

func portOf(t *testing.T, l net.Listener) int {
	t.Helper()
	_, text, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return number
}

func TestAnAgentWhosePortMayChangeTakesAnotherWhenItsOwnIsTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // only to take the port
	cfg := DefaultConfig(1)
	cfg.WorkDir = t.TempDir()
	cfg.Agents[0].Port = portOf(t, l)
	if c, err := New(cfg); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("New = %v, %v, want address already in use", c, err)
	}
	cfg.Agents[0].PortMayChange = true
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.each((*node).release)
	if c.AgentAddr(1) == l.Addr().String() {
		t.Errorf("the agent has the address %s of another", c.AgentAddr(1))
	}
}
