package minicluster

import (
	"net"
	"testing"
	"time"
)

func TestAReservedPortRefusesConnectionsUntilItListens(t *testing.T) {
	t.Parallel()
	p, err := reservePort("127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer p.release()
	for range 2 { // a port can be listened on again and again
		if conn, err := net.DialTimeout("tcp", p.address(), time.Second); err == nil {
			_ = conn.Close()
			t.Fatal("connected to a reserved port, want it refused")
		}
		l, err := p.listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.DialTimeout("tcp", p.address(), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		_ = l.Close()
	}
	if _, err := net.Listen("tcp", p.address()); err == nil {
		t.Error("somebody else got a reserved port")
	}
}

func TestSizesOfFlags(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"7B": 7, "2KB": 2 << 10, "3MB": 3 << 20, "2GB": 2 << 30, "1TB": 1 << 40} {
		if got, err := parseBytes(text); got != want || err != nil {
			t.Errorf("parseBytes(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
}
