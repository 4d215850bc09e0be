package record

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/gogo/protobuf/proto"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/volumes"
)

// format is the version byte of the records written now. Since 2 deployments refer
// to definitions, since 3 definitions are messages of their own.
const format = 3

// The kinds of keys. The id after the slash is path-escaped.
const (
	frameworkKey     = "framework"
	appPrefix        = "app/"
	instancePrefix   = "instance/"
	deploymentPrefix = "deployment/"
	planPrefix       = "plan/"
	progressPrefix   = "progress/"
	troublePrefix    = "trouble/"
	releasePrefix    = "release/"
	quotaPrefix      = "quota/"
	pastPrefix       = "past/"
	groupPrefix      = "group/"
	editPrefix       = "edit/"
)

// Journal is a store as core sees it. It is used by one goroutine at a time.
type Journal struct {
	store store.Store
	// parts is how many records the plans of stored deployments have.
	parts map[deployment.ID]int
	// editParts is how many records the stored edits have, by version.
	editParts map[int64]int
	// unknown is what the stored definitions say that only a newer version understands.
	unknown  unknowns
	migrated int
	copied   string
}

// New returns a Journal that keeps its records in s.
func New(s store.Store) *Journal {
	return &Journal{store: s, parts: map[deployment.ID]int{}, editParts: map[int64]int{}, unknown: unknowns{}}
}

// Append writes changes as one transaction. Its errors are the store's.
func (j *Journal) Append(ctx context.Context, changes []core.Change) error {
	writes := make([]store.Change, 0, len(changes))
	for _, c := range changes {
		switch c := c.(type) {
		case core.PutDeployment:
			all, err := j.putDeployment(c.Deployment)
			if err != nil {
				return err
			}
			writes = append(writes, all...)
		case core.DropDeployment:
			writes = append(writes, j.dropDeployment(c.ID)...)
		case core.PutEdit:
			all, err := j.putEdit(c.Edit)
			if err != nil {
				return err
			}
			writes = append(writes, all...)
		case core.DropEdit:
			writes = append(writes, j.dropEdit(millis(c.Version))...)
		case core.PutPast:
			w, err := j.putPast(c.Spec)
			if err != nil {
				return err
			}
			writes = append(writes, w)
		case core.PutApp:
			w, err := j.putApp(c.Spec)
			if err != nil {
				return err
			}
			writes = append(writes, w)
		case core.DropApp:
			j.unknown.drop(c.ID, millis(c.Version))
			writes = append(writes, store.Change{Key: appKey(c.ID, millis(c.Version))})
		default:
			w, err := encode(c)
			if err != nil {
				return err
			}
			writes = append(writes, w)
		}
	}
	return j.store.Append(ctx, writes)
}

func (j *Journal) putApp(s *app.Spec) (store.Change, error) {
	r := appRecord(s)
	j.unknown.carry(s.ID, r)
	j.unknown.note(s.ID, r.VersionMs, r.Spec)
	return put(appKey(s.ID, r.VersionMs), r)
}

// putPast keeps a definition of an App that is no more.
func (j *Journal) putPast(s *app.Spec) (store.Change, error) {
	r := appRecord(s)
	j.unknown.carry(s.ID, r)
	return put(pastKey(s.ID, r.VersionMs), r)
}

// TooLargeError says that a definition does not fit into a record.
type TooLargeError struct {
	// Size is what it takes in bytes, Max what there is.
	Size, Max int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the definition takes %d bytes as it is stored, the limit is %d; fetch what is large as a file instead (fetch)", e.Size, e.Max)
}

// Storable returns a *TooLargeError if a definition does not fit into a record.
func (j *Journal) Storable(s *app.Spec) error {
	r := appRecord(s)
	j.unknown.carry(s.ID, r)
	if size := 1 + r.Size(); size > store.ValueMax {
		return &TooLargeError{Size: size, Max: store.ValueMax}
	}
	return nil
}

// UnreadableError says that a stored record makes no sense to this version of Gantry.
type UnreadableError struct {
	Key string
	Err error
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("stored record %s: %v; 'gantry state check' names all such records", e.Key, e.Err)
}

func (e *UnreadableError) Unwrap() error { return e.Err }

func newLoading() *loading {
	return &loading{
		Stored: core.Stored{Troubles: map[app.ID]core.Trouble{}, Releases: map[instance.ID]volumes.Release{}, Quotas: map[string]fairshare.Quota{}},
		plans:  map[deployment.ID][]*gantryv1.PlanRecord{}, progress: map[deployment.ID]*gantryv1.ProgressRecord{}, wantParts: map[deployment.ID]int{},
		unknown: unknowns{}, edits: map[int64][]*gantryv1.EditRecord{},
	}
}

// read takes all records that load hands out, and puts them together.
func (l *loading) read(load func(fn func(key string, value []byte) error) error) error {
	err := load(func(key string, value []byte) error {
		if err := l.decode(key, value); err != nil {
			return &UnreadableError{Key: key, Err: err}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return l.join()
}

// Read reads all records of a state and changes nothing. It fails like Load.
func Read(ctx context.Context, from store.Examiner) (core.Stored, error) {
	l := newLoading()
	err := l.read(func(fn func(key string, value []byte) error) error {
		return from.Examine(ctx, func(key string, value []byte, damage error) error {
			if damage != nil {
				return damage
			}
			return fn(key, value)
		})
	})
	return l.Stored, err
}

// Load reads all records, and rewrites those of older formats. It fails with an
// *UnreadableError or an error of the store.
func (j *Journal) Load(ctx context.Context) (core.Stored, error) {
	l := newLoading()
	err := l.read(func(fn func(key string, value []byte) error) error { return j.store.Load(ctx, fn) })
	if err == nil {
		err = j.migrate(ctx, l)
	}
	j.parts, j.unknown = l.wantParts, l.unknown
	j.editParts = map[int64]int{}
	for ms, parts := range l.edits {
		j.editParts[ms] = len(parts)
	}
	return l.Stored, err
}

func escape[T ~string](id T) string     { return url.PathEscape(string(id)) }
func appKey(id app.ID, ms int64) string { return fmt.Sprintf("%s%s/%d", appPrefix, escape(id), ms) }
func pastKey(id app.ID, ms int64) string {
	return fmt.Sprintf("%s%s/%d", pastPrefix, escape(id), ms)
}

// encode makes the store's change of core's.
func encode(c core.Change) (store.Change, error) {
	switch c := c.(type) {
	case core.PutFramework:
		return put(frameworkKey, &gantryv1.FrameworkRecord{Id: string(c.ID)})
	case core.DropPast:
		return store.Change{Key: pastKey(c.ID, millis(c.Version))}, nil
	case core.PutGroup:
		return put(groupPrefix+escape(c.Group.ID), groupRecord(c.Group))
	case core.DropGroup:
		return store.Change{Key: groupPrefix + escape(c.ID)}, nil
	case core.PutInstance:
		return put(instancePrefix+escape(c.Instance.ID), instanceRecord(c.Instance))
	case core.DropInstance:
		return store.Change{Key: instancePrefix + escape(c.ID)}, nil
	case core.PutProgress:
		return put(progressPrefix+escape(c.ID), &gantryv1.ProgressRecord{Current: uint32(c.Current), ProgressedNs: nanos(c.Progressed)})
	case core.PutTrouble:
		return put(troublePrefix+escape(c.App), troubleRecord(c.Trouble))
	case core.DropTrouble:
		return store.Change{Key: troublePrefix + escape(c.App)}, nil
	case core.PutRelease:
		return put(releasePrefix+escape(c.ID), releaseRecord(c.Release))
	case core.DropRelease:
		return store.Change{Key: releasePrefix + escape(c.ID)}, nil
	case core.PutQuota:
		return put(quotaPrefix+escape(c.Queue), quotaRecord(c.Quota))
	case core.DropQuota:
		return store.Change{Key: quotaPrefix + escape(c.Queue)}, nil
	default:
		return store.Change{}, fmt.Errorf("no record for a change of type %T", c)
	}
}

func put(key string, m proto.Marshaler) (store.Change, error) {
	body, err := m.Marshal()
	if err != nil {
		return store.Change{}, fmt.Errorf("record %s: %w", key, err)
	}
	return store.Change{Key: key, Value: append([]byte{format}, body...)}, nil
}

// decode adds one record to what is loaded.
func (l *loading) decode(key string, value []byte) error {
	st := &l.Stored
	kind, rest, _ := strings.Cut(key, "/")
	id, err := url.PathUnescape(rest)
	if err != nil {
		return err
	}
	switch kind + "/" {
	case frameworkKey + "/":
		return read(value, func(r *gantryv1.FrameworkRecord) { st.Framework = mesos.FrameworkID(r.Id) })
	case appPrefix:
		var r gantryv1.AppRecord
		if err := get(value, &r); err != nil {
			return err
		}
		return l.readApp(&r)
	case instancePrefix:
		return read(value, func(r *gantryv1.InstanceRecord) { st.Instances = append(st.Instances, instanceOf(r)) })
	case deploymentPrefix:
		var r gantryv1.DeploymentRecord
		if err := get(value, &r); err != nil {
			return err
		}
		return l.readDeployment(&r)
	case planPrefix:
		r := &gantryv1.PlanRecord{}
		if err := get(value, r); err != nil {
			return err
		}
		return l.readPlan(rest, r)
	case progressPrefix:
		return read(value, func(r *gantryv1.ProgressRecord) { l.progress[deployment.ID(id)] = r })
	case troublePrefix:
		return read(value, func(r *gantryv1.TroubleRecord) { st.Troubles[app.ID(id)] = troubleOf(app.ID(id), r) })
	case releasePrefix:
		return read(value, func(r *gantryv1.ReleaseRecord) { st.Releases[instance.ID(id)] = releaseOf(r) })
	case quotaPrefix:
		return read(value, func(r *gantryv1.QuotaRecord) { st.Quotas[id] = quotaOf(r) })
	case pastPrefix, groupPrefix, editPrefix:
		return l.decodeTree(kind+"/", id, rest, value)
	default:
		return errors.New("unknown kind of record; it was written by a newer version of Gantry")
	}
}

// readApp takes a version of a definition.
func (l *loading) readApp(r *gantryv1.AppRecord) error {
	s, err := specOf(r)
	if err != nil {
		return err
	}
	l.Versions = append(l.Versions, s)
	l.unknown.note(s.ID, r.VersionMs, r.Spec)
	return l.rewriteApp(r, s)
}

// read reads a record of a kind that always has a meaning.
func read[R any, P interface {
	*R
	proto.Unmarshaler
}](value []byte, add func(P)) error {
	r := P(new(R))
	if err := get(value, r); err != nil {
		return err
	}
	add(r)
	return nil
}

func get(value []byte, m proto.Unmarshaler) error {
	if len(value) == 0 {
		return errors.New("empty record")
	}
	if value[0] == 0 {
		return errors.New("it has no format")
	}
	if value[0] > format {
		return fmt.Errorf("format %d is newer than %d, the newest that this version of Gantry reads; start the version that wrote it", value[0], format)
	}
	return m.Unmarshal(value[1:])
}
