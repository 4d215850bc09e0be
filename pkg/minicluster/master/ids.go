package master

import (
	"fmt"
)

// ids are made of the master's own and a number.
type ids struct {
	prefix                     string
	frameworks, agents, offers int
}

func (s *ids) framework() string {
	id := fmt.Sprintf("%s-%04d", s.prefix, s.frameworks)
	s.frameworks++
	return id
}

func (s *ids) agent() string {
	id := fmt.Sprintf("%s-S%d", s.prefix, s.agents)
	s.agents++
	return id
}

func (s *ids) offer() string {
	id := fmt.Sprintf("%s-O%d", s.prefix, s.offers)
	s.offers++
	return id
}
