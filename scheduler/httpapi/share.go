package httpapi

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// shareRoutes are those of the tenants' queues and their quotas.
type shareRoutes struct {
	*desk
	// quotas are those that the scheduler was started with, by the queue's path.
	quotas map[string]fairshare.Quota
}

// listQueues tells what each tenant's queue has of the cluster.
func (s *shareRoutes) listQueues(w http.ResponseWriter, _ *http.Request) error {
	v := s.scheduler.View()
	sh := &v.Sharing
	out := api.Queues{
		Fairness: sh.Mode.String(), Total: amounts(sh.Total), Jain: jain(sh.Queues),
		Queues: make([]api.Share, len(sh.Queues)), Held: make([]api.HeldAgent, len(sh.Held)),
	}
	for i, q := range sh.Queues {
		out.Queues[i] = s.renderShare(sh, q)
	}
	for i, h := range sh.Held {
		out.Held[i] = api.HeldAgent{App: string(h.App), AgentID: string(h.Agent), Hostname: v.Hostname(h.Agent), Since: api.Time{Time: h.Since}}
	}
	return reply(w, http.StatusOK, out)
}

func (s *shareRoutes) showQueue(path string) action {
	return func(w http.ResponseWriter, _ *http.Request) error {
		sh := &s.scheduler.View().Sharing
		for _, q := range sh.Queues {
			if q.Queue == path {
				return reply(w, http.StatusOK, s.renderShare(sh, q))
			}
		}
		return &api.Error{Status: http.StatusNotFound, Message: fmt.Sprintf("Queue '%s' does not exist: nothing runs or waits in it, and it has no quota", path)}
	}
}

// setQuota changes what a queue may have, from now on and across restarts.
func (s *shareRoutes) setQuota(path string) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		data, err := s.body(r)
		if err != nil {
			return err
		}
		if _, err := fairshare.ParsePath(path); err != nil {
			return invalidQuota("/queue", err)
		}
		wanted, err := api.ReadQuota(data)
		if err != nil {
			return err
		}
		q, err := quotaOf(wanted)
		if err != nil {
			return err
		}
		return s.changeQuota(w, r, core.SetQuota{Queue: path, Quota: &q})
	}
}

func (s *shareRoutes) resetQuota(path string) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !s.scheduler.View().Sharing.Set[path] {
			return &api.Error{Status: http.StatusNotFound, Message: fmt.Sprintf("Queue '%s' has no quota that was set at run time", path)}
		}
		return s.changeQuota(w, r, core.SetQuota{Queue: path})
	}
}

// changeQuota carries out a change and answers with what the queue then has.
func (s *shareRoutes) changeQuota(w http.ResponseWriter, r *http.Request, c core.SetQuota) error {
	if _, err := s.do(r, c); err != nil {
		return err
	}
	sh := &s.scheduler.View().Sharing
	for _, q := range sh.Queues {
		if q.Queue == c.Queue {
			return reply(w, http.StatusOK, s.renderShare(sh, q))
		}
	}
	return reply(w, http.StatusOK, api.Share{Queue: c.Queue, Quota: api.Quota{Weight: 1}})
}

// quotaOf checks a quota and turns it into the scheduler's form.
func quotaOf(q api.Quota) (fairshare.Quota, error) {
	if q.Weight < 0 || q.Weight > fairshare.WeightMax {
		return fairshare.Quota{}, invalidQuota("/weight", fmt.Errorf("got %v, expected a number above 0 and up to %v", q.Weight, float64(fairshare.WeightMax)))
	}
	out := fairshare.Quota{Weight: q.Weight}
	var err error
	if out.Guarantee, err = vectorOf("/guarantee", q.Guarantee, 0); err != nil {
		return out, err
	}
	if out.Limit, err = vectorOf("/limit", q.Limit, fairshare.None); err != nil {
		return out, err
	}
	return out, nil
}

// vectorOf reads bounds; zero stands for an amount of 0.
func vectorOf(path string, b *api.Bounds, zero resource.Scalar) (v resource.Vector, err error) {
	if b == nil {
		return v, nil
	}
	for _, m := range []struct {
		name  string
		given *float64
		to    *resource.Scalar
	}{{"cpus", b.CPUs, &v.CPUs}, {"mem", b.Mem, &v.Mem}, {"disk", b.Disk, &v.Disk}, {"gpus", b.GPUs, &v.GPUs}} {
		switch {
		case m.given == nil:
		case *m.given < 0 || *m.given > fairshare.AmountMax:
			return v, invalidQuota(path+"/"+m.name, fmt.Errorf("got %v, expected a number from 0 to %v", *m.given, float64(fairshare.AmountMax)))
		default:
			if *m.to = resource.FromFloat(*m.given); *m.to == 0 {
				*m.to = zero
			}
		}
	}
	return v, nil
}

func invalidQuota(path string, err error) error {
	return &api.Error{Status: http.StatusUnprocessableEntity, Message: "Object is not valid", Details: []api.Detail{{Path: path, Errors: []string{err.Error()}}}}
}

// jain is the fairness index over the top-level queues in which something waits.
func jain(queues []fairshare.Share) float64 {
	var shares []float64
	for _, q := range queues {
		if q.Waiting > 0 && q.Queue != "/" && strings.Count(q.Queue, "/") == 1 {
			shares = append(shares, q.Weighted)
		}
	}
	return fairshare.Jain(shares)
}

func (s *shareRoutes) renderShare(sh *view.Sharing, q fairshare.Share) api.Share {
	out := api.Share{
		Queue: q.Queue, Used: amounts(q.Used), Instances: q.Instances, Waiting: q.Waiting, AppsLimited: q.Limited,
		Quota: api.Quota{Weight: q.Quota.Weight, Guarantee: bounds(q.Quota.Guarantee), Limit: bounds(q.Quota.Limit)},
	}
	if sh.Set[q.Queue] {
		out.QuotaFrom = "api"
	} else if _, ok := s.quotas[q.Queue]; ok {
		out.QuotaFrom = "flag"
	}
	if q.Resource != "" {
		out.Dominant = &api.Dominant{Resource: q.Resource, Share: q.Dominant, Weighted: q.Weighted}
	}
	return out
}

func amounts(v resource.Vector) api.Amounts {
	return api.Amounts{CPUs: v.CPUs.Float(), Mem: v.Mem.Float(), Disk: v.Disk.Float(), GPUs: v.GPUs.Float()}
}

// bounds renders a guarantee or limit, nil when there is none.
func bounds(v resource.Vector) *api.Bounds {
	if v.IsZero() {
		return nil
	}
	bound := func(n resource.Scalar) *float64 {
		if n == 0 {
			return nil
		}
		f := max(n, 0).Float()
		return &f
	}
	return &api.Bounds{CPUs: bound(v.CPUs), Mem: bound(v.Mem), Disk: bound(v.Disk), GPUs: bound(v.GPUs)}
}
