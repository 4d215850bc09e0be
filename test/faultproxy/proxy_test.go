package faultproxy_test

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/test/faultproxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo runs a server that sends every line back, prefixed.
func echo(t *testing.T, prefix string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					_, _ = io.WriteString(conn, prefix+lines.Text()+"\n")
				}
			}()
		}
	}()
	return l.Addr().String()
}

type client struct {
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, p *faultproxy.Proxy) client {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return client{conn, bufio.NewReader(conn)}
}

// ask sends a line and returns the answer, "" when the connection broke.
func (c client) ask(line string) string {
	if _, err := io.WriteString(c, line+"\n"); err != nil {
		return ""
	}
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	answer, err := c.r.ReadString('\n')
	if err != nil {
		return ""
	}
	return answer[:len(answer)-1]
}

// wantRefused checks that a new connection breaks, while it is made or at its
// first use.
func wantRefused(t *testing.T, p *faultproxy.Proxy) {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	want(t, client{conn, bufio.NewReader(conn)}.ask("x"), "")
}

func want(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("answer %q, want %q", got, want)
	}
}

func TestCutBreaksOldConnectionsOnly(t *testing.T) {
	t.Parallel()
	p := faultproxy.Start(t, echo(t, "a:"))
	old := dial(t, p)
	want(t, old.ask("1"), "a:1")
	p.Retarget(echo(t, "b:"))
	want(t, old.ask("2"), "a:2")
	p.Cut()
	want(t, old.ask("3"), "")
	want(t, dial(t, p).ask("4"), "b:4")
}

func TestRefuseLastsUntilHeal(t *testing.T) {
	t.Parallel()
	p := faultproxy.Start(t, echo(t, ""))
	old := dial(t, p)
	want(t, old.ask("1"), "1")
	p.Refuse()
	want(t, old.ask("2"), "")
	wantRefused(t, p)
	p.Heal()
	want(t, dial(t, p).ask("4"), "4")
}

func TestStalledBytesArriveAfterHeal(t *testing.T) {
	t.Parallel()
	p := faultproxy.Start(t, echo(t, ""))
	c := dial(t, p)
	want(t, c.ask("1"), "1")
	p.Stall()
	if _, err := io.WriteString(c, "2\n"); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if b, err := c.r.ReadByte(); err == nil {
		t.Errorf("byte %q passed a stalled proxy", b)
	}
	p.Heal()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	if line, err := c.r.ReadString('\n'); err != nil || line != "2\n" {
		t.Errorf("after Heal came %q, %v, want what was held up", line, err)
	}
}

func TestDroppedRepliesBreakTheConnection(t *testing.T) {
	t.Parallel()
	p := faultproxy.Start(t, echo(t, ""))
	c := dial(t, p)
	want(t, c.ask("1"), "1")
	p.DropReplies()
	if _, err := io.WriteString(c, "2\n"); err != nil {
		t.Fatal(err)
	}
	p.AwaitDropped()
	p.Heal()
	want(t, c.ask("3"), "")
	want(t, dial(t, p).ask("4"), "4")
}

func TestCutAfterCountsRequests(t *testing.T) {
	t.Parallel()
	p := faultproxy.Start(t, echo(t, ""))
	c := dial(t, p)
	p.CutAfter(4)
	want(t, c.ask("1"), "1")
	want(t, c.ask("2"), "2")
	want(t, c.ask("3"), "")
	wantRefused(t, p)
}
