package endpoint

import (
	"cmp"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// Set is a copy of the table, kept up to date by Changes. The zero value is empty
// and complete once a full change was applied. Only one goroutine uses it.
type Set struct {
	index string
	apps  map[app.ID]*member
	// owners finds the App of an endpoint.
	owners map[string]*member
}

type member struct {
	app       *App
	endpoints map[string]*Endpoint
}

// Index is that of the last change applied, "" before the first.
func (s *Set) Index() string { return s.index }

// Apply brings the Set up to date.
func (s *Set) Apply(c *Changes) {
	if c.Full || s.apps == nil {
		s.apps, s.owners = map[app.ID]*member{}, map[string]*member{}
	}
	s.index = c.Index
	for _, id := range c.RemovedApps {
		s.drop(id)
	}
	for _, a := range c.Apps {
		s.drop(a.ID)
		s.apps[a.ID] = &member{app: a, endpoints: map[string]*Endpoint{}}
	}
	for _, e := range c.Endpoints {
		if m := s.apps[e.App]; m != nil {
			key := e.Key()
			m.endpoints[key], s.owners[key] = e, m
		}
	}
	for _, key := range c.Removed {
		if m := s.owners[key]; m != nil {
			delete(m.endpoints, key)
			delete(s.owners, key)
		}
	}
}

func (s *Set) drop(id app.ID) {
	if m := s.apps[id]; m != nil {
		for key := range m.endpoints {
			delete(s.owners, key)
		}
		delete(s.apps, id)
	}
}

// Service is an App with its endpoints.
type Service struct {
	*App
	// Endpoints are ordered by instance and port.
	Endpoints []*Endpoint
}

// Services returns all Apps in the order of ids.
func (s *Set) Services() []Service {
	out := make([]Service, 0, len(s.apps))
	for _, m := range s.apps {
		service := Service{App: m.app, Endpoints: make([]*Endpoint, 0, len(m.endpoints))}
		for _, e := range m.endpoints {
			service.Endpoints = append(service.Endpoints, e)
		}
		slices.SortFunc(service.Endpoints, Compare)
		out = append(out, service)
	}
	slices.SortFunc(out, func(a, b Service) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// Compare orders endpoints by instance, task and port.
func Compare(a, b *Endpoint) int {
	return cmp.Or(cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Task, b.Task), cmp.Compare(a.PortIndex, b.PortIndex))
}
