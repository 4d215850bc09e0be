package httptransport_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
	"github.com/gantry-mesos/gantry/test/certtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// secure starts a server that demands client certificates of a and tells whose it got.
func secure(t *testing.T, a *certtest.Authority) *httptest.Server {
	t.Helper()
	certFile, keyFile := a.Issue(t, "master")
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %s", r.Proto, r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	server.Config.ErrorLog = nil
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: a.Pool(), ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	}
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// get makes a request through a transport of cfg.
func get(t *testing.T, cfg httptransport.Config, url string) (string, error) {
	t.Helper()
	transport, err := httptransport.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	text := httptransport.ReadText(resp.Body)
	return text, resp.Body.Close()
}

func TestTransport_proves_itself_and_checks_the_server_over_TLS(t *testing.T) {
	t.Parallel()
	a, stranger := certtest.New(t), certtest.New(t)
	server := secure(t, a)
	certFile, keyFile := a.Issue(t, "gantry")
	good := httptransport.Config{CAFile: a.File, CertFile: certFile, KeyFile: keyFile}
	got, err := get(t, good, server.URL)
	if got != "HTTP/1.1 gantry" || err != nil {
		t.Errorf("answer = %q, %v", got, err)
	}
	named := good
	named.ServerName = "master"
	if _, err := get(t, named, server.URL); err != nil {
		t.Errorf("by the name of the certificate: %v", err)
	}
	bad := map[string]httptransport.Config{
		"unknown authority":     {CAFile: stranger.File, CertFile: certFile, KeyFile: keyFile},
		"no client certificate": {CAFile: a.File},
		"another name":          {CAFile: a.File, CertFile: certFile, KeyFile: keyFile, ServerName: "elsewhere"},
	}
	for name, cfg := range bad {
		if got, err := get(t, cfg, server.URL); err == nil {
			t.Errorf("%s: answer = %q, want an error", name, got)
		}
	}
}

func TestValidate_names_what_is_wrong_with_the_files(t *testing.T) {
	t.Parallel()
	a := certtest.New(t)
	certFile, keyFile := a.Issue(t, "gantry")
	tests := []struct {
		name string
		cfg  httptransport.Config
		want string // "" for no error
	}{
		{"nothing", httptransport.Config{}, ""},
		{"all", httptransport.Config{CAFile: a.File, CertFile: certFile, KeyFile: keyFile}, ""},
		{"authorities are missing", httptransport.Config{CAFile: "/nowhere/ca.pem"}, "/nowhere/ca.pem"},
		{"authorities are none", httptransport.Config{CAFile: keyFile}, "no PEM certificate"},
		{"key is missing", httptransport.Config{CertFile: certFile}, "has no key"},
		{"certificate is missing", httptransport.Config{KeyFile: keyFile}, "has no certificate"},
		{"key is none", httptransport.Config{CertFile: certFile, KeyFile: certFile}, "read client certificate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.cfg.Validate()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Validate = %v, want %q in it", err, tt.want)
			}
			if _, made := httptransport.New(tt.cfg); (made == nil) != (err == nil) {
				t.Errorf("New = %v, Validate = %v", made, err)
			}
		})
	}
}

// The test is not parallel: it changes the environment.
func TestTransport_ignores_proxies_of_the_environment(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	transport, err := httptransport.New(httptransport.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if transport.Proxy != nil {
		t.Error("transport asks the environment for a proxy")
	}
}

func TestTransport_gives_up_dialling_with_the_context(t *testing.T) {
	t.Parallel()
	transport, err := httptransport.New(httptransport.Config{UnixSocket: filepath.Join(t.TempDir(), "none.sock")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := transport.DialContext(ctx, "tcp", "10.255.255.1:5050"); err == nil {
		t.Error("dialled with an ended context")
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		in     httptransport.Credentials
		header string
		text   string
	}{
		{"nobody", httptransport.Credentials{}, "", "no credentials"},
		{"principal", httptransport.Credentials{Principal: "alice", Secret: "pw"}, "Basic YWxpY2U6cHc=", "principal alice"},
		{"token", httptransport.Credentials{Token: "jwt"}, "Bearer jwt", "bearer token"},
		{"token wins", httptransport.Credentials{Principal: "alice", Secret: "pw", Token: "jwt"}, "Bearer jwt", "bearer token"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := httptest.NewRequest(http.MethodPost, "/", nil)
			tt.in.Apply(req)
			if got := req.Header.Get("Authorization"); got != tt.header {
				t.Errorf("header = %q, want %q", got, tt.header)
			}
			for _, format := range []string{"%v", "%+v", "%s", "%#v"} {
				if got := fmt.Sprintf(format, tt.in); got != tt.text {
					t.Errorf("%s = %q, want %q", format, got, tt.text)
				}
			}
		})
	}
}

func TestReadText(t *testing.T) {
	t.Parallel()
	if got := httptransport.ReadText(strings.NewReader("  not found\n")); got != "not found" {
		t.Errorf("text = %q", got)
	}
	long := strings.NewReader(strings.Repeat("x", 40<<10))
	if got := httptransport.ReadText(long); len(got) != 16<<10 || long.Len() != 0 {
		t.Errorf("%d characters kept, %d unread", len(got), long.Len())
	}
	broken := iotest.ErrReader(errors.New("reset"))
	if got := httptransport.ReadText(broken); got != "answer broke off: reset" {
		t.Errorf("text = %q", got)
	}
	if got := httptransport.ReadText(io.MultiReader(strings.NewReader("part"), broken)); got != "part" {
		t.Errorf("text = %q", got)
	}
}
