package zkstatus

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/test/zktest"
)

func TestAnswersOfAllVersionsAreRead(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ text, mode, version, failure string }{
		"3.4": {"Zookeeper version: 3.4.14-4c25d480e66aadd371de8bd2fd8da255ac140bcf, built on 03/06/2019 16:18 GMT\nLatency min/avg/max: 0/0/5\n" +
			"Received: 3\nSent: 2\nConnections: 4\nOutstanding: 0\nZxid: 0x10\nMode: follower\nNode count: 7\n", "follower", "3.4.14", ""},
		"3.8": {"Zookeeper version: 3.8.0-${mvngit.commit.id}, built on 2024-12-29 17:54 UTC\nLatency min/avg/max: 0/0.5/5\n" +
			"Received: 3\nSent: 2\nConnections: 4\nOutstanding: 0\nZxid: 0x10\nMode: leader\nNode count: 7\nProposal sizes last/min/max: 48/48/256\n", "leader", "3.8.0", ""},
		"without a quorum": {"This ZooKeeper instance is not currently serving requests\n", "", "", "not currently serving"},
		"not allowed":      {"srvr is not executed because it is not in the whitelist.\n", "", "", "4lw.commands.whitelist"},
		"something else":   {"HTTP/1.1 400 Bad Request\r\n\r\n", "", "", "400 Bad Request"},
	} {
		s := parse(row.text)
		if s.Mode != row.mode || s.Version != row.version || !strings.Contains(s.Error, row.failure) || (s.Error == "") != (row.failure == "") {
			t.Errorf("%s: %+v", name, s)
		}
		if row.mode != "" && (s.Nodes != 7 || s.Connections != 4 || s.Latency.Max != 5 || s.Zxid != "0x10") {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestARealServerIsAsked(t *testing.T) {
	t.Parallel()
	zk := zktest.Start(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	servers := Ask(context.Background(), []string{zk.Addr(), nobody}, 20*time.Second)
	if s := servers[0]; s.Mode != "standalone" || !strings.HasPrefix(s.Version, "3.") || s.More["zk_znode_count"] == "" || s.Error != "" {
		t.Errorf("the server says %+v", s)
	}
	if servers[1].Error == "" || Of(servers) != Degraded || Of(servers[:1]) != Well || Of(servers[1:]) != NoQuorum {
		t.Errorf("servers are %+v", servers)
	}
}
