package master

// observer is one who follows the changes.
type observer struct {
	sink  func(Event)
	ended func()
}

// watchers are those who follow the changes, the oldest first.
type watchers struct {
	most      int
	observers []*observer
}

func (s *watchers) add(o *observer) {
	if len(s.observers) >= s.most && len(s.observers) > 0 {
		oldest := s.observers[0]
		s.observers = s.observers[1:]
		oldest.ended()
	}
	s.observers = append(s.observers, o)
}

func (s *watchers) remove(o *observer) {
	for i, p := range s.observers {
		if p == o {
			s.observers = append(s.observers[:i:i], s.observers[i+1:]...)
			o.ended()
			return
		}
	}
}

func (s *watchers) emit(e Event) {
	for _, o := range s.observers {
		o.sink(e)
	}
}

// end lets all go.
func (s *watchers) end() {
	for _, o := range s.observers {
		o.ended()
	}
}
