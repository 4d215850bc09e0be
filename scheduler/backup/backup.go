// Package backup looks after a state from outside of a scheduler: it exports,
// imports, checks and compacts it, in a directory or in ZooKeeper.
package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/archive"
	"github.com/gantry-mesos/gantry/scheduler/store/boltstore"
	"github.com/gantry-mesos/gantry/scheduler/store/record"
	"github.com/gantry-mesos/gantry/scheduler/store/zkstore"
)

// Damage is something that cannot be read.
type Damage struct {
	// Name is the record, or the znode that holds several.
	Name string `json:"name"`
	// Text says what is wrong and what can be done.
	Text string `json:"text"`
}

// Report is what was found in a state.
type Report struct {
	// Records is how many there are, Kinds how many of each kind.
	Records int            `json:"records"`
	Kinds   map[string]int `json:"kinds"`
	// Damaged cannot be read; it is not among the Records.
	Damaged []Damage `json:"damaged,omitempty"`
}

// DamagedError says that a state, or an archive, holds what cannot be read.
type DamagedError struct{ Damaged []Damage }

func (e *DamagedError) Error() string {
	first := e.Damaged[0]
	if len(e.Damaged) == 1 {
		return fmt.Sprintf("%s is damaged: %s", first.Name, first.Text)
	}
	return fmt.Sprintf("%d records are damaged, the first is %s: %s", len(e.Damaged), first.Name, first.Text)
}

// examination sorts what is read into whole and damaged.
type examination struct {
	check   *record.Check
	damaged []Damage
	whole   []store.Change
}

func (e *examination) add(key string, value []byte, damage error) error {
	if damage != nil {
		e.damaged = append(e.damaged, Damage{Name: key, Text: damage.Error()})
		return nil
	}
	e.check.Add(key, value)
	e.whole = append(e.whole, store.Change{Key: key, Value: append([]byte{}, value...)})
	return nil
}

// end returns the report, and leaves only what can be read among the whole.
func (e *examination) end() Report {
	bad := map[string]bool{}
	for _, u := range e.check.End() {
		bad[u.Key] = true
		e.damaged = append(e.damaged, Damage{Name: u.Key, Text: u.Err.Error()})
	}
	r := Report{Kinds: map[string]int{}, Damaged: e.damaged}
	kept := e.whole[:0]
	for _, c := range e.whole {
		if !bad[c.Key] {
			kept = append(kept, c)
		}
	}
	e.whole = kept
	r.Records, r.Kinds = len(kept), e.check.Kinds()
	return r
}

func examine(ctx context.Context, from store.Examiner) (*examination, Report, error) {
	e := &examination{check: record.NewCheck()}
	if err := from.Examine(ctx, e.add); err != nil {
		return nil, Report{}, err
	}
	return e, e.end(), nil
}

// Check reads a whole state. What is damaged is in the report.
func Check(ctx context.Context, from store.Examiner) (Report, error) {
	_, r, err := examine(ctx, from)
	return r, err
}

// Export writes a state as an archive. Damage ends it with a *DamagedError before
// anything is written, unless it is to be left out; then the report names it.
func Export(ctx context.Context, from store.Examiner, to io.Writer, leaveOutDamaged bool) (Report, error) {
	e, r, err := examine(ctx, from)
	if err != nil {
		return r, err
	}
	if len(r.Damaged) > 0 && !leaveOutDamaged {
		return r, &DamagedError{r.Damaged}
	}
	w, err := archive.NewWriter(to)
	if err != nil {
		return r, err
	}
	for _, c := range e.whole {
		if err := w.Add(c.Key, c.Value); err != nil {
			return r, errors.Join(err, w.Close())
		}
	}
	return r, w.Close()
}

// Archived is a state in an archive.
type Archived struct{ Data []byte }

// Examine implements store.Examiner. An archive is whole or counts for nothing.
func (a Archived) Examine(_ context.Context, fn func(key string, value []byte, damage error) error) error {
	_, err := archive.Read(bytes.NewReader(a.Data), func(key string, value []byte) error { return fn(key, value, nil) })
	return err
}

// OccupiedError says that an import would replace a state.
type OccupiedError struct{ Records int }

func (e *OccupiedError) Error() string {
	return fmt.Sprintf("a state of %d records is there already; export it first, then import with --replace", e.Records)
}

// Import writes a state into a place, in one transaction, while no scheduler leads
// there. It fails with a *DamagedError when this version does not read all of it, and
// with an *OccupiedError when there is a state that is not to be replaced; nothing is
// written then. Replacing a state begins with the end of the old one: a file is put
// aside, znodes are deleted.
func Import(ctx context.Context, from store.Examiner, to Place, replace bool) (Report, error) {
	e, r, err := examine(ctx, from)
	if err != nil {
		return r, err
	}
	if len(r.Damaged) > 0 {
		return r, &DamagedError{r.Damaged}
	}
	err = to.Own(ctx, replace, func(ctx context.Context, st store.Store) error {
		n := 0
		if err := st.Load(ctx, func(string, []byte) error { n++; return nil }); err != nil {
			return err
		}
		if n > 0 {
			return &OccupiedError{n}
		}
		if err := st.Append(ctx, e.whole); err != nil {
			return err
		}
		return verify(ctx, st, e.whole)
	})
	return r, err
}

// verify compares what is stored with what was to be.
func verify(ctx context.Context, st store.Store, want []store.Change) error {
	records := make(map[string][]byte, len(want))
	for _, c := range want {
		records[c.Key] = c.Value
	}
	n := 0
	err := st.Load(ctx, func(key string, value []byte) error {
		n++
		if is, ok := records[key]; !ok || !bytes.Equal(is, value) {
			return fmt.Errorf("record %s is not as in the archive", key)
		}
		return nil
	})
	if err == nil && n != len(records) {
		err = fmt.Errorf("%d records of %d are there", n, len(records))
	}
	if err != nil {
		return fmt.Errorf("read back what was imported: %w", err)
	}
	return nil
}

// Compacted is what Compact has done: bytes of a file, or entries of a log in ZooKeeper.
type Compacted struct {
	Before int64  `json:"before"`
	After  int64  `json:"after"`
	Unit   string `json:"unit"`
}

// Compact makes a state as small as it can be, while no scheduler leads.
func Compact(ctx context.Context, p Place) (c Compacted, err error) {
	if p.Dir != "" {
		c.Unit = "bytes"
		c.Before, c.After, err = boltstore.Compact(ctx, p.Dir, boltstore.Options{})
		return c, err
	}
	c.Unit = "entries of the log"
	err = p.Own(ctx, false, func(ctx context.Context, st store.Store) error {
		n, err := st.(*zkstore.Store).Compact(ctx) //nolint:forcetypeassert // of this place
		c.Before = int64(n)
		return err
	})
	return c, err
}
