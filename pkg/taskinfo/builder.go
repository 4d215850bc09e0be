package taskinfo

import (
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// commonMax bounds the definitions that a Builder remembers.
const commonMax = 1000

// Builder builds TaskInfos one after the other and keeps what the tasks of one
// definition have in common. It must not be used by several goroutines.
type Builder struct {
	o    Options
	kept map[*app.Spec]common
}

// common is what all tasks of a definition share; it is only read.
type common struct {
	name      string
	labels    []mesos.Label
	variables []variable
}

// NewBuilder returns a Builder for tasks with these options.
func NewBuilder(o Options) *Builder { return &Builder{o: o, kept: map[*app.Spec]common{}} }

// Build makes the TaskInfo that launches l, as the function Build does. The
// definition is known by its address: it must never change.
func (b *Builder) Build(l Launch) (mesos.TaskInfo, error) {
	c, ok := b.kept[l.Spec]
	if !ok {
		if len(b.kept) >= commonMax {
			clear(b.kept)
		}
		c = commonOf(l.Spec, b.o)
		b.kept[l.Spec] = c
	}
	return build(l, b.o, c)
}

func commonOf(s *app.Spec, o Options) common {
	return common{name: s.ID.Reversed(), labels: labels(s.Labels), variables: commonVariables(s, o)}
}
