package scheduler

import (
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/gantry-mesos/gantry/test/certtest"
)

// served is a server with a certificate, and what is said of it.
type served struct {
	*certificate
	ca      *certtest.Authority
	address string
	log     *observer.ObservedLogs
}

func serveCertificate(t *testing.T) *served {
	t.Helper()
	core, log := observer.New(zapcore.InfoLevel)
	s := &served{ca: certtest.New(t), log: log}
	certFile, keyFile := s.ca.Issue(t, "gantry")
	var err error
	if s.certificate, err = openCertificate(certFile, keyFile, s.ca.File, zap.New(core)); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	srv := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: zap.NewStdLog(zap.NewNop())}
	go func() { _ = srv.Serve(tls.NewListener(l, s.server())) }()
	t.Cleanup(func() { _ = srv.Close() })
	return s
}

// seesSerial returns the number of the certificate that a new connection is shown.
func (s *served) seesSerial(t *testing.T) string {
	t.Helper()
	s.mu.Lock()
	s.looked = time.Time{} // as if the last look were long ago
	s.mu.Unlock()
	conn, err := tls.Dial("tcp", s.address, &tls.Config{RootCAs: s.ca.Pool(), MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

func TestACertificateThatIsReplacedIsServed(t *testing.T) {
	t.Parallel()
	s := serveCertificate(t)
	first := s.seesSerial(t)
	if again := s.seesSerial(t); again != first || s.log.Len() != 0 {
		t.Errorf("got %s after %s, and %v, want the same and no word", again, first, s.log.All())
	}
	s.ca.Issue(t, "gantry")
	second := s.seesSerial(t)
	if second == first || s.log.FilterMessage("certificate read again").Len() != 1 {
		t.Errorf("got %s after %s, and %v, want another one and a line about it", second, first, s.log.All())
	}
	for _, row := range []struct {
		name  string
		spoil func() error
	}{
		{"no certificate", func() error { return os.WriteFile(s.certFile, []byte("none"), 0o600) }},
		{"no key", func() error { return os.Remove(s.keyFile) }},
	} {
		if err := row.spoil(); err != nil {
			t.Fatal(err)
		}
		was := s.log.FilterMessageSnippet("cannot be read").Len()
		for range 3 {
			if got := s.seesSerial(t); got != second {
				t.Errorf("%s: got %s, want %s still", row.name, got, second)
			}
		}
		if got := s.log.FilterMessageSnippet("cannot be read").Len() - was; got != 1 {
			t.Errorf("%s: got %d warnings, want one", row.name, got)
		}
	}
	s.ca.Issue(t, "gantry")
	if third := s.seesSerial(t); third == second {
		t.Errorf("got %s still, want another one", third)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	s := serveCertificate(t)
	conn, err := tls.Dial("tcp", s.address, &tls.Config{RootCAs: s.ca.Pool(), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}) //nolint:gosec // that is what must fail
	if err == nil {
		_ = conn.Close()
		t.Error("TLS 1.1 is spoken, want 1.2 at least")
	}
}

func TestAStandbyTrustsTheAuthorityAndItsOwnCertificate(t *testing.T) {
	t.Parallel()
	s := serveCertificate(t)
	for name, caFile := range map[string]string{"the authority": s.ca.File, "its own certificate": ""} {
		c, err := openCertificate(s.certFile, s.keyFile, caFile, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := c.client()
		if err != nil {
			t.Fatal(err)
		}
		conn, err := tls.Dial("tcp", s.address, cfg)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_ = conn.Close()
	}
	stranger := serveCertificate(t)
	cfg, err := s.client()
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := tls.Dial("tcp", stranger.address, cfg); err == nil {
		_ = conn.Close()
		t.Error("a stranger's certificate is trusted")
	}
}

func TestFilesThatAreNoCertificateAreNamed(t *testing.T) {
	t.Parallel()
	ca := certtest.New(t)
	certFile, keyFile := ca.Issue(t, "a")
	_, other := ca.Issue(t, "b")
	for _, row := range []struct{ cert, key, ca, want string }{
		{certFile + ".none", keyFile, "", "--tls-cert-file"},
		{keyFile, keyFile, "", "--tls-cert-file"},
		{certFile, other, "", "private key does not match"},
		{certFile, keyFile, keyFile, "--tls-ca-file"},
		{certFile, keyFile, "/no/such/file", "--tls-ca-file /no/such/file"},
	} {
		if _, err := openCertificate(row.cert, row.key, row.ca, zap.NewNop()); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%+v: got %v, want %q", row, err, row.want)
		}
	}
	if c, err := openCertificate("", "", "", zap.NewNop()); c != nil || err != nil {
		t.Errorf("got %v, %v without files, want neither", c, err)
	}
}
