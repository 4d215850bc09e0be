package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/operatorapi"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// agents asks the leading master about its agents, and to drain them. It
// implements httpapi.Agents.
type agents struct {
	client *operatorapi.Client
	view   func() *view.View
}

func leadingMaster(v *view.View) (string, error) {
	if !v.Framework.Subscribed || v.Framework.Master.Address == "" {
		return "", httpapi.ErrNoMaster
	}
	return v.Framework.Master.Address, nil
}

// List implements httpapi.Agents.
func (a *agents) List(ctx context.Context) (list []operatorapi.Agent, err error) {
	err = a.ask(ctx, func(ctx context.Context, master string) error {
		list, err = a.client.Agents(ctx, master)
		return err
	})
	return list, err
}

// Drain implements httpapi.Agents.
func (a *agents) Drain(ctx context.Context, id mesos.AgentID, grace *time.Duration, gone bool) error {
	return a.ask(ctx, func(ctx context.Context, master string) error {
		return a.client.DrainAgent(ctx, master, id, grace, gone)
	})
}

// Undrain implements httpapi.Agents.
func (a *agents) Undrain(ctx context.Context, id mesos.AgentID) error {
	return a.ask(ctx, func(ctx context.Context, master string) error { return a.client.ReactivateAgent(ctx, master, id) })
}

// Gone implements httpapi.Agents.
func (a *agents) Gone(ctx context.Context, id mesos.AgentID) error {
	return a.ask(ctx, func(ctx context.Context, master string) error { return a.client.MarkAgentGone(ctx, master, id) })
}

func (a *agents) ask(ctx context.Context, do func(ctx context.Context, master string) error) error {
	master, err := leadingMaster(a.view())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, operatorCallTimeout)
	defer cancel()
	err = do(ctx, master)
	if errors.Is(err, operatorapi.ErrDenied) {
		return fmt.Errorf("%w; the framework's principal needs the permission for it", err)
	}
	return err
}
