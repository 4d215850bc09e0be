package sandbox

import (
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

func TestTaken_names_the_ports_that_others_listen_on(t *testing.T) {
	t.Parallel()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close() //nolint:errcheck // nothing was sent
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close() //nolint:errcheck // nothing was sent
	_, tcpPort, _ := net.SplitHostPort(tcp.Addr().String())
	_, udpPort, _ := net.SplitHostPort(udp.LocalAddr().String())
	ports := []taskinfo.Port{
		{Host: uint32(tcp.Addr().(*net.TCPAddr).Port), Protocol: "tcp"},
		{Host: uint32(udp.LocalAddr().(*net.UDPAddr).Port), Protocol: "udp"},
		{Container: 80, Protocol: "tcp"},
	}
	if diff := cmp.Diff(Taken(t.Context(), ports), []string{tcpPort + "/tcp", udpPort + "/udp"}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}
