// Package httptransport makes the HTTP transports for calls to Mesos: one
// place that decides on proxies, timeouts, connections, TLS and credentials.
package httptransport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// Defaults of a Config whose fields are zero.
const (
	// DefaultDialTimeout bounds the set-up of a TCP connection, TLS excluded.
	DefaultDialTimeout = 5 * time.Second
	// DefaultHeaderTimeout bounds the wait for the head of an answer. A master
	// that is busy with a failover may take many seconds.
	DefaultHeaderTimeout = 30 * time.Second
	// DefaultIdleTimeout closes connections that are not used.
	DefaultIdleTimeout = 60 * time.Second
	// DefaultConnsPerHost is how many idle connections to one host are kept.
	DefaultConnsPerHost = 16

	keepAlive = 15 * time.Second
)

// Config describes a transport. The zero value speaks plain HTTP, and HTTPS
// with the certificate authorities of the system.
type Config struct {
	// CAFile holds the PEM certificates of the authorities to trust instead of the system's; "" means those.
	CAFile string
	// CertFile and KeyFile hold the client's certificate and key in PEM; both or none.
	CertFile, KeyFile string
	// ServerName overrides the name that the server's certificate must have; "" means the host called.
	ServerName string
	// UnixSocket is the path of a socket that all connections go to; "" means TCP.
	UnixSocket string

	DialTimeout   time.Duration // 0 means DefaultDialTimeout
	HeaderTimeout time.Duration // 0 means DefaultHeaderTimeout
	IdleTimeout   time.Duration // 0 means DefaultIdleTimeout
	ConnsPerHost  int           // idle connections kept to one host; 0 means DefaultConnsPerHost
}

// Validate reports all fields that contradict each other or name unreadable files.
func (c Config) Validate() error {
	_, err := c.tlsConfig()
	return err
}

// New makes a transport. It ignores proxies from the environment, because an
// event stream must not be captured by one, asks for no compression and speaks
// HTTP/1.1 only, as Mesos does. It fails when a certificate can't be read.
func New(c Config) (*http.Transport, error) {
	tlsConfig, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: or(c.DialTimeout, DefaultDialTimeout), KeepAlive: keepAlive}
	dial := dialer.DialContext
	if c.UnixSocket != "" {
		dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", c.UnixSocket)
		}
	}
	return &http.Transport{
		DialContext:           dial,
		TLSClientConfig:       tlsConfig,
		TLSHandshakeTimeout:   or(c.DialTimeout, DefaultDialTimeout),
		TLSNextProto:          map[string]func(string, *tls.Conn) http.RoundTripper{},
		ResponseHeaderTimeout: or(c.HeaderTimeout, DefaultHeaderTimeout),
		IdleConnTimeout:       or(c.IdleTimeout, DefaultIdleTimeout),
		MaxIdleConnsPerHost:   or(c.ConnsPerHost, DefaultConnsPerHost),
		DisableCompression:    true,
	}, nil
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func (c Config) tlsConfig() (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	var errs []error
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			errs = append(errs, fmt.Errorf("read certificate authorities: %w", err))
		}
		out.RootCAs = x509.NewCertPool()
		if err == nil && !out.RootCAs.AppendCertsFromPEM(pem) {
			errs = append(errs, fmt.Errorf("read certificate authorities %s: no PEM certificate in it", c.CAFile))
		}
	}
	switch {
	case c.CertFile != "" && c.KeyFile != "":
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			errs = append(errs, fmt.Errorf("read client certificate %s and key %s: %w", c.CertFile, c.KeyFile, err))
		}
		out.Certificates = []tls.Certificate{pair}
	case c.CertFile != "":
		errs = append(errs, fmt.Errorf("client certificate %s has no key: name its file, too", c.CertFile))
	case c.KeyFile != "":
		errs = append(errs, fmt.Errorf("client key %s has no certificate: name its file, too", c.KeyFile))
	}
	return out, errors.Join(errs...)
}
