package scheduler

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"
)

// certificateLookEvery is how often the files of the certificate are looked at, at most.
const certificateLookEvery = time.Second

// certificate is what the API is served with over TLS, read again when its files have
// changed. New connections get the newest one, those that are open keep theirs.
type certificate struct {
	certFile, keyFile, caFile string
	log                       *zap.Logger

	mu     sync.Mutex
	looked time.Time
	// seen are the files of the last attempt to read them.
	seen [2]os.FileInfo
	// trouble is what was said last of files that cannot be read.
	trouble string
	current *tls.Certificate
}

// openCertificate reads a certificate with its chain, and its key, both in PEM; nil
// without files. caFile, if not "", has the authorities of other schedulers.
func openCertificate(certFile, keyFile, caFile string, log *zap.Logger) (*certificate, error) {
	if certFile == "" {
		return nil, nil
	}
	c := &certificate{certFile: certFile, keyFile: keyFile, caFile: caFile, log: log, looked: time.Now()}
	seen, err := c.stat()
	if err == nil {
		err = c.read(seen)
	}
	if err != nil {
		return nil, fmt.Errorf("--tls-cert-file %s, --tls-key-file %s: %w", certFile, keyFile, err)
	}
	if _, err := c.trusted(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *certificate) stat() (seen [2]os.FileInfo, err error) {
	for n, file := range []string{c.certFile, c.keyFile} {
		if seen[n], err = os.Stat(file); err != nil {
			return seen, err
		}
	}
	return seen, nil
}

func (c *certificate) read(seen [2]os.FileInfo) error {
	c.seen = seen
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	if time.Now().After(pair.Leaf.NotAfter) {
		c.log.Warn("the certificate has expired: clients will refuse it", zap.String("file", c.certFile), zap.Time("not_after", pair.Leaf.NotAfter))
	}
	c.current = &pair
	return nil
}

// newest returns the certificate, after a look at its files. One that cannot be read,
// such as one half of a pair that is just being replaced, leaves the last one in use.
func (c *certificate) newest(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) >= certificateLookEvery {
		c.looked = now
		seen, err := c.stat()
		switch {
		case err == nil && sameFiles(seen, c.seen):
			return c.current, nil
		case err == nil:
			err = c.read(seen)
		}
		c.report(err)
	}
	return c.current, nil
}

// report tells of an attempt to read the files again, of one that failed once.
func (c *certificate) report(err error) {
	if err == nil {
		c.trouble = ""
		c.log.Info("certificate read again", zap.String("file", c.certFile), zap.Time("not_after", c.current.Leaf.NotAfter))
	} else if c.trouble != err.Error() {
		c.trouble = err.Error()
		c.log.Warn("the certificate cannot be read, the one before stays in use", zap.Error(err))
	}
}

func sameFiles(a, b [2]os.FileInfo) bool {
	for n := range a {
		if b[n] == nil || !os.SameFile(a[n], b[n]) || a[n].Size() != b[n].Size() || !a[n].ModTime().Equal(b[n].ModTime()) {
			return false
		}
	}
	return true
}

// server is how the API is served.
func (c *certificate) server() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: c.newest}
}

// client is how a standby calls the leader. It trusts who the system trusts, the
// authorities of the CA file, and the certificate that it serves with itself, which
// schedulers may share. It reads the files anew, so a copy made for each connection
// knows what has been replaced.
func (c *certificate) client() (*tls.Config, error) {
	pool, err := c.trusted()
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, RootCAs: pool}, nil
}

func (c *certificate) trusted() (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a machine without any
	}
	for flag, file := range map[string]string{"--tls-cert-file": c.certFile, "--tls-ca-file": c.caFile} {
		if file == "" {
			continue
		}
		data, err := os.ReadFile(file)
		if err == nil && !pool.AppendCertsFromPEM(data) {
			err = errors.New("holds no certificate in PEM")
		}
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", flag, file, err)
		}
	}
	return pool, nil
}
