package httpapi

import (
	"fmt"
	"net/http"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// agentEmbeds says what is told of our tasks on an agent.
type agentEmbeds struct{ tasks, apps bool }

// agentEmbedsOf reads what a query asks for; without anything it is the tasks.
func agentEmbedsOf(tokens []string) (e agentEmbeds, err error) {
	for _, t := range tokens {
		switch t {
		case "tasks":
			e.tasks = true
		case "apps":
			e.apps = true
		default:
			return e, &api.Error{Status: http.StatusUnprocessableEntity, Message: fmt.Sprintf("embed=%q: it is tasks or apps", t)}
		}
	}
	return agentEmbeds{tasks: e.tasks || !e.apps, apps: e.apps}, nil
}

// occupants are our tasks on one agent.
type occupants struct {
	tasks []string
	apps  []occupant
}

// occupant is one App's part of an agent.
type occupant struct {
	id    app.ID
	tasks int
	used  resource.Vector
}

// tenants are our tasks on all agents.
type tenants map[mesos.AgentID]*occupants

// tenantsOf collects what is to be told.
func tenantsOf(v *view.View, e agentEmbeds) tenants {
	all := tenants{}
	v.Apps(func(a *view.App) bool {
		for _, i := range a.Instances {
			if i.Condition.Live() && shown(i) {
				all.add(a, i, e)
			}
		}
		return true
	})
	return all
}

func (t tenants) add(a *view.App, i *instance.Instance, e agentEmbeds) {
	o := t[i.AgentID]
	if o == nil {
		o = &occupants{}
		t[i.AgentID] = o
	}
	if e.tasks {
		o.tasks = append(o.tasks, string(i.TaskID()))
	}
	if !e.apps {
		return
	}
	if n := len(o.apps); n == 0 || o.apps[n-1].id != a.Spec.ID {
		o.apps = append(o.apps, occupant{id: a.Spec.ID})
	}
	last := &o.apps[len(o.apps)-1]
	last.tasks++
	last.used = last.used.Add(i.Resources)
}

// tell writes what is asked for of an agent's tasks.
func (t tenants) tell(a *api.Agent, e agentEmbeds) {
	o := t[mesos.AgentID(a.ID)]
	if o == nil {
		o = &occupants{}
	}
	if e.tasks {
		a.Tasks = append([]string{}, o.tasks...)
	}
	if !e.apps {
		return
	}
	a.Apps = make([]api.AgentApp, len(o.apps))
	for n, p := range o.apps {
		a.Apps[n] = api.AgentApp{App: string(p.id), Tasks: p.tasks, Used: amounts(p.used)}
	}
}
