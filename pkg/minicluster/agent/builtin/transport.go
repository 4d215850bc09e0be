package builtin

import (
	"crypto/tls"
	"net/http"
)

// insecureTransport is for health checks over HTTPS, which do not verify certificates, as Mesos' do not.
func insecureTransport() *http.Transport {
	return &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // documented
		DisableKeepAlives: true,
	}
}
