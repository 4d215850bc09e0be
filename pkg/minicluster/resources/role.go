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
		return errors.New("Empty role name is invalid")
	case strings.HasPrefix(role, "/"):
		return fmt.Errorf("Role '%s' cannot start with a slash", role)
	case strings.HasSuffix(role, "/"):
		return fmt.Errorf("Role '%s' cannot end with a slash", role)
	case strings.Contains(role, "//"):
		return fmt.Errorf("Role '%s' cannot contain two adjacent slashes", role)
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
		return fmt.Errorf("Role component '%s' is invalid", c)
	case c == Any:
		return fmt.Errorf("Role component '%s' is invalid", c)
	case strings.HasPrefix(c, "-"):
		return fmt.Errorf("Role component '%s' is invalid because it starts with a dash", c)
	case strings.ContainsAny(c, "\x09\x0a\x0b\x0c\x0d\x20\x08"):
		return fmt.Errorf("Role component '%s' is invalid because it contains backspace or whitespace", c)
	}
	return nil
}
