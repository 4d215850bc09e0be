package wire

import (
	mesosgo "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// anyRole is the role of resources that are reserved for nobody.
const anyRole = "*"

// ToResources converts resources to messages in the reservation refinement format.
func ToResources(rs []mesos.Resource) []mesosgo.Resource {
	if len(rs) == 0 {
		return nil
	}
	out := make([]mesosgo.Resource, len(rs))
	for i := range rs {
		toResource(&rs[i], &out[i])
	}
	return out
}

// FromResources is the inverse of ToResources; it reads the older reservation
// format (role and reservation instead of the stack), too.
func FromResources(rs []mesosgo.Resource) []mesos.Resource {
	if len(rs) == 0 {
		return nil
	}
	out := make([]mesos.Resource, len(rs))
	for i := range rs {
		fromResource(&rs[i], &out[i])
	}
	return out
}

func toResource(r *mesos.Resource, out *mesosgo.Resource) {
	out.Name = r.Name
	out.Type = toValueType(r.Type).Enum()
	switch r.Type {
	case mesos.Scalar:
		out.Scalar = &mesosgo.Value_Scalar{Value: toScalar(r.Scalar)}
	case mesos.RangeSet:
		out.Ranges = toRanges(r.Ranges)
	case mesos.Set:
		out.Set = &mesosgo.Value_Set{Item: copyStrings(r.Set)}
	case mesos.Text:
	}
	if r.AllocationRole != "" {
		out.AllocationInfo = &mesosgo.Resource_AllocationInfo{Role: optional(r.AllocationRole)}
	}
	out.Reservations = convert(r.Reservations, toReservation)
	out.Disk = toDisk(r.Disk)
	if r.Revocable {
		out.Revocable = &mesosgo.Resource_RevocableInfo{}
	}
	if r.Shared {
		out.Shared = &mesosgo.Resource_SharedInfo{}
	}
	if r.ProviderID != "" {
		out.ProviderID = &mesosgo.ResourceProviderID{Value: r.ProviderID}
	}
}

func fromResource(r *mesosgo.Resource, out *mesos.Resource) {
	out.Name = r.Name
	out.Type = fromValueType(r.GetType())
	if r.Scalar != nil {
		out.Scalar = fromScalar(r.Scalar.Value)
	}
	out.Ranges = fromRanges(r.Ranges)
	if r.Set != nil {
		out.Set = copyStrings(r.Set.Item)
	}
	if r.AllocationInfo != nil {
		out.AllocationRole = r.AllocationInfo.GetRole()
	}
	out.Reservations = fromReservations(r)
	out.Disk = fromDisk(r.Disk)
	out.Revocable = r.Revocable != nil
	out.Shared = r.Shared != nil
	if r.ProviderID != nil {
		out.ProviderID = r.ProviderID.Value
	}
}

func toReservation(r mesos.Reservation) mesosgo.Resource_ReservationInfo {
	kind := mesosgo.Resource_ReservationInfo_STATIC
	if r.Dynamic {
		kind = mesosgo.Resource_ReservationInfo_DYNAMIC
	}
	return mesosgo.Resource_ReservationInfo{
		Type:      &kind,
		Role:      optional(r.Role),
		Principal: optional(r.Principal),
		Labels:    toLabels(r.Labels),
	}
}

func fromReservation(r mesosgo.Resource_ReservationInfo) mesos.Reservation {
	return mesos.Reservation{
		Dynamic:   r.GetType() == mesosgo.Resource_ReservationInfo_DYNAMIC,
		Role:      r.GetRole(),
		Principal: r.GetPrincipal(),
		Labels:    fromLabels(r.Labels),
	}
}

// fromReservations reads the stack, or makes one of the older format: a role
// alone is a static reservation, a role with a reservation a dynamic one.
func fromReservations(r *mesosgo.Resource) []mesos.Reservation {
	if len(r.Reservations) > 0 {
		return convert(r.Reservations, fromReservation)
	}
	role := value(r.Role)
	if role == "" || role == anyRole {
		return nil
	}
	one := mesos.Reservation{Role: role}
	if r.Reservation != nil {
		one.Dynamic = true
		one.Principal = r.Reservation.GetPrincipal()
		one.Labels = fromLabels(r.Reservation.Labels)
	}
	return []mesos.Reservation{one}
}

func toDisk(d *mesos.DiskInfo) *mesosgo.Resource_DiskInfo {
	if d == nil {
		return nil
	}
	out := &mesosgo.Resource_DiskInfo{Source: toDiskSource(d.Source)}
	if d.PersistenceID != "" {
		out.Persistence = &mesosgo.Resource_DiskInfo_Persistence{
			ID:        d.PersistenceID,
			Principal: optional(d.PersistencePrincipal),
		}
	}
	if d.ContainerPath != "" {
		out.Volume = &mesosgo.Volume{ContainerPath: d.ContainerPath, Mode: volumeMode(d.ReadOnly)}
	}
	return out
}

func fromDisk(d *mesosgo.Resource_DiskInfo) *mesos.DiskInfo {
	if d == nil {
		return nil
	}
	out := &mesos.DiskInfo{Source: fromDiskSource(d.Source)}
	if d.Persistence != nil {
		out.PersistenceID = d.Persistence.ID
		out.PersistencePrincipal = d.Persistence.GetPrincipal()
	}
	if d.Volume != nil {
		out.ContainerPath = d.Volume.ContainerPath
		out.ReadOnly = d.Volume.GetMode() == mesosgo.RO
	}
	return out
}

func toDiskSource(s *mesos.DiskSource) *mesosgo.Resource_DiskInfo_Source {
	if s == nil {
		return nil
	}
	out := &mesosgo.Resource_DiskInfo_Source{
		ID:       optional(s.ID),
		Profile:  optional(s.Profile),
		Vendor:   optional(s.Vendor),
		Metadata: toLabels(s.Metadata),
	}
	switch s.Type {
	case mesos.DiskPath:
		out.Type = mesosgo.Resource_DiskInfo_Source_PATH
		if s.Root != "" {
			out.Path = &mesosgo.Resource_DiskInfo_Source_Path{Root: optional(s.Root)}
		}
	case mesos.DiskMount:
		out.Type = mesosgo.Resource_DiskInfo_Source_MOUNT
		if s.Root != "" {
			out.Mount = &mesosgo.Resource_DiskInfo_Source_Mount{Root: optional(s.Root)}
		}
	case mesos.DiskBlock:
		out.Type = mesosgo.Resource_DiskInfo_Source_BLOCK
	case mesos.DiskRaw:
		out.Type = mesosgo.Resource_DiskInfo_Source_RAW
	}
	return out
}

func fromDiskSource(s *mesosgo.Resource_DiskInfo_Source) *mesos.DiskSource {
	if s == nil {
		return nil
	}
	out := &mesos.DiskSource{
		ID:       s.GetID(),
		Profile:  s.GetProfile(),
		Vendor:   s.GetVendor(),
		Metadata: fromLabels(s.Metadata),
	}
	switch s.Type {
	case mesosgo.Resource_DiskInfo_Source_PATH:
		out.Type = mesos.DiskPath
	case mesosgo.Resource_DiskInfo_Source_MOUNT:
		out.Type = mesos.DiskMount
	case mesosgo.Resource_DiskInfo_Source_BLOCK:
		out.Type = mesos.DiskBlock
	case mesosgo.Resource_DiskInfo_Source_RAW:
		out.Type = mesos.DiskRaw
	case mesosgo.Resource_DiskInfo_Source_UNKNOWN:
	}
	if s.Path != nil {
		out.Root = s.Path.GetRoot()
	}
	if s.Mount != nil {
		out.Root = s.Mount.GetRoot()
	}
	return out
}

func toValueType(t mesos.ValueType) mesosgo.Value_Type {
	switch t {
	case mesos.RangeSet:
		return mesosgo.RANGES
	case mesos.Set:
		return mesosgo.SET
	case mesos.Text:
		return mesosgo.TEXT
	case mesos.Scalar:
		return mesosgo.SCALAR
	default:
		return mesosgo.SCALAR
	}
}

func fromValueType(t mesosgo.Value_Type) mesos.ValueType {
	switch t {
	case mesosgo.SCALAR:
		return mesos.Scalar
	case mesosgo.RANGES:
		return mesos.RangeSet
	case mesosgo.SET:
		return mesos.Set
	case mesosgo.TEXT:
		return mesos.Text
	default:
		return 0
	}
}

func toRanges(rs resource.Ranges) *mesosgo.Value_Ranges {
	return &mesosgo.Value_Ranges{Range: convert(rs, func(r resource.Range) mesosgo.Value_Range {
		return mesosgo.Value_Range{Begin: r.Begin, End: r.End}
	})}
}

// fromRanges keeps sorted, disjoint ranges as they are and normalises others;
// ranges that end before they begin are dropped.
func fromRanges(rs *mesosgo.Value_Ranges) resource.Ranges {
	if rs == nil || len(rs.Range) == 0 {
		return nil
	}
	out := make(resource.Ranges, 0, len(rs.Range))
	for _, r := range rs.Range {
		if r.Begin <= r.End {
			out = append(out, resource.Range{Begin: r.Begin, End: r.End})
		}
	}
	return normal(out)
}

// normal returns rs sorted and coalesced, as they are if they are that already.
func normal(rs resource.Ranges) resource.Ranges {
	for i := 1; i < len(rs); i++ {
		if rs[i].Begin <= rs[i-1].End || rs[i].Begin == rs[i-1].End+1 {
			return resource.NewRanges(rs...)
		}
	}
	return rs
}

func volumeMode(readOnly bool) *mesosgo.Volume_Mode {
	if readOnly {
		return mesosgo.RO.Enum()
	}
	return mesosgo.RW.Enum()
}
