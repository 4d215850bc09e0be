package discovery

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

const (
	ttlMin, ttlMax = 2 * time.Second, 10 * time.Minute
	// consumersMax bounds how many may be registered.
	consumersMax = 10_000
	consumerMax  = 200
)

// consumer is a program that uses endpoints. What is known of it lives in the
// leader's memory only; it registers again with the next one.
type consumer struct {
	id    string
	told  endpoint.Registration
	ttl   time.Duration
	since time.Time
	// expires is when it is forgotten.
	expires time.Time
	// acked is the number of the newest change that it has carried out, 0 before the first.
	acked    uint64
	draining map[mesos.TaskID]endpoint.Connections
}

// InvalidError says what is wrong with what a consumer told of itself.
type InvalidError struct{ Path, Text string }

func (e *InvalidError) Error() string { return e.Path + ": " + e.Text }

// UnknownConsumerError says that a consumer is not registered (any more).
type UnknownConsumerError struct{ ID string }

func (e *UnknownConsumerError) Error() string {
	return fmt.Sprintf("consumer %q is not registered, or was forgotten since it did not renew: register with PUT /v3/consumers/%s", e.ID, e.ID)
}

// UnknownIndexError says that an index is not one of this table's.
type UnknownIndexError struct{ Index string }

func (e *UnknownIndexError) Error() string {
	return fmt.Sprintf("index %q is not one of the scheduler that leads now: take a full snapshot with GET /v3/endpoints, then acknowledge its index", e.Index)
}

// TooManyError says that no more consumers may register.
type TooManyError struct{}

func (TooManyError) Error() string {
	return fmt.Sprintf("%d consumers are registered, which is the limit; give each program one id and keep it", consumersMax)
}

// Register takes in a consumer or renews it. It fails with *InvalidError and TooManyError.
func (t *Table) Register(now time.Time, id string, r endpoint.Registration) (endpoint.Registered, error) {
	g := t.Gate
	g.expire(now)
	ttl, err := checkRegistration(id, r)
	if err != nil {
		return endpoint.Registered{}, err
	}
	c := g.consumers[id]
	if c == nil {
		if len(g.consumers) >= consumersMax {
			return endpoint.Registered{}, TooManyError{}
		}
		c = &consumer{id: id, since: now}
		g.consumers[id] = c
	}
	c.told, c.ttl, c.expires = r, ttl, now.Add(ttl)
	return endpoint.Registered{Index: t.Index().String()}, nil
}

func checkRegistration(id string, r endpoint.Registration) (time.Duration, error) {
	if id == "" || len(id) > consumerMax {
		return 0, &InvalidError{"/id", fmt.Sprintf("expected 1 to %d characters, got %d", consumerMax, len(id))}
	}
	if r.Kind == "" || len(r.Kind) > consumerMax {
		return 0, &InvalidError{"/kind", "expected what the program is, such as \"haproxy\""}
	}
	if r.TTL == "" {
		return registrationTTL, nil
	}
	ttl, err := time.ParseDuration(r.TTL)
	if err != nil || ttl < ttlMin || ttl > ttlMax {
		return 0, &InvalidError{"/ttl", fmt.Sprintf("got %q, expected a time from %v to %v, such as \"15s\"", r.TTL, ttlMin, ttlMax)}
	}
	return ttl, nil
}

// Acknowledge notes what a consumer has carried out. It fails with
// *UnknownConsumerError and *UnknownIndexError; the latter renews the registration.
func (t *Table) Acknowledge(now time.Time, id string, a endpoint.Ack) error {
	t.Gate.expire(now)
	c := t.Gate.consumers[id]
	if c == nil {
		return &UnknownConsumerError{id}
	}
	c.expires = now.Add(c.ttl)
	at, ok := endpoint.ParseIndex(a.Index)
	if !ok || at.Term != t.cfg.Term || at.Number > t.log.last {
		return &UnknownIndexError{a.Index}
	}
	c.acked, c.draining = max(c.acked, at.Number), a.Draining
	return nil
}

// Leave forgets a consumer that uses endpoints no more. It fails with *UnknownConsumerError.
func (t *Table) Leave(now time.Time, id string) error {
	t.Gate.expire(now)
	if t.Gate.consumers[id] == nil {
		return &UnknownConsumerError{id}
	}
	delete(t.Gate.consumers, id)
	return nil
}

// expire forgets consumers that have not renewed.
func (g *Gate) expire(now time.Time) {
	maps.DeleteFunc(g.consumers, func(_ string, c *consumer) bool { return !now.Before(c.expires) })
}

// Consumers lists the programs that are registered, by id.
func (t *Table) Consumers(now time.Time) []endpoint.Consumer {
	t.Gate.expire(now)
	out := make([]endpoint.Consumer, 0, len(t.Gate.consumers))
	for _, id := range slices.Sorted(maps.Keys(t.Gate.consumers)) {
		c := t.Gate.consumers[id]
		shown := endpoint.Consumer{ID: id, Registration: c.told, Since: c.since, Expires: c.expires, Behind: t.log.last - c.acked}
		shown.TTL = c.ttl.String()
		if c.acked > 0 {
			shown.Index = endpoint.Index{Term: t.cfg.Term, Number: c.acked}.String()
		}
		for _, task := range slices.Sorted(maps.Keys(t.Gate.drains)) {
			if c.holds(t.Gate.drains[task]) != "" {
				shown.Holds = append(shown.Holds, task)
			}
		}
		out = append(out, shown)
	}
	return out
}
