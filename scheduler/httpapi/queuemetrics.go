package httpapi

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

var (
	totalDesc      = desc("cluster_resources", "What queues' shares are parts of: the most that offers and tasks have shown; mem and disk in MiB.", "resource")
	jainDesc       = desc("queue_jain_index", "Jain's fairness index of the weighted dominant shares of the top-level queues in which something waits, 1 when all are equal.")
	heldAgentsDesc = desc("agents_held", "Agents held for apps whose instances are too large for what becomes free in small parts.")
	shareDesc      = desc("queue_dominant_share", "Largest part, from 0 to 1, that the queue has of any resource.", "queue")
	weightedDesc   = desc("queue_weighted_share", "Dominant share divided by the queue's weight: the lowest is served next.", "queue")
	weightDesc     = desc("queue_weight", "Weight of the queue among its siblings.", "queue")
	queueUsedDesc  = desc("queue_used", "Resources that the queue's tasks use; mem and disk in MiB.", "queue", "resource")
	guaranteeDesc  = desc("queue_guarantee", "What the queue is guaranteed; mem and disk in MiB. Absent without a guarantee.", "queue", "resource")
	limitDesc      = desc("queue_limit", "What the queue may use at most; mem and disk in MiB. Absent without a limit.", "queue", "resource")
	queueRunsDesc  = desc("queue_instances", "Tasks of the queue.", "queue")
	queueWaitsDesc = desc("queue_instances_waiting", "Instances that wait in the queue and do not back off.", "queue")
	limitedDesc    = desc("queue_apps_limited", "Waiting apps that the limit of this queue keeps out.", "queue")
)

// collectQueues sends what the queues have.
func collectQueues(sh *view.Sharing, gauge func(d *prometheus.Desc, v float64, labels ...string)) {
	each := func(v resource.Vector, send func(name string, n resource.Scalar)) {
		send("cpus", v.CPUs)
		send("mem", v.Mem)
		send("disk", v.Disk)
		send("gpus", v.GPUs)
	}
	gauge(jainDesc, jain(sh.Queues))
	gauge(heldAgentsDesc, float64(len(sh.Held)))
	each(sh.Total, func(name string, n resource.Scalar) { gauge(totalDesc, n.Float(), name) })
	for _, q := range sh.Queues {
		gauge(shareDesc, q.Dominant, q.Queue)
		gauge(weightedDesc, q.Weighted, q.Queue)
		gauge(weightDesc, q.Quota.Weight, q.Queue)
		gauge(queueRunsDesc, float64(q.Instances), q.Queue)
		gauge(queueWaitsDesc, float64(q.Waiting), q.Queue)
		gauge(limitedDesc, float64(q.Limited), q.Queue)
		each(q.Used, func(name string, n resource.Scalar) { gauge(queueUsedDesc, n.Float(), q.Queue, name) })
		each(q.Quota.Guarantee, func(name string, n resource.Scalar) {
			if n > 0 {
				gauge(guaranteeDesc, n.Float(), q.Queue, name)
			}
		})
		each(q.Quota.Limit, func(name string, n resource.Scalar) {
			if n != 0 {
				gauge(limitDesc, max(n, 0).Float(), q.Queue, name)
			}
		})
	}
}
