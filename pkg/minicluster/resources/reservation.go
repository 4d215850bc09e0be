package resources

import (
	"errors"
	"fmt"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// Any is the role of unreserved resources.
const Any = "*"

// Role returns the role a resource is reserved for: that of the innermost reservation, [Any] if there is none.
func Role(r *mesos.Resource) string {
	if n := len(r.Reservations); n > 0 {
		return r.Reservations[n-1].GetRole()
	}
	return Any
}

// Reserved tells whether a resource is reserved.
func Reserved(r *mesos.Resource) bool { return len(r.Reservations) > 0 }

// DynamicallyReserved tells whether the innermost reservation is dynamic.
func DynamicallyReserved(r *mesos.Resource) bool {
	n := len(r.Reservations)
	return n > 0 && r.Reservations[n-1].GetType() == mesos.Resource_ReservationInfo_DYNAMIC
}

// Persistent tells whether a resource is a persistent volume.
func Persistent(r *mesos.Resource) bool { return r.Disk != nil && r.Disk.Persistence != nil }

// ForRole tells whether a resource may be offered to a role: it is unreserved, or reserved for the role or one above.
func ForRole(r *mesos.Resource, role string) bool {
	owner := Role(r)
	return owner == Any || owner == role || IsSubrole(role, owner)
}

// AllocatedTo returns the role in allocation_info, "" if unset.
func AllocatedTo(r *mesos.Resource) string { return r.GetAllocationInfo().GetRole() }

// Push returns the list with a reservation put on top of each stack.
func (l List) Push(info mesos.Resource_ReservationInfo) List {
	return l.Map(func(r *mesos.Resource) {
		r.Reservations = append(slices.Clone(r.Reservations), info)
	})
}

// Pop returns the list with the innermost reservation of each resource removed.
func (l List) Pop() List {
	return l.Map(func(r *mesos.Resource) {
		if n := len(r.Reservations); n > 0 {
			r.Reservations = r.Reservations[: n-1 : n-1]
		}
		if len(r.Reservations) == 0 {
			r.Reservations = nil
		}
	})
}

// Upgrade brings one resource from either wire format to the post-refinement one. It fails if the formats are mixed.
func Upgrade(r mesos.Resource) (mesos.Resource, error) {
	if len(r.Reservations) > 0 {
		if r.Role != nil {
			return r, errors.New("'Resource.role' must not be set if 'Resource.reservations' is set")
		}
		if r.Reservation != nil {
			return r, errors.New("'Resource.reservation' must not be set if 'Resource.reservations' is set")
		}
		return r, nil
	}
	role := r.GetRole()
	if role == "" {
		role = Any
	}
	r.Role = nil
	if role == Any {
		if r.Reservation != nil {
			return r, fmt.Errorf("invalid reservation: role %q cannot be dynamically reserved", Any)
		}
		return r, nil
	}
	info := mesos.Resource_ReservationInfo{Role: &role, Type: mesos.Resource_ReservationInfo_STATIC.Enum()}
	if r.Reservation != nil {
		info.Type = mesos.Resource_ReservationInfo_DYNAMIC.Enum()
		info.Principal, info.Labels = r.Reservation.Principal, r.Reservation.Labels
		r.Reservation = nil
	}
	r.Reservations = []mesos.Resource_ReservationInfo{info}
	return r, nil
}

// UpgradeAll upgrades resources one by one; nothing is added up or dropped. The result is a new slice.
func UpgradeAll(rs []mesos.Resource) ([]mesos.Resource, error) {
	out := make([]mesos.Resource, len(rs))
	for i := range rs {
		var err error
		if out[i], err = Upgrade(rs[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// FromWire makes a list of resources in either wire format.
func FromWire(rs []mesos.Resource) (List, error) {
	up, err := UpgradeAll(rs)
	if err != nil {
		return nil, err
	}
	return Of(up...), nil
}

// PreRefinement returns the resources as frameworks without RESERVATION_REFINEMENT see them. Those with more than one
// reservation have no such form and are left out.
func (l List) PreRefinement() []mesos.Resource {
	out := make([]mesos.Resource, 0, len(l))
	for _, r := range l {
		if len(r.Reservations) > 1 {
			continue
		}
		out = append(out, old(r))
	}
	return out
}

// old moves a single reservation into the deprecated fields.
func old(r mesos.Resource) mesos.Resource {
	role := Role(&r)
	r.Role = &role
	if DynamicallyReserved(&r) {
		info := r.Reservations[0]
		r.Reservation = &mesos.Resource_ReservationInfo{Principal: info.Principal, Labels: info.Labels}
	}
	r.Reservations = nil
	return r
}

// Endpoint returns the resources as some operator endpoints print them: both formats are filled in as long as there is
// at most one reservation.
func (l List) Endpoint() []mesos.Resource {
	out := make([]mesos.Resource, 0, len(l))
	for _, r := range l {
		if len(r.Reservations) <= 1 {
			stack := r.Reservations
			r = old(r)
			r.Reservations = stack
		}
		out = append(out, r)
	}
	return out
}

// Dynamic returns a dynamic reservation for a role; the principal may be nil.
func Dynamic(role string, principal *string) mesos.Resource_ReservationInfo {
	return mesos.Resource_ReservationInfo{
		Type: mesos.Resource_ReservationInfo_DYNAMIC.Enum(), Role: &role, Principal: principal,
	}
}
