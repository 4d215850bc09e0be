package app

import (
	"fmt"
	"regexp"
	"strings"
)

// ID is an App's or group's absolute path, such as "/prod/web"; "/" is the root
// group ("Marathon, ids").
type ID string

var segment = regexp.MustCompile(`^(([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])$`)

// ParseID reads an App's path. A leading slash is added, double and trailing
// slashes are squashed. The error names the segment and the rule.
func ParseID(path string) (ID, error) {
	id := Canonical(path)
	if id == "/" {
		return "", fmt.Errorf("id %q names the root group; an app needs a name such as /web", path)
	}
	if len(id)-1 > idLengthMax {
		return "", fmt.Errorf("id %q is %d characters long; task ids made of it name directories on the agents, which take up to %d: keep it to %d", path, len(id)-1, nameMax, idLengthMax)
	}
	if err := id.valid(); err != nil {
		return "", err
	}
	switch last := id[strings.LastIndexByte(string(id), '/')+1:]; last {
	case "restart", "tasks", "versions":
		return "", fmt.Errorf("id %q: the last segment may not be %q, which is part of the API's paths", path, last)
	}
	return id, nil
}

// What is added to an App's id in the names of directories on an agent: an instance's
// id has ".instance-" and a UUID behind it, a task's also "._app." and the number of
// its run, its executor's "gantry-" before that, a volume's "#" and its path.
const (
	instanceSuffix = len(".instance-") + 36
	taskSuffix     = instanceSuffix + len("._app.999999")
	// idLengthMax leaves room for all that Gantry makes of an id, but volumes.
	idLengthMax = nameMax - len("gantry-") - taskSuffix
)

// volumePathMax is how long the path of a persistent volume of an App may be.
func volumePathMax(id ID) int { return nameMax - len(id.Underscored()) - instanceSuffix - len("#") }

// valid checks the segments of an App's or group's id.
func (id ID) valid() error {
	for s := range strings.SplitSeq(strings.TrimPrefix(string(id), "/"), "/") {
		if id != "/" && !segment.MatchString(s) {
			return fmt.Errorf("id %q: segment %q may only hold lower-case letters, digits, dashes and dots, and begins and ends with a letter or digit", string(id), s)
		}
	}
	return nil
}

// CheckGroup returns an error if id cannot be that of a group, or of something
// that a group depends on. "/" is the root group's.
func CheckGroup(id ID) error {
	if len(id) > idLengthMax {
		return fmt.Errorf("id %q is %d characters long, keep it to %d", string(id), len(id), idLengthMax)
	}
	return id.valid()
}

// Resolve reads a reference as seen from the group id: an absolute path stands for
// itself, "db", "./db" and "../db" are relative to it. It does not validate.
func (id ID) Resolve(ref string) ID {
	at := []string{}
	if !strings.HasPrefix(ref, "/") {
		at = strings.Split(string(id), "/")
	}
	for part := range strings.SplitSeq(ref, "/") {
		switch part {
		case "", ".":
		case "..":
			at = at[:max(len(at)-1, 0)]
		default:
			at = append(at, part)
		}
	}
	return Canonical(strings.Join(at, "/"))
}

// Canonical returns path with one leading slash, without double or trailing slashes.
func Canonical(path string) ID {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	return ID("/" + strings.Join(parts, "/"))
}

// Parent returns the group that holds the id; the root's parent is the root.
func (id ID) Parent() ID {
	i := strings.LastIndexByte(string(id), '/')
	if i <= 0 {
		return "/"
	}
	return id[:i]
}

// Within reports whether id lies below group, at any depth.
func (id ID) Within(group ID) bool {
	return group == "/" || strings.HasPrefix(string(id), string(group)+"/")
}

// Underscored returns the form used inside task ids: "/prod/web" is "prod_web".
// No segment holds an underscore, so it can be read back.
func (id ID) Underscored() string {
	return strings.ReplaceAll(strings.TrimPrefix(string(id), "/"), "/", "_")
}

// FromUnderscored is the inverse of Underscored.
func FromUnderscored(s string) ID {
	return ID("/" + strings.ReplaceAll(s, "_", "/"))
}

// Reversed returns the segments in reverse, joined by dots, as Mesos' task name
// and discovery name: "/prod/web" is "web.prod".
func (id ID) Reversed() string {
	parts := strings.Split(strings.TrimPrefix(string(id), "/"), "/")
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return strings.Join(parts, ".")
}

// Tenant returns the top-level group, or "/" for an App in the root group.
func (id ID) Tenant() ID {
	rest := strings.TrimPrefix(string(id), "/")
	if i := strings.IndexByte(rest, '/'); i > 0 {
		return ID("/" + rest[:i])
	}
	return "/"
}
