package scheduler

import (
	"context"
	"sync"

	"github.com/gantry-mesos/gantry/pkg/mesos/detector"
)

// masters shows the detector to the scheduler client, which knows masters by URL.
type masters struct {
	detector *detector.Detector

	mu   sync.Mutex
	last detector.Master
}

// Leader implements schedapi.Leader.
func (m *masters) Leader(ctx context.Context, previous string) (string, error) {
	m.mu.Lock()
	was := m.last
	m.mu.Unlock()
	if previous == "" || was.URL() != previous {
		was = detector.Master{}
	}
	is, err := m.detector.Leader(ctx, was)
	if err != nil {
		return "", err
	}
	m.mu.Lock()
	m.last = is
	m.mu.Unlock()
	return is.URL(), nil
}

// Another implements schedapi.Watcher: masters that elected another one are news. The
// next one of a list is only the next guess, for which a back-off is meant.
func (m *masters) Another(ctx context.Context, endpoint string) bool {
	if !m.detector.Elected() {
		<-ctx.Done()
		return false
	}
	var was detector.Master
	for {
		is, err := m.detector.Leader(ctx, was)
		if err != nil {
			return false
		}
		if is.URL() != endpoint {
			return true
		}
		was = is
	}
}

// Suspect implements schedapi.Leader.
func (m *masters) Suspect(endpoint string) {
	if at, ok := m.at(endpoint); ok {
		m.detector.Suspect(at)
	}
}

// Hint implements schedapi.Hinter.
func (m *masters) Hint(endpoint string) {
	m.mu.Lock()
	last := m.last
	m.mu.Unlock()
	if err := m.detector.Redirected(last, endpoint); err != nil {
		m.detector.Suspect(last)
	}
}

func (m *masters) at(endpoint string) (detector.Master, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last, m.last.URL() == endpoint
}
