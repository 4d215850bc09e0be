package operator

import (
	"maps"
	"math"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/allocator"
	"github.com/mesos/mesos-go/api/v1/lib/maintenance"
	masterpb "github.com/mesos/mesos-go/api/v1/lib/master"
	"github.com/mesos/mesos-go/api/v1/lib/quota"

	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// roleInfo is what reads tell of a role.
type roleInfo struct {
	name       string
	weight     float64
	frameworks []string
	allocated  resources.List // without allocation_info
	offered    resources.List
	reserved   resources.List
	quota      *quota.QuotaConfig
}

// rolesOf lists the roles that have frameworks, a weight, a quota, reservations or allocations.
func (v viewer) rolesOf(s *master.State) []*roleInfo {
	roles := map[string]*roleInfo{}
	get := func(name string) *roleInfo {
		if roles[name] == nil {
			roles[name] = &roleInfo{name: name, weight: 1}
		}
		return roles[name]
	}
	for _, f := range sorted(s.Frameworks) {
		if !v.seesFramework(f) {
			continue
		}
		for _, name := range frameworkRoles(f.Info) {
			r := get(name)
			r.frameworks = append(r.frameworks, f.ID)
		}
	}
	for name, w := range s.Weights {
		get(name).weight = w
	}
	for name, q := range s.Quotas {
		get(name).quota = &q
	}
	for _, a := range sorted(s.Agents) {
		for _, r := range a.Allocated() {
			role := get(resources.AllocatedTo(&r))
			role.allocated = role.allocated.Plus(resources.List{r}.Unallocated())
		}
		for _, r := range a.Offered() {
			role := get(resources.AllocatedTo(&r))
			role.offered = role.offered.Plus(resources.List{r}.Unallocated())
		}
		for _, r := range a.Total {
			if resources.Reserved(&r) {
				role := get(resources.Role(&r))
				role.reserved = role.reserved.Plus(resources.List{r})
			}
		}
	}
	out := make([]*roleInfo, 0, len(roles))
	for _, r := range sorted(roles) {
		if v.may(master.ActionViewRoles, r.name) {
			out = append(out, r)
		}
	}
	return out
}

// frameworkRoles are the roles a framework subscribes to, whichever way it says so.
func frameworkRoles(info mesos.FrameworkInfo) []string {
	if multiRole(info) {
		return info.Roles
	}
	if info.Role != nil {
		return []string{*info.Role}
	}
	return []string{resources.Any}
}

func multiRole(info mesos.FrameworkInfo) bool {
	return slices.ContainsFunc(info.Capabilities, func(c mesos.FrameworkInfo_Capability) bool {
		return c.Type == mesos.FrameworkInfo_Capability_MULTI_ROLE
	})
}

// quantities are scalar resources by name, reservations and the rest forgotten, in the order of names.
func quantities(lists ...resources.List) []mesos.Resource {
	sums := map[string]int64{}
	for _, l := range lists {
		l.Quantities(sums, 1)
	}
	var out []mesos.Resource
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		if sums[name] > 0 {
			out = append(out, scalar(name, resources.FromMilli(sums[name])))
		}
	}
	return out
}

func scalar(name string, value float64) mesos.Resource {
	return mesos.Resource{Name: name, Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: value}}
}

func (v viewer) roles(s *master.State) *masterpb.Response_GetRoles {
	out := &masterpb.Response_GetRoles{}
	for _, r := range v.rolesOf(s) {
		m := mesos.Role{Name: r.name, Weight: r.weight, Resources: quantities(r.allocated, r.offered)}
		for _, id := range r.frameworks {
			m.Frameworks = append(m.Frameworks, mesos.FrameworkID{Value: id})
		}
		out.Roles = append(out.Roles, m)
	}
	return out
}

func weights(s *master.State) *masterpb.Response_GetWeights {
	out := &masterpb.Response_GetWeights{}
	for _, role := range slices.Sorted(maps.Keys(s.Weights)) {
		out.WeightInfos = append(out.WeightInfos, mesos.WeightInfo{Role: &role, Weight: s.Weights[role]})
	}
	return out
}

func quotas(s *master.State) *masterpb.Response_GetQuota {
	out := &masterpb.Response_GetQuota{}
	for _, role := range slices.Sorted(maps.Keys(s.Quotas)) {
		q := s.Quotas[role]
		info := quota.QuotaInfo{Role: &role}
		for _, name := range slices.Sorted(maps.Keys(q.Guarantees)) {
			g := q.Guarantees[name]
			info.Guarantee = append(info.Guarantee, scalar(name, g.Value))
		}
		out.Status.Infos = append(out.Status.Infos, info)
		out.Status.Configs = append(out.Status.Configs, q)
	}
	return out
}

func masterOf(s *master.State) *masterpb.Response_GetMaster {
	info := s.Info
	started, elected := seconds(s.Started), seconds(s.Elected)
	return &masterpb.Response_GetMaster{MasterInfo: &info, StartTime: &started, ElectedTime: &elected}
}

func machineID(m master.Machine) mesos.MachineID {
	var id mesos.MachineID
	if m.Hostname != "" {
		id.Hostname = &m.Hostname
	}
	if m.IP != "" {
		id.IP = &m.IP
	}
	return id
}

func maintenanceStatus(s *master.State) *maintenance.ClusterStatus {
	out := &maintenance.ClusterStatus{}
	machines := slices.SortedFunc(maps.Keys(s.Machines), func(a, b master.Machine) int {
		return slices.Compare([]string{a.Hostname, a.IP}, []string{b.Hostname, b.IP})
	})
	for _, id := range machines {
		m := s.Machines[id]
		switch m.Mode {
		case mesos.DRAINING:
			out.DrainingMachines = append(out.DrainingMachines, drainingMachine(id, m))
		case mesos.DOWN:
			out.DownMachines = append(out.DownMachines, machineID(id))
		case mesos.UP:
		}
	}
	return out
}

func drainingMachine(id master.Machine, m *master.MachineState) maintenance.ClusterStatus_DrainingMachine {
	d := maintenance.ClusterStatus_DrainingMachine{ID: machineID(id)}
	for _, st := range sorted(m.Statuses) {
		answer := allocator.InverseOfferStatus_DECLINE
		if st.Accepted {
			answer = allocator.InverseOfferStatus_ACCEPT
		}
		d.Statuses = append(d.Statuses, allocator.InverseOfferStatus{
			Status: &answer, FrameworkID: mesos.FrameworkID{Value: st.FrameworkID}, Timestamp: mesos.TimeInfo{Nanoseconds: st.Time.UnixNano()},
		})
	}
	return d
}

// share is part of a whole, 0 of nothing.
func share(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return math.Min(1, part/whole)
}
