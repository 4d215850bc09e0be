package resources

import (
	"errors"
	"fmt"
	"strings"
)

// ValidateRole checks the name of a role (Mesos, roles). "*" is valid.
func ValidateRole(role string) error {
	switch {
	case role == Any:
		return nil
	case role == "":
		return errors.New("Empty role name is invalid") //nolint:staticcheck // Mesos' wording
	case strings.HasPrefix(role, "/"):
		return fmt.Errorf("Role '%s' cannot start with a slash", role) //nolint:staticcheck // Mesos' wording
	case strings.HasSuffix(role, "/"):
		return fmt.Errorf("Role '%s' cannot end with a slash", role) //nolint:staticcheck // Mesos' wording
	case strings.Contains(role, "//"):
		return fmt.Errorf("Role '%s' cannot contain two adjacent slashes", role) //nolint:staticcheck // Mesos' wording
	}
	for component := range strings.SplitSeq(role, "/") {
		if err := validateComponent(component); err != nil {
			return err
		}
	}
	return nil
}

func validateComponent(c string) error {
	switch {
	case c == "." || c == "..":
		return fmt.Errorf("Role component '%s' is invalid", c) //nolint:staticcheck // Mesos' wording
	case c == Any:
		return fmt.Errorf("Role component '%s' is invalid", c) //nolint:staticcheck // Mesos' wording
	case strings.HasPrefix(c, "-"):
		return fmt.Errorf("Role component '%s' is invalid because it starts with a dash", c) //nolint:staticcheck // Mesos' wording
	case strings.ContainsAny(c, "\x09\x0a\x0b\x0c\x0d\x20\x08"):
		return fmt.Errorf("Role component '%s' is invalid because it contains backspace or whitespace", c) //nolint:staticcheck // Mesos' wording
	}
	return nil
}
