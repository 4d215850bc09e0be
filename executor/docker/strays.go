package docker

import (
	"context"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
)

// removeOwn removes what an earlier run of this very executor left behind: it
// must be gone before the task is started, or there would be two of it.
func (r *Runtime) removeOwn(ctx context.Context) error {
	listed, err := r.engine.List(ctx, LabelExecutor+"="+string(r.cfg.ExecutorID))
	if err != nil {
		return err
	}
	for _, c := range listed {
		if c.Labels[LabelFramework] != string(r.cfg.FrameworkID) {
			continue
		}
		r.log.Info("stray container removed", logfield.Container(c.ID), logfield.Reason("it belongs to an earlier run of this executor"))
		if err := r.engine.Remove(ctx, c.ID); err != nil {
			return err
		}
	}
	return nil
}

// removeOrphans removes the containers of executors on this agent that are
// dead, whatever their framework: nobody else ever will. Errors are only logged,
// the next executor tries again.
func (r *Runtime) removeOrphans(ctx context.Context) {
	listed, err := r.engine.List(ctx, LabelOwner)
	if err != nil {
		if ctx.Err() != nil {
			return
		}
		r.log.Debug("strays not listed", zap.Error(err))
		return
	}
	for _, c := range listed {
		owner, ok := ParseOwner(c.Labels[LabelOwner])
		if !ok || !r.stray(owner, c) {
			continue
		}
		if err := r.engine.Remove(ctx, c.ID); err != nil {
			r.log.Warn("stray container not removed", logfield.Container(c.ID), zap.Error(err))
			continue
		}
		r.log.Info("stray container removed", logfield.Container(c.ID), logfield.Reason("its executor is dead"))
	}
}

// stray decides about one container: of this boot by its process, of an
// earlier boot of this agent if it does not run any more.
func (r *Runtime) stray(owner Owner, c Listed) bool {
	if owner.Boot == r.cfg.Owner.Boot {
		return owner.dead(r.cfg.Owner)
	}
	return !c.Running && c.Labels[LabelAgent] == string(r.cfg.AgentID)
}
