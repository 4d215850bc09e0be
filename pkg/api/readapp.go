package api

import (
	"math"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// The bounds of numbers that no rule bounds; they keep sums within 64 bits.
const (
	amountMax  = 1e9
	secondsMax = 1_000_000_000
)

// draft is a definition as it was written, with the older forms beside the
// newer ones, before they are brought together.
type draft struct {
	spec app.Spec
	// given holds the top-level members that are present.
	given map[string]bool

	uris          []string
	ports         []int
	address       *address
	dockerNetwork string
	// dockerMappings, mappings and definitions are nil when absent.
	dockerMappings, mappings, definitions []app.Port
}

// ParseApp reads one complete App with Marathon's defaults and the default
// rules. Its error is an *Error: 400 when data is no JSON, 422 with all
// problems when the definition is not acceptable.
func ParseApp(data []byte) (*app.Spec, error) {
	return Reader{Rules: app.DefaultRules()}.App(data)
}

// Reader reads definitions by the rules of a scheduler.
type Reader struct {
	Rules app.Rules
	// Default returns what a definition says of members that it leaves out; nil is
	// app.Default. What depends on other members has defaults of its own.
	Default func() app.Spec
	// Strict refuses definitions with something that has no effect.
	Strict bool
	// Notice, unless nil, is told what has no effect in a definition that is
	// otherwise good: members that nobody knows, parameters that are left out.
	Notice func(app.Problem)
}

// App reads one complete App, as in POST /v2/apps.
func (rd Reader) App(data []byte) (*app.Spec, error) {
	d, err := ParseDocument(data)
	if err != nil {
		return nil, err
	}
	return rd.Create(d, "")
}

// spec turns a document into a canonical, valid Spec.
func (rd Reader) spec(doc value) (*app.Spec, error) {
	d := readDraft(doc, rd.base())
	if err := doc.r.err(); err != nil {
		return nil, err
	}
	if problems := d.mixtures(doc.path, rd.Rules); len(problems) > 0 {
		return nil, invalid(messageInvalidObject, problems)
	}
	d.migrate(rd.Rules)
	s := app.Normalize(&d.spec, rd.Rules)
	if err := app.Validate(s, rd.Rules); err != nil {
		return nil, AsInvalid(prefixed(err, doc.path))
	}
	if err := rd.notice(doc, s); err != nil {
		return nil, err
	}
	return s, nil
}

// notice tells of what has no effect in a good definition, or refuses it for that.
func (rd Reader) notice(doc value, s *app.Spec) error {
	if !rd.Strict && rd.Notice == nil {
		return nil
	}
	idle := unknown(doc, func(v value) { readDraft(v, rd.base()) })
	for _, p := range app.Ineffective(s) {
		p.Path = doc.path + p.Path
		idle = append(idle, p)
	}
	return rd.idle(idle)
}

// idle tells of what has no effect, or refuses it for that.
func (rd Reader) idle(found []app.Problem) error {
	if rd.Strict && len(found) > 0 {
		return invalid(messageInvalidObject, found)
	}
	for _, p := range found {
		if rd.Notice != nil {
			rd.Notice(p)
		}
	}
	return nil
}

func (rd Reader) base() app.Spec {
	if rd.Default == nil {
		return app.Default()
	}
	return rd.Default()
}

// readDraft reads a definition over what it leaves out.
func readDraft(doc value, base app.Spec) *draft {
	d := &draft{spec: base, given: map[string]bool{}}
	if !doc.object() {
		if !doc.present() {
			doc.wrongType("jsobject", "an object")
		}
		return d
	}
	for _, name := range doc.names() {
		d.given[name] = true
	}
	s := &d.spec
	if id := doc.member("id"); id.required("the app's path, such as \"/web\"") {
		if path, ok := id.text(); ok {
			s.ID = app.Canonical(path)
		}
	}
	readProcess(doc, s)
	readResources(doc, s)
	d.readNetworking(doc)
	readHealthChecks(doc.member("healthChecks"), s)
	readReadiness(doc.member("readinessChecks"), s)
	readCheck(doc.member("check"), s)
	readPolicies(doc, s)
	readStrategies(doc, s)
	for path, f := range doc.r.written {
		if at, ok := strings.CutPrefix(path, doc.path+"/"); ok {
			s.Written.Note("/"+at, f)
		}
	}
	return d
}

func readProcess(doc value, s *app.Spec) {
	if cmd, ok := doc.member("cmd").text(); ok {
		if s.Cmd = cmd; cmd == "" {
			doc.member("cmd").fail("must not be empty; leave it out to run the image's own command")
		}
	}
	s.Args = doc.member("args").texts()
	readText(&s.User, doc.member("user"))
	readEnv(doc.member("env"), s)
	if secrets := doc.member("secrets"); secrets.object() {
		s.Secrets = map[string]string{}
		for _, name := range secrets.names() {
			source := secrets.member(name).member("source")
			if secrets.member(name).object() && source.required("the secret's name in its store") {
				s.Secrets[name], _ = source.text()
			}
		}
	}
	if fetch, ok := doc.member("fetch").elements(); ok {
		for _, f := range fetch {
			s.Fetch = append(s.Fetch, readFetch(f))
		}
	}
	if tty, ok := doc.member("tty").boolean(); ok {
		s.TTY = &tty
	}
	if grace, ok := doc.member("taskKillGracePeriodSeconds").seconds(); ok {
		s.KillGracePeriod = &grace
	}
	s.Labels = doc.member("labels").textMap()
}

func readEnv(env value, s *app.Spec) {
	if !env.object() {
		return
	}
	s.Env = map[string]string{}
	for _, name := range env.names() {
		v := env.member(name)
		if _, isObject := v.v.(map[string]any); !isObject {
			s.Env[name], _ = v.text()
			continue
		}
		if secret := v.member("secret"); secret.required("the name of a secret") {
			if s.EnvSecrets == nil {
				s.EnvSecrets = map[string]string{}
			}
			s.EnvSecrets[name], _ = secret.text()
		}
	}
}

func readFetch(v value) app.Fetch {
	f := app.Fetch{Extract: true}
	if !v.object() {
		return f
	}
	if uri := v.member("uri"); uri.required("the file's address") {
		readText(&f.URI, uri)
	}
	readBool(&f.Extract, v.member("extract"))
	readBool(&f.Executable, v.member("executable"))
	readBool(&f.Cache, v.member("cache"))
	readText(&f.DestPath, v.member("destPath"))
	return f
}

func readResources(doc value, s *app.Spec) {
	readInt(&s.Instances, doc.member("instances"), 0, math.MaxInt32)
	cpus, ok := doc.member("cpus").amount(0.001)
	assign(&s.Resources.CPUs, cpus, ok)
	readAmount(&s.Resources.Mem, doc.member("mem"))
	readAmount(&s.Resources.Disk, doc.member("disk"))
	if n, ok := doc.member("gpus").integer(0, amountMax); ok {
		s.Resources.GPUs = resource.Units(int64(n))
	}
	if limits := doc.member("resourceLimits"); limits.object() {
		s.Limits = map[string]app.Limit{}
		for _, name := range []string{"cpus", "mem"} {
			if l, ok := readLimit(limits.member(name)); ok {
				s.Limits[name] = l
			}
		}
	}
	readText(&s.Executor, doc.member("executor"))
	if e := doc.member("executorResources"); e.object() {
		r := resource.Vector{CPUs: resource.FromFloat(0.1), Mem: resource.Units(32), Disk: resource.Units(10)}
		readAmount(&r.CPUs, e.member("cpus"))
		readAmount(&r.Mem, e.member("mem"))
		readAmount(&r.Disk, e.member("disk"))
		s.ExecutorResources = &r
	}
}

func readLimit(v value) (app.Limit, bool) {
	if s, isText := v.v.(string); isText {
		if !strings.EqualFold(s, "unlimited") {
			v.fail("got " + describe(v.v) + ", expected a number or \"unlimited\"")
		}
		return app.Limit{Unlimited: true}, true
	}
	s, ok := v.amount(0)
	return app.Limit{Amount: s}, ok
}

func readPolicies(doc value, s *app.Spec) {
	s.Constraints = readConstraints(doc.member("constraints"))
	if roles, ok := doc.member("acceptedResourceRoles").elements(); ok {
		s.AcceptedResourceRoles = []string{}
		for _, r := range roles {
			if role, ok := r.element(); ok {
				s.AcceptedResourceRoles = append(s.AcceptedResourceRoles, role)
			}
		}
	}
	readText(&s.Role, doc.member("role"))
	if list, ok := doc.member("dependencies").elements(); ok {
		for _, e := range list {
			if ref, ok := e.element(); ok {
				s.Dependencies = append(s.Dependencies, s.ID.Parent().Resolve(ref))
			}
		}
	}
	if i, ok := doc.member("killSelection").choice("YOUNGEST_FIRST", "OLDEST_FIRST"); ok {
		s.KillSelect = app.YoungestFirst + app.KillSelection(i)
	}
	readSeconds(&s.Backoff.Initial, doc.member("backoffSeconds"))
	readSeconds(&s.Backoff.Max, doc.member("maxLaunchDelaySeconds"))
	if f, ok := doc.member("backoffFactor").number(1, 1e6); ok {
		s.Backoff.Factor = f
	}
	if r := doc.member("residency"); r.object() {
		r.member("relaunchEscalationTimeoutSeconds").seconds()
		r.member("taskLostBehavior").choice("WAIT_FOREVER", "RELAUNCH_AFTER_TIMEOUT")
	}
}

func readConstraints(v value) []constraint.Constraint {
	list, _ := v.elements()
	var out []constraint.Constraint
	for _, e := range list {
		parts, ok := e.elements()
		if !ok {
			if !e.present() {
				e.wrongType("jsarray", "an array such as [\"hostname\", \"UNIQUE\"]")
			}
			continue
		}
		texts := make([]string, 0, len(parts))
		for _, p := range parts {
			texts = append(texts, p.operand())
		}
		c, err := constraint.Parse(texts)
		if err != nil {
			e.fail(err.Error())
			continue
		}
		out = append(out, c)
	}
	return out
}

// readStrategies comes last: its defaults depend on labels and volumes.
func readStrategies(doc value, s *app.Spec) {
	s.Upgrade = s.DefaultUpgrade()
	if u := doc.member("upgradeStrategy"); u.object() {
		if f, ok := u.member("minimumHealthCapacity").number(0, 1); ok {
			s.Upgrade.MinimumHealthCapacity = f
		}
		if f, ok := u.member("maximumOverCapacity").number(0, 1); ok {
			s.Upgrade.MaximumOverCapacity = f
		}
	}
	s.Unreachable = s.DefaultUnreachable()
	u := doc.member("unreachableStrategy")
	if _, isText := u.v.(string); isText {
		_, s.Unreachable.Disabled = u.choice("disabled")
		return
	}
	if u.object() {
		s.Unreachable = app.UnreachableStrategy{}
		readSeconds(&s.Unreachable.InactiveAfter, u.member("inactiveAfterSeconds"))
		readSeconds(&s.Unreachable.ExpungeAfter, u.member("expungeAfterSeconds"))
	}
}

func readText(dst *string, v value) {
	s, ok := v.text()
	assign(dst, s, ok)
}

func readBool(dst *bool, v value) {
	b, ok := v.boolean()
	assign(dst, b, ok)
}

func readInt(dst *int, v value, lo, hi int) {
	n, ok := v.integer(lo, hi)
	assign(dst, n, ok)
}

func readAmount(dst *resource.Scalar, v value) {
	s, ok := v.amount(0)
	assign(dst, s, ok)
}

func readSeconds(dst *time.Duration, v value) {
	d, ok := v.seconds()
	assign(dst, d, ok)
}
