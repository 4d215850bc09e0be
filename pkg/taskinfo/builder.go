package taskinfo

import (
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

// commonMax bounds the definitions that a Builder remembers.
const commonMax = 1000

// Builder builds TaskInfos one after the other and keeps what the tasks of one
// definition have in common. It must not be used by several goroutines.
type Builder struct {
	o    Options
	kept map[*runspec.Run]common
}

// common is what all tasks of a definition share; it is only read.
type common struct {
	owner     runspec.Owner
	name      string
	labels    []mesos.Label
	variables []variable
}

// NewBuilder returns a Builder for tasks with these options.
func NewBuilder(o Options) *Builder { return &Builder{o: o, kept: map[*runspec.Run]common{}} }

// Build makes the TaskInfo that launches l, as the function Build does. The
// definition is known by its address: it must never change.
func (b *Builder) Build(l Launch) (mesos.TaskInfo, error) {
	c, ok := b.kept[l.Run]
	if !ok || c.owner != l.Owner {
		if len(b.kept) >= commonMax {
			clear(b.kept)
		}
		c = commonOf(l, b.o)
		b.kept[l.Run] = c
	}
	return build(l, b.o, c)
}

func commonOf(l Launch, o Options) common {
	return common{
		owner: l.Owner, name: app.ID(l.Owner.ID).Reversed(), labels: labels(l.Run.Labels), variables: commonVariables(l, o),
	}
}
