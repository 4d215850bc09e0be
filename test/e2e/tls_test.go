package e2e

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/test/certtest"
	"github.com/gantry-mesos/gantry/test/zktest"
)

// secureClient trusts one authority, opens a connection for each request and follows no redirect.
func secureClient(ca *certtest.Authority) *http.Client {
	return &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool(), MinVersion: tls.VersionTLS12}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// serverTLS serves with a certificate of its own.
func serverTLS(t *testing.T, ca *certtest.Authority) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(ca.Issue(t, "master"))
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
}

// answer is what came back of a request.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask makes one request.
func ask(t *testing.T, client *http.Client, method, url, body string) (answer, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(data)}, err
}

// cli runs the command line and returns its exit code and all that it says.
func cli(t *testing.T, env []string, args ...string) (int, string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "gantry"), args...)
	cmd.Env = append(cmd.Environ(), env...)
	out, _ := cmd.CombinedOutput() // the caller looks at the exit code
	return cmd.ProcessState.ExitCode(), string(out)
}

// secured starts a scheduler with a certificate and waits until it answers.
func secured(t *testing.T, client *http.Client, master, zk, certFile, keyFile string, more ...string) (string, *program) {
	t.Helper()
	address := freeAddress(t)
	args := append([]string{
		"scheduler", "--master", master, "--zk", zk, "--http-address", address, "--hostname", "localhost", "--log-level", "info",
		"--tls-cert-file", certFile, "--tls-key-file", keyFile, "--executor-path", filepath.Join(bin, "gantry-executor"),
	}, more...)
	p := start(t, []string{"GANTRY_HTTP_CREDENTIALS=ops:s3cret:x"}, "gantry", args...)
	base := "https://ops:s3cret%3Ax@" + address
	eventually(t, time.Minute, func() error {
		got, err := ask(t, client, http.MethodGet, base+"/v2/info", "")
		if err == nil && (got.status != http.StatusOK || strings.Contains(got.body, `"frameworkId":null`)) {
			err = fmt.Errorf("%d %s", got.status, got.body)
		}
		return err
	})
	return base, p
}

func TestSchedulersSpeakTLSToAllAndAmongEachOther(t *testing.T) {
	t.Parallel()
	ca := certtest.New(t)
	client := secureClient(ca)
	certFile, keyFile := ca.Issue(t, "gantry")
	zk := "zk://" + zktest.Start(t).Addr() + "/gantry"
	c := cluster(t, nil)
	first, _ := secured(t, client, c.MasterURL(), zk, certFile, keyFile)
	second, standby := secured(t, client, c.MasterURL(), zk, certFile, keyFile, "--tls-ca-file", ca.File, "--read-only")
	third, _ := secured(t, client, c.MasterURL(), zk, certFile, keyFile)

	at, err := url.Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	leader := "https://localhost:" + at.Port()
	if got, err := ask(t, client, http.MethodPost, third+"/v2/apps", shell("/web", "exec sleep 1000", 1, "")); err != nil || got.status != http.StatusCreated {
		t.Fatalf("a change through a standby: %v %+v", err, got)
	}
	got, err := ask(t, client, http.MethodGet, second+"/v2/apps/web", "")
	if err != nil || got.status != http.StatusOK || got.header.Get("X-Marathon-Leader") != leader {
		t.Errorf("a read through a standby: %v %+v, want the answer of %s", err, got, leader)
	}
	if got, err := ask(t, client, http.MethodGet, third+"/v2/events", ""); err != nil || got.header.Get("Location") != leader+"/v2/events" {
		t.Errorf("events of a standby: %v %+v, want a redirect to %s", err, got, leader)
	}
	got, err = ask(t, client, http.MethodPut, second+"/v2/apps/web", `{"instances": 2}`)
	if err != nil || got.status != http.StatusForbidden || !strings.Contains(got.body, "read-only: send it to the leader, "+leader) {
		t.Errorf("a change through a standby for readers: %v %+v, want 403 that names %s", err, got, leader)
	}
	if strings.Contains(standby.out.String(), "s3cret") {
		t.Error("the password is in the log")
	}
	testTheCommandLineOverTLS(t, ca, third)

	was := serial(t, ca, at.Host)
	ca.Issue(t, "gantry")
	eventually(t, time.Minute, func() error {
		if serial(t, ca, at.Host) == was {
			return errors.New("the certificate that was replaced is still in use")
		}
		return nil
	})
	if got, err := ask(t, client, http.MethodGet, third+"/v2/apps/web", ""); err != nil || got.status != http.StatusOK {
		t.Errorf("a read through a standby after the change: %v %+v", err, got)
	}
}

func serial(t *testing.T, ca *certtest.Authority, address string) string {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: ca.Pool(), MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

func testTheCommandLineOverTLS(t *testing.T, ca *certtest.Authority, base string) {
	t.Helper()
	at, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		env  []string
		args []string
		code int
		says string
	}{
		{nil, []string{"--url", base, "--ca-file", ca.File, "app", "scale", "/web", "2", "--force", "--wait"}, 0, "2"},
		{[]string{"GANTRY_URL=" + base, "GANTRY_CA_FILE=" + ca.File}, []string{"app", "list"}, 0, "/web"},
		{nil, []string{"--url", base, "app", "list"}, 1, "name the certificate's authority with --ca-file"},
		{nil, []string{"--url", base, "--ca-file", "/no/such/file", "app", "list"}, 2, "--ca-file /no/such/file: no such file"},
		{nil, []string{"--url", "https://" + at.Host, "--ca-file", ca.File, "app", "list"}, 1, "user:password@host"},
		{nil, []string{"--url", "http://" + at.Host, "app", "list"}, 1, "HTTPS"},
	} {
		if code, out := cli(t, row.env, row.args...); code != row.code || !strings.Contains(out, row.says) {
			t.Errorf("gantry %s: got %d, want %d and %q:\n%s", strings.Join(row.args, " "), code, row.code, row.says, out)
		}
	}
}

func TestRequestsBeyondTheLimitsAreToldSo(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	a, _ := scheduling(t, address, "--master", cluster(t, nil).MasterURL(), "--state-dir", t.TempDir(),
		"--http-body-max", "2000", "--http-max-concurrent-requests", "1", "--http-max-event-streams", "1")
	if status, body, _ := a.try(http.MethodPost, "/v2/apps", shell("/web", strings.Repeat("x", 2000), 1, "")); status != http.StatusRequestEntityTooLarge || !strings.Contains(string(body), "--http-body-max") {
		t.Errorf("a large body: got %d %s, want 413 that names the flag", status, body)
	}
	stream := hold(t, address, "GET /v2/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
	if line, err := bufio.NewReader(stream).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Fatalf("a stream: got %q, %v", line, err)
	}
	refused(t, a.url+"/v2/events", "--http-max-event-streams")
	if status, body, _ := a.try(http.MethodGet, "/v2/apps", ""); status != http.StatusOK {
		t.Errorf("a request beside a stream: got %d %s", status, body)
	}
	upload := hold(t, address, "POST /v2/apps HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	refused(t, a.url+"/v2/apps", "--http-max-concurrent-requests")
	if status, body, _ := a.try(http.MethodGet, "/ping", ""); status != http.StatusOK {
		t.Errorf("/ping at the limit: got %d %s", status, body)
	}
	_, _ = upload.Close(), stream.Close() // they are of no use any more
	eventually(t, time.Minute, func() error {
		if status, body, err := a.try(http.MethodGet, "/v2/apps", ""); status != http.StatusOK {
			return fmt.Errorf("after the others have ended: %d %w %s", status, err, body)
		}
		return nil
	})
}

// hold sends the beginning of a request, and no end.
func hold(t *testing.T, address, head string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	return conn
}

// refused waits until requests are told to come again later.
func refused(t *testing.T, url, flag string) {
	t.Helper()
	eventually(t, time.Minute, func() error {
		got, err := ask(t, &http.Client{Timeout: 10 * time.Second}, http.MethodGet, url, "")
		if err != nil || got.status != http.StatusTooManyRequests {
			return fmt.Errorf("%w, want 429 beside one that lasts", errors.Join(err, errors.New("let in")))
		}
		if got.header.Get("Retry-After") != "1" || !strings.Contains(got.body, flag) {
			t.Errorf("got Retry-After %q and %s, want 1 and the flag %s", got.header.Get("Retry-After"), got.body, flag)
		}
		return nil
	})
}
