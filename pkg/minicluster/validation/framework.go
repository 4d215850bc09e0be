package validation

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/constraints"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// Has tells whether a framework has a capability.
func Has(info *mesos.FrameworkInfo, c mesos.FrameworkInfo_Capability_Type) bool {
	return slices.ContainsFunc(info.Capabilities, func(have mesos.FrameworkInfo_Capability) bool { return have.Type == c })
}

// Roles returns the roles a framework subscribes to.
func Roles(info *mesos.FrameworkInfo) []string {
	if Has(info, mesos.FrameworkInfo_Capability_MULTI_ROLE) {
		return info.Roles
	}
	if info.Role == nil {
		return []string{resources.Any}
	}
	return []string{*info.Role}
}

// Master are the settings of a master that limit what frameworks may be.
type Master struct {
	// Roles are the only ones that may be used beside "*"; empty: all.
	Roles []string
	// Root says whether frameworks may run as user root.
	Root bool
}

// InvalidFramework returns what is wrong with a FrameworkInfo, "" if nothing is.
func (m Master) InvalidFramework(info *mesos.FrameworkInfo) string {
	if text := invalidRoles(info); text != "" {
		return text
	}
	if info.ID != nil && info.ID.Value != "" {
		if text := invalidID(info.ID.Value); text != "" {
			return "Framework ID '" + info.ID.Value + "' is invalid: " + text
		}
	}
	if t := info.GetFailoverTimeout(); math.IsNaN(t) || math.Abs(t) > math.MaxInt64/1e9 {
		return fmt.Sprintf("The framework failover_timeout (%s) is invalid", strconv.FormatFloat(t, 'g', -1, 64))
	}
	if text := invalidOfferFilters(info); text != "" {
		return text
	}
	for _, role := range Roles(info) {
		if len(m.Roles) > 0 && role != resources.Any && !slices.Contains(m.Roles, role) {
			return fmt.Sprintf("Role '%s' is not present in the master's --roles", role)
		}
	}
	if info.User == "root" && !m.Root {
		return "User 'root' is not allowed to run frameworks without --root_submissions set"
	}
	return ""
}

func invalidRoles(info *mesos.FrameworkInfo) string {
	if !Has(info, mesos.FrameworkInfo_Capability_MULTI_ROLE) {
		if len(info.Roles) > 0 {
			return "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable"
		}
		if info.Role != nil {
			if err := resources.ValidateRole(*info.Role); err != nil {
				return "'FrameworkInfo.role' is not a valid role: " + err.Error()
			}
		}
		return ""
	}
	if info.Role != nil {
		return "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable"
	}
	if twice := duplicates(info.Roles); len(twice) > 0 {
		return "'FrameworkInfo.roles' contains duplicate items: " + Set(twice)
	}
	for _, role := range info.Roles {
		if err := resources.ValidateRole(role); err != nil {
			return "'FrameworkInfo.roles' contains invalid role: " + err.Error()
		}
	}
	return ""
}

// invalidID applies the rule for ids that frameworks choose, which become parts of paths.
func invalidID(id string) string {
	switch {
	case id == "":
		return "ID must not be empty"
	case len(id) > 255:
		return "ID must not be greater than 255 characters"
	case id == "." || id == "..":
		return fmt.Sprintf("'%s' is disallowed", id)
	}
	for _, r := range id {
		if r < 0x20 || r == 0x7f || r == '/' || r == '\\' {
			return fmt.Sprintf("'%s' contains invalid characters", id)
		}
	}
	return ""
}

func invalidOfferFilters(info *mesos.FrameworkInfo) string {
	for _, role := range slices.Sorted(maps.Keys(info.OfferFilters)) {
		filters := info.OfferFilters[role]
		for _, q := range filters.GetMinAllocatableResources().GetQuantities() {
			if len(q.Quantities) == 0 {
				return "Resource quantities must contain at least one quantity"
			}
			for _, name := range slices.Sorted(maps.Keys(q.Quantities)) {
				switch v := q.Quantities[name].Value; {
				case v < 0:
					return fmt.Sprintf("Invalid resource quantity for '%s': Negative values not supported", name)
				case math.IsNaN(v) || math.IsInf(v, 0):
					return fmt.Sprintf("Invalid resource quantity for '%s': Infinite values not supported", name)
				}
			}
		}
	}
	return ""
}

// OfferSettings checks what comes beside a FrameworkInfo and compiles the constraints; the text tells what is wrong.
func OfferSettings(info *mesos.FrameworkInfo, suppressed []string, oc *constraints.OfferConstraints) (*constraints.Filter, string) {
	roles := Roles(info)
	var foreign []string
	for _, role := range suppressed {
		if !slices.Contains(roles, role) {
			foreign = append(foreign, role)
		}
	}
	if len(foreign) > 0 {
		return nil, "Suppressed roles " + Set(foreign) + " are not contained in the set of roles"
	}
	for _, role := range oc.Roles() {
		if !slices.Contains(roles, role) {
			return nil, fmt.Sprintf("Offer constraints specify `role_constraints` for a role '%s'"+
				"not contained in the set of roles", role)
		}
	}
	filter, err := constraints.Compile(oc)
	if err != nil {
		return nil, "Offer constraints are not valid: " + err.Error()
	}
	return filter, ""
}

func duplicates(items []string) []string {
	var twice []string
	seen := make(map[string]bool, len(items))
	for _, item := range items {
		if seen[item] && !slices.Contains(twice, item) {
			twice = append(twice, item)
		}
		seen[item] = true
	}
	return twice
}

// Set prints names as Mesos prints sets.
func Set(items []string) string {
	if len(items) == 0 {
		return "{}"
	}
	sorted := slices.Sorted(slices.Values(items))
	return "{ " + strings.Join(sorted, ", ") + " }"
}
