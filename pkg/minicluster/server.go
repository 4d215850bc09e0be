package minicluster

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/election"
)

const headerTimeout = 30 * time.Second

// serve answers HTTP on p until ctx is done; then all connections are cut, as at the end of a process. While the
// gate is closed connections are still accepted, by the kernel as it were, and stand still.
func serve(ctx context.Context, p *port, gate *election.Gate, handler http.Handler, log *zap.Logger) error {
	l, err := p.listen(ctx)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ErrorLog: zap.NewStdLog(log),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(gatedListener{Listener: l, ctx: ctx, gate: gate}); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type gatedListener struct {
	net.Listener
	ctx  context.Context
	gate *election.Gate
}

// Accept implements net.Listener.
func (l gatedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.gate.Conn(l.ctx, conn), nil
}
