package coretest

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// Names gives UUIDs short names in the order of their first appearance.
type Names struct {
	short, long map[string]string
}

// NewNames returns Names that have given none yet.
func NewNames() Names { return Names{map[string]string{}, map[string]string{}} }

var uuid = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// Shorten replaces every UUID in text: web.instance-<uuid>._app.2 becomes web.1/2.
func (n Names) Shorten(text string) string {
	text = uuid.ReplaceAllStringFunc(text, func(u string) string {
		if n.short[u] == "" {
			name := strconv.Itoa(len(n.short) + 1)
			n.short[u], n.long[name] = name, u
		}
		return n.short[u]
	})
	return strings.ReplaceAll(strings.ReplaceAll(text, ".instance-", "."), "._app.", "/")
}

// Full returns the UUID that has a short name, another text as it is.
func (n Names) Full(name string) string {
	if u, ok := n.long[name]; ok {
		return u
	}
	return name
}

// Task is the inverse of Shorten for a task: web.1/2; another text is taken as it is.
func (n Names) Task(name string) mesos.TaskID {
	id, run, ok := strings.Cut(name, "/")
	if !ok {
		return mesos.TaskID(name)
	}
	path, num, _ := strings.Cut(id, ".")
	return mesos.TaskID(path + ".instance-" + n.Full(num) + "._app." + run)
}
