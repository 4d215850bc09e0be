package dns

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/logfield"
)

// Service is a Server that follows a scheduler and is reached on the network.
type Service struct {
	Server *Server
	// Client asks the scheduler; ID names this consumer to it.
	Client *api.Client
	ID     string
	// Address is the host:port for UDP and TCP, HTTPAddress that of Mesos-DNS' HTTP
	// interface, "" for none.
	Address, HTTPAddress string
	// Version is what the HTTP interface says that this is.
	Version string
	Log     *zap.Logger
	// Started is told where it listens; nil tells nobody.
	Started func(dns, http net.Addr)
}

// Run answers until ctx ends or an address cannot be listened on.
func (s *Service) Run(ctx context.Context) error {
	udp, tcp, err := Listen(ctx, s.Address)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	var web net.Addr
	if s.HTTPAddress != "" {
		l, err := net.Listen("tcp", s.HTTPAddress)
		if err != nil {
			return errors.Join(err, udp.Close(), tcp.Close())
		}
		web = l.Addr()
		g.Go(func() error { return s.serveHTTP(ctx, l) })
	}
	s.Log.Info("answering names", logfield.Address(tcp.Addr().String()))
	if s.Started != nil {
		s.Started(tcp.Addr(), web)
	}
	g.Go(func() error { return s.Server.Run(ctx, udp, tcp) })
	told := map[app.ID]app.ID{}
	f := api.Follower{
		Client: s.Client, ID: s.ID, Registration: endpoint.Registration{Kind: "dns", Acks: true}, Ack: true,
		Show: func(_ context.Context, set *endpoint.Set) error {
			s.warn(s.Server.Show(set.Services()), told)
			return nil
		},
		Failed: func(err error) {
			s.Log.Warn("the scheduler does not tell of endpoints; the last answers stay", zap.Error(err))
		},
	}
	g.Go(func() error { return f.Run(ctx) })
	return g.Wait()
}

// warn says, once, of which Apps a name is another one's.
func (s *Service) warn(z *Zone, told map[app.ID]app.ID) {
	for id, owner := range z.Collisions {
		if told[id] != owner {
			s.Log.Warn("two apps would have one name in DNS: the older keeps it, the newer has its dotted name only",
				logfield.App(id), zap.String("older", string(owner)))
		}
	}
	clear(told)
	maps.Copy(told, z.Collisions)
}

func (s *Service) serveHTTP(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: s.Server.Handler(s.Version), ReadHeaderTimeout: idleMax, IdleTimeout: idleMax}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		err := server.Shutdown(ending)
		<-done
		return err
	}
}
