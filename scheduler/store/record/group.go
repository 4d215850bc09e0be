package record

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gogo/protobuf/proto"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
	"github.com/gantry-mesos/gantry/scheduler/groups"
	"github.com/gantry-mesos/gantry/scheduler/store"
)

// editPartMax is how large a part of an edit gets before another one begins, in
// bytes: with the largest group in it a part stays below store.ValueMax.
const editPartMax = 128 << 10

func groupRecord(g *group.Group) *gantryv1.GroupRecord {
	r := &gantryv1.GroupRecord{VersionMs: millis(g.Version), EnforceRole: g.EnforceRole}
	for _, d := range g.Dependencies {
		r.Dependencies = append(r.Dependencies, string(d))
	}
	return r
}

func groupOf(id app.ID, r *gantryv1.GroupRecord) *group.Group {
	g := &group.Group{ID: id, Version: fromMillis(r.VersionMs), EnforceRole: r.EnforceRole}
	for _, d := range r.Dependencies {
		g.Dependencies = append(g.Dependencies, app.ID(d))
	}
	return g
}

// editRecords cuts an edit into parts.
func editRecords(e *groups.Edit) []*gantryv1.EditRecord {
	part := &gantryv1.EditRecord{Home: string(e.Home), BeforeMs: millis(e.Before)}
	parts, size := []*gantryv1.EditRecord{part}, 0
	grow := func(m proto.Sizer) {
		if size += m.Size(); size > editPartMax {
			part, size = &gantryv1.EditRecord{}, m.Size()
			parts = append(parts, part)
		}
	}
	for _, a := range e.Apps {
		r := &gantryv1.PlannedAppRecord{AppId: string(a.ID), OriginalMs: versionOf(a.Was), TargetMs: versionOf(a.Is)}
		grow(r)
		part.Apps = append(part.Apps, r)
	}
	for _, g := range e.Groups {
		r := &gantryv1.EditedGroupRecord{Id: string(g.ID)}
		if g.Was != nil {
			r.Was = groupRecord(g.Was)
		}
		if g.Is != nil {
			r.Is = groupRecord(g.Is)
		}
		grow(r)
		part.Groups = append(part.Groups, r)
	}
	parts[0].Parts = uint32(len(parts))
	return parts
}

func editKey(ms int64, n int) string { return fmt.Sprintf("%s%d/%d", editPrefix, ms, n) }

func (j *Journal) putEdit(e *groups.Edit) ([]store.Change, error) {
	ms, parts := millis(e.Version), editRecords(e)
	writes := make([]store.Change, 0, len(parts))
	for n, part := range parts {
		w, err := put(editKey(ms, n), part)
		if err != nil {
			return nil, err
		}
		writes = append(writes, w)
	}
	j.editParts[ms] = len(parts)
	return writes, nil
}

func (j *Journal) dropEdit(ms int64) []store.Change {
	writes := make([]store.Change, j.editParts[ms])
	for n := range writes {
		writes[n] = store.Change{Key: editKey(ms, n)}
	}
	delete(j.editParts, ms)
	return writes
}

// decodeTree adds one record of the tree to what is loaded.
func (l *loading) decodeTree(kind, id, rest string, value []byte) error {
	switch kind {
	case pastPrefix:
		var r gantryv1.AppRecord
		if err := get(value, &r); err != nil {
			return err
		}
		s, err := specOf(&r)
		if err == nil {
			l.Past = append(l.Past, s)
		}
		return err
	case groupPrefix:
		return read(value, func(r *gantryv1.GroupRecord) { l.Groups = append(l.Groups, groupOf(app.ID(id), r)) })
	default:
		r := &gantryv1.EditRecord{}
		if err := get(value, r); err != nil {
			return err
		}
		return l.readEdit(rest, r)
	}
}

// readEdit takes a part of an edit by the rest of its key, "<version>/<n>".
func (l *loading) readEdit(rest string, r *gantryv1.EditRecord) error {
	version, number, _ := strings.Cut(rest, "/")
	ms, err := strconv.ParseInt(version, 10, 64)
	if err != nil {
		return fmt.Errorf("version %q of an edit is no number", version)
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n > editPartsMax {
		return fmt.Errorf("part %q of an edit is no number of a part", number)
	}
	for len(l.edits[ms]) <= n {
		l.edits[ms] = append(l.edits[ms], nil)
	}
	l.edits[ms][n] = r
	return nil
}

// editPartsMax is more parts than any record is cut into.
const editPartsMax = 1 << 16

// joinEdits puts the edits together once all records are read.
func (l *loading) joinEdits(specs map[reference]*app.Spec) error {
	for _, ms := range slices.Sorted(maps.Keys(l.edits)) {
		e, err := editOf(ms, l.edits[ms], specs)
		if err != nil {
			return &UnreadableError{Key: fmt.Sprintf("%s%d", editPrefix, ms), Err: err}
		}
		l.Edits = append(l.Edits, e)
	}
	return nil
}

func editOf(ms int64, parts []*gantryv1.EditRecord, specs map[reference]*app.Spec) (*groups.Edit, error) {
	if slices.Contains(parts, nil) || int(parts[0].Parts) != len(parts) {
		return nil, fmt.Errorf("parts of it are missing, there are %d", len(parts))
	}
	e := &groups.Edit{Version: fromMillis(ms), Home: app.ID(parts[0].Home), Before: fromMillis(parts[0].BeforeMs)}
	for _, part := range parts {
		for _, r := range part.Apps {
			id, before, after := app.ID(r.AppId), map[app.ID]*app.Spec{}, map[app.ID]*app.Spec{}
			if err := refer(before, specs, reference{id, r.OriginalMs}); err != nil {
				return nil, err
			}
			if err := refer(after, specs, reference{id, r.TargetMs}); err != nil {
				return nil, err
			}
			e.Apps = append(e.Apps, groups.AppEdit{ID: id, Was: before[id], Is: after[id]})
		}
		for _, r := range part.Groups {
			g := groups.GroupEdit{ID: app.ID(r.Id)}
			if r.Was != nil {
				g.Was = groupOf(g.ID, r.Was)
			}
			if r.Is != nil {
				g.Is = groupOf(g.ID, r.Is)
			}
			e.Groups = append(e.Groups, g)
		}
	}
	return e, nil
}
