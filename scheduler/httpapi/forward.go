package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/logfield"
)

// via names this server in the header that shows loops among schedulers.
const viaHeader = "X-Marathon-Via"

// ForwardDialMax bounds how long a standby tries to connect with the leader.
const ForwardDialMax = 5 * time.Second

type leaderKey struct{}

// newForwarder returns what a standby answers with: the leader's answer.
func newForwarder(s *Server) http.Handler {
	via := "1.1 " + s.cfg.Address
	transport := s.transportToLeader()
	proxy := &httputil.ReverseProxy{
		Transport:     transport,
		FlushInterval: -1,
		ErrorLog:      zap.NewStdLog(s.cfg.Log),
		Rewrite: func(p *httputil.ProxyRequest) {
			leader, _ := p.In.Context().Value(leaderKey{}).(string)
			p.Out.URL.Scheme, p.Out.URL.Host = s.leaderScheme(), leader
			p.Out.Host = ""
			// This server has checked whose page it was; to the leader it is another's.
			p.Out.Header.Del("Origin")
			p.Out.Header.Del("Sec-Fetch-Site")
			p.Out.Header["X-Forwarded-For"] = p.In.Header["X-Forwarded-For"]
			p.SetXForwarded()
			p.Out.Header.Add(viaHeader, via)
		},
		ModifyResponse: func(resp *http.Response) error {
			resp.Header.Add(viaHeader, via)
			for name := range resp.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					resp.Header.Del(name) // this server has set its own
				}
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			leader, _ := r.Context().Value(leaderKey{}).(string)
			s.cfg.Log.Warn("request not forwarded to the leader", logfield.Address(leader), zap.Error(err))
			s.fail(w, r, &api.Error{Status: http.StatusBadGateway, Message: "the leading scheduler at " + leader + " does not answer; try again"})
		},
	}
	// What lasts has connections of its own: it would take up those of all others.
	lasting := *proxy
	lasting.Transport = transport.Clone()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(r.Header.Values(viaHeader), via) {
			s.fail(w, r, &api.Error{Status: http.StatusBadGateway, Message: "the schedulers forward this request in a circle: each takes another for the leader; try again"})
			return
		}
		leader, err := s.awaitLeader(r.Context())
		switch {
		case errors.Is(err, errLeading):
			s.dispatch(w, r)
		case err != nil:
			s.fail(w, r, &api.Error{Status: http.StatusBadGateway, Message: "no scheduler leads at the moment; try again"})
		case streams(split(r.URL.Path)) && !flag(r, "forward", false):
			http.Redirect(w, r, s.leaderScheme()+"://"+leader+r.URL.RequestURI(), http.StatusFound)
		default:
			for _, name := range []string{"Cache-Control", "Pragma", "Expires", "X-Frame-Options", "X-Xss-Protection", "X-Content-Type-Options"} {
				w.Header().Del(name)
			}
			through := proxy
			if lasts(split(r.URL.Path)) {
				through = &lasting
				// The client sends nothing more, so that the limit for that does not count.
				_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a connection that has none has no limit either
			}
			through.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), leaderKey{}, leader)))
		}
	})
}

// transportToLeader is how a standby reaches the leader.
func (s *Server) transportToLeader() *http.Transport {
	dialer := &net.Dialer{Timeout: ForwardDialMax}
	return &http.Transport{
		DialContext:           dialer.DialContext,
		DialTLSContext:        s.dialLeader(dialer),
		ResponseHeaderTimeout: s.cfg.Timeout,
		MaxConnsPerHost:       64,
		IdleConnTimeout:       time.Minute,
		DisableCompression:    true,
	}
}

// leaderScheme is what the leader is reached by.
func (s *Server) leaderScheme() string {
	if s.cfg.LeaderScheme == nil {
		return s.scheme()
	}
	return s.cfg.LeaderScheme()
}

// dialLeader connects to a leader over TLS.
func (s *Server) dialLeader(d *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		cfg := &tls.Config{MinVersion: tls.VersionTLS12}
		if s.cfg.LeaderTLS != nil {
			var err error
			if cfg, err = s.cfg.LeaderTLS(); err != nil {
				return nil, err
			}
		}
		return (&tls.Dialer{NetDialer: d, Config: cfg}).DialContext(ctx, network, address)
	}
}

var (
	errLeading  = errors.New("this scheduler leads")
	errNoLeader = errors.New("no leader")
)

// awaitLeader waits a bounded time for another scheduler to lead.
func (s *Server) awaitLeader(ctx context.Context) (string, error) {
	deadline := time.NewTimer(s.cfg.LeaderWait)
	defer deadline.Stop()
	retry := time.NewTicker(max(s.cfg.LeaderWait/10, time.Millisecond))
	defer retry.Stop()
	for {
		self, leader := s.cfg.Leadership.Leader()
		switch {
		case self:
			return "", errLeading
		case leader != "" && leader != s.cfg.Address:
			return leader, nil
		}
		select {
		case <-retry.C:
		case <-deadline.C:
			return "", errNoLeader
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}
