package resources

import (
	"errors"
	"fmt"
	"math"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// Validate checks one resource in the post-refinement format by the rules of Mesos' resource model.
func Validate(r mesos.Resource) error {
	if r.Name == "" {
		return errors.New("Empty resource name")
	}
	if err := validateValue(&r); err != nil {
		return err
	}
	if err := validateDisk(&r); err != nil {
		return err
	}
	if err := validateReservations(&r); err != nil {
		return err
	}
	if r.Shared != nil && !Persistent(&r) {
		return errors.New("Only persistent volumes can be shared")
	}
	return nil
}

// ValidateAll checks resources one by one, see [Validate].
func ValidateAll(rs []mesos.Resource) error {
	for i := range rs {
		if err := Validate(rs[i]); err != nil {
			return fmt.Errorf("Resource '%s' is invalid: %w", List(rs[i:i+1]).String(), err)
		}
	}
	return nil
}

func validateValue(r *mesos.Resource) error {
	if r.Type == nil {
		return errors.New("Invalid resource type")
	}
	switch *r.Type {
	case mesos.SCALAR:
		return validateScalar(r)
	case mesos.RANGES:
		return validateRanges(r)
	case mesos.SET:
		if r.Set == nil || r.Scalar != nil || r.Ranges != nil {
			return errors.New("Invalid set resource")
		}
		items := slices.Clone(r.Set.Item)
		slices.Sort(items)
		if len(slices.Compact(items)) != len(r.Set.Item) {
			return errors.New("Invalid set resource: duplicated elements")
		}
		return nil
	case mesos.TEXT:
	}
	return errors.New("Unsupported resource type")
}

func validateScalar(r *mesos.Resource) error {
	if r.Scalar == nil || r.Ranges != nil || r.Set != nil {
		return errors.New("Invalid scalar resource")
	}
	v := r.Scalar.Value
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return errors.New("Invalid scalar resource: value is not finite")
	case v < 0:
		return errors.New("Invalid scalar resource: value < 0")
	case v > 0 && Milli(v) <= 0:
		return errors.New("Invalid scalar resource: value rounds to 0")
	case r.Name == "gpus" && v != math.Trunc(v):
		return errors.New("The 'gpus' resource must be an unsigned integer")
	}
	return nil
}

func validateRanges(r *mesos.Resource) error {
	if r.Ranges == nil || r.Scalar != nil || r.Set != nil {
		return errors.New("Invalid ranges resource")
	}
	for i, a := range r.Ranges.Range {
		if a.Begin > a.End {
			return errors.New("Invalid ranges resource: begin > end")
		}
		for _, b := range r.Ranges.Range[i+1:] {
			if a.Begin <= b.End && b.Begin <= a.End {
				return errors.New("Invalid ranges resource: overlapping ranges")
			}
		}
	}
	return nil
}

func validateDisk(r *mesos.Resource) error {
	if r.Disk != nil && r.Name != "disk" {
		return fmt.Errorf("DiskInfo should not be set for %s resource", r.Name)
	}
	return nil
}

func validateReservations(r *mesos.Resource) error {
	for i := range r.Reservations {
		info := &r.Reservations[i]
		switch {
		case info.Type == nil || *info.Type == mesos.Resource_ReservationInfo_UNKNOWN:
			return errors.New("Invalid reservation: type must be set")
		case info.Role == nil:
			return errors.New("Invalid reservation: role must be set")
		case info.GetRole() == Any:
			return errors.New("Invalid reservation: role \"*\" cannot be reserved")
		}
		if err := ValidateRole(info.GetRole()); err != nil {
			return fmt.Errorf("Invalid reservation: %w", err)
		}
		if i == 0 {
			continue
		}
		if info.GetType() == mesos.Resource_ReservationInfo_STATIC {
			return errors.New("A refined reservation cannot be STATIC")
		}
		if parent := r.Reservations[i-1].GetRole(); !IsSubrole(info.GetRole(), parent) {
			return fmt.Errorf("Role '%s' is not a refinement of '%s'", info.GetRole(), parent)
		}
	}
	return nil
}
