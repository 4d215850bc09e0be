package matching

import (
	"errors"
	"maps"
	"time"

	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
)

// ErrNoQuota says that no quota of a queue was set at run time.
var ErrNoQuota = errors.New("no quota was set")

// SetQuota changes what a queue may have; nil makes the configured quota valid
// again, and fails with ErrNoQuota if there is nothing to undo. Other errors say
// why the quotas cannot hold together; nothing has changed then.
func (m *Market) SetQuota(queue string, q *fairshare.Quota) error {
	if _, set := m.quotas[queue]; q == nil && !set {
		return ErrNoQuota
	}
	quotas := maps.Clone(m.quotas)
	if q != nil {
		quotas[queue] = *q
	} else {
		delete(quotas, queue)
	}
	all := maps.Clone(quotas)
	for path, q := range m.cfg.Fairness.Queues {
		if _, ok := all[path]; !ok {
			all[path] = q
		}
	}
	if err := fairshare.CheckQuotas(all); err != nil {
		return err
	}
	m.quotas = quotas
	m.fair.SetQuota(queue, all[queue])
	m.unlimit()
	return nil
}

// unlimit has those looked at again that a limit kept out.
func (m *Market) unlimit() {
	m.fair.Wake()
	m.shares++
	m.Again()
}

// Shared counts the changes of what Shares, Held and Total tell: as long as it
// stays the same, so do they.
func (m *Market) Shared() uint64 { return m.shares }

// Mode is how the queues share the cluster.
func (m *Market) Mode() fairshare.Mode { return m.fair.Mode() }

// Total is the part of the cluster that shares are of: the most that offers and
// tasks have shown.
func (m *Market) Total() resource.Vector { return m.fair.Total() }

// Shares lists the shares of the queues by path, the whole first.
func (m *Market) Shares() []fairshare.Share { return m.fair.Shares() }

// Quotas has the paths of the queues whose quota was set at run time.
func (m *Market) Quotas() map[string]bool {
	set := make(map[string]bool, len(m.quotas))
	for path := range m.quotas {
		set[path] = true
	}
	return set
}

// measureFor is how long after a subscription the master has shown all it has to offer.
const measureFor = time.Minute

// measure estimates how large the cluster is, as far as it is for this framework:
// the most that its agents ever offered, and at least what its tasks use. After
// a (new) subscription, when most may be in use, all that is not is offered
// together and comes on top of that.
func (m *Market) measure() {
	if m.now.Before(m.measureUntil) {
		m.seen = m.seen.Max(m.fair.Used().Add(m.cluster.Free()))
	}
	m.fair.SetTotal(m.cluster.Peak().Max(m.fair.Used()).Max(m.seen))
}
