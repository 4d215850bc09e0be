package scheduler

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/boltstore"
)

// campaign decides when this scheduler leads.
type campaign interface {
	// run calls term with the open store whenever this scheduler leads, with a
	// context that ends with the leadership, until ctx ends or term fails for good.
	run(ctx context.Context, term func(ctx context.Context, st store.Store) error) error
	// Leader implements httpapi.Leadership.
	Leader() (self bool, address string)
}

// alone is the campaign of a scheduler whose state is a local directory: the
// file's lock keeps a second one away.
type alone struct {
	dir     string
	address string
	log     *zap.Logger
}

func (a *alone) Leader() (self bool, address string) { return true, a.address }

func (a *alone) run(ctx context.Context, term func(context.Context, store.Store) error) error {
	return again(ctx, a.log, func() error {
		st, err := boltstore.Open(ctx, a.dir, boltstore.Options{})
		if err != nil {
			return &permanentError{fmt.Errorf("--state-dir %s: %w", a.dir, err)}
		}
		defer st.Close()
		return term(ctx, st)
	})
}

func newCampaign(cfg Config, address string, log *zap.Logger) (campaign, error) {
	return &alone{dir: cfg.StateDir, address: address, log: log}, nil
}
