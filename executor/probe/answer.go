package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// answer is what came back of a probe.
type answer struct {
	// status is the HTTP status or the exit code.
	status int
	// text is the status line, or the beginning of the command's output.
	text              string
	contentType, body string
}

func (a answer) informational() bool { return a.status >= 100 && a.status < 200 }

// judge says why an answer is a failure of a health check, nil if it is none.
func (a answer) judge(kind taskinfo.CheckKind) error {
	switch {
	case kind == taskinfo.CheckTCP:
		return nil
	case kind != taskinfo.CheckCommand && (a.status < 200 || a.status >= 400):
		return fmt.Errorf("status %s", a.text)
	case kind != taskinfo.CheckCommand || a.status == 0:
		return nil
	case a.text == "":
		return fmt.Errorf("exit code %d", a.status)
	default:
		return fmt.Errorf("exit code %d: %s", a.status, a.text)
	}
}

// dial tries the addresses in turn.
func (p *Prober) dial(ctx context.Context, c taskinfo.Check) (net.Conn, error) {
	hosts := p.hosts(c)
	if len(hosts) == 0 {
		return nil, errors.New("the task has no address in its network yet")
	}
	var first error
	for _, host := range hosts {
		conn, err := p.target.Dial(ctx, "tcp", net.JoinHostPort(host, strconv.FormatUint(uint64(c.Port), 10)))
		if err == nil {
			return conn, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

func (p *Prober) hosts(c taskinfo.Check) []string {
	switch {
	case c.InTask && c.IPv6:
		return p.target.Task6
	case c.InTask:
		return p.target.Task
	case c.IPv6:
		return p.target.Agent6
	default:
		return p.target.Agent
	}
}

func (p *Prober) tcp(ctx context.Context, c taskinfo.Check) error {
	conn, err := p.dial(ctx, c)
	if err != nil {
		return err
	}
	return conn.Close()
}

// http asks with GET; redirects are not followed, certificates not verified. An
// informational answer counts only if no other one follows it.
func (p *Prober) http(ctx context.Context, scheme string, c taskinfo.Check, body bool) (answer, error) {
	transport := &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return p.dial(ctx, c) },
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // health, not trust ("Marathon, health checks")
		DisableKeepAlives: true,
	}
	defer transport.CloseIdleConnections()
	host := "127.0.0.1"
	if hosts := p.hosts(c); len(hosts) > 0 {
		host = hosts[0]
	}
	path, query, _ := strings.Cut(c.Path, "?")
	u := url.URL{Scheme: scheme, Host: net.JoinHostPort(host, strconv.FormatUint(uint64(c.Port), 10)), Path: path, RawQuery: query}
	var before answer
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
		before = answer{status: code, text: strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))}
		return nil
	}})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return answer{}, fmt.Errorf("path %q: %w", c.Path, err)
	}
	req.Header.Set("User-Agent", "gantry-executor")
	res, err := transport.RoundTrip(req)
	switch {
	case err != nil && before.status != 0 && ctx.Err() == nil:
		return before, nil
	case err != nil:
		return answer{}, err
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, text: res.Status, contentType: res.Header.Get("Content-Type")}
	if body && !a.informational() {
		read, _ := io.ReadAll(io.LimitReader(res.Body, checkup.BodyMax)) // the status says it all
		a.body = string(read)
	}
	return a, nil
}

func (p *Prober) command(ctx context.Context, c taskinfo.Check) (answer, error) {
	if p.target.Exec == nil {
		return answer{}, errors.New("no way to run a command in the task")
	}
	argv := c.Arguments
	if len(argv) == 0 {
		argv = []string{"/bin/sh", "-c", c.Command}
	}
	code, output, err := p.target.Exec.Exec(ctx, argv)
	return answer{status: code, text: output}, err
}
