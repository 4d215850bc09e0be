package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Case is one recorded conversation.
type Case struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	SpecRef string   `json:"spec_ref"`
	Config  Config   `json:"config"`
	Steps   []Step   `json:"steps"`
	Notes   []string `json:"notes"`
}

// Config says which processes a case needs beyond the base set of flags.
type Config struct {
	Masters     int               `json:"masters"`
	MasterFlags map[string]any    `json:"master_flags"`
	AgentFlags  []map[string]any  `json:"agent_flags"`
	ZooKeeper   bool              `json:"zookeeper"`
	Quorum      int               `json:"quorum"`
	Credentials []json.RawMessage `json:"credentials"`
	Files       map[string]any    `json:"files"`
}

// Step is one line of the script. Exactly one of its actions is set.
type Step struct {
	Send     *Request  `json:"send"`
	Poll     *Request  `json:"poll"`
	Pipeline *Pipeline `json:"pipeline"`
	Await    string    `json:"await"`
	None     string    `json:"none"`
	EOF      string    `json:"eof"`
	Close    string    `json:"close"`
	SleepMS  float64   `json:"sleep_ms"`
	Ctl      *Ctl      `json:"ctl"`
	ZK       *ZKRead   `json:"zk"`

	Stream           string          `json:"stream"`             // send: the name of the answer's stream
	RetryUntilStatus bool            `json:"retry_until_status"` // send: repeat until the status is the expected one
	Skip             []string        `json:"skip"`               // await: types left unread
	WithinMS         float64         `json:"within_ms"`          // await, poll, eof
	NotBeforeMS      float64         `json:"not_before_ms"`      // await
	Types            []string        `json:"types"`              // none
	ForMS            float64         `json:"for_ms"`             // none
	ButGot           []string        `json:"but_got"`            // none: types that came in the recording all the same
	ObservedMS       json.RawMessage `json:"observed_ms"`        // information only
	Expect           Expect          `json:"expect"`
}

// Request is one HTTP request; its texts may hold placeholders.
type Request struct {
	To       string            `json:"to"`
	Method   string            `json:"method"`
	Path     string            `json:"path"`
	Headers  map[string]string `json:"headers"`
	Body     any               `json:"body"`
	Raw      *string           `json:"raw"`
	Encoding string            `json:"encoding"` // "", "protobuf" or "gzip"
}

// Pipeline is several requests written at once on one connection.
type Pipeline struct {
	To      string            `json:"to"`
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers"`
	Bodies  []any             `json:"bodies"`
}

// Ctl is an action on the processes of the cluster.
type Ctl struct {
	Op       string         `json:"op"`
	Agent    int            `json:"agent"`
	Master   int            `json:"master"`
	Executor string         `json:"executor"`
	Signal   int            `json:"signal"`
	Fresh    bool           `json:"fresh"`
	Flags    map[string]any `json:"flags"`
}

// ZKRead is one look into ZooKeeper: op children or get.
type ZKRead struct {
	Op   string `json:"op"`
	Path string `json:"path"`
}

// Expect is what a step must see.
type Expect struct {
	Status    int               `json:"status"`
	Statuses  []int             `json:"statuses"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	Text      *string           `json:"text"`
	EmptyBody bool              `json:"empty_body"`
	Contains  []string          `json:"contains"`
	EnvFile   map[string]string `json:"env_file"`
	Events    []any             `json:"events"`
	Order     string            `json:"order"`
	Children  []any             `json:"children"`
	Data      any               `json:"data"`
}

// LoadCases reads all *.json files of dir, in the order of their names.
func LoadCases(dir string) ([]*Case, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list cases of %s: %w", dir, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no case files (*.json) in %s", dir)
	}
	slices.Sort(files)
	cases := make([]*Case, 0, len(files))
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read case: %w", err)
		}
		c := &Case{}
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.UseNumber()
		if err := dec.Decode(c); err != nil {
			return nil, fmt.Errorf("read case %s: %w", file, err)
		}
		if c.ID == "" {
			c.ID = strings.TrimSuffix(filepath.Base(file), ".json")
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// LongestWait is about how long the recording took: longer cases are started first.
func (c *Case) LongestWait() time.Duration {
	var ms float64
	for _, s := range c.Steps {
		ms += s.SleepMS + s.ForMS
		var one float64
		var many []float64
		if json.Unmarshal(s.ObservedMS, &one) == nil && one > 0 {
			ms += one
		} else if json.Unmarshal(s.ObservedMS, &many) == nil && len(many) > 0 {
			ms += max(0, slices.Max(many))
		}
	}
	return time.Duration(ms) * time.Millisecond
}

// startsMaster tells whether a later step starts master n without having killed it, which means that it must
// not run at the beginning.
func (c *Case) startsMaster(n int) bool {
	for _, s := range c.Steps {
		if s.Ctl == nil || s.Ctl.Master != n {
			continue
		}
		switch s.Ctl.Op {
		case "master_kill":
			return false
		case "master_start":
			return true
		}
	}
	return false
}

// startsAgent is startsMaster for agents.
func (c *Case) startsAgent(n int) bool {
	for _, s := range c.Steps {
		if s.Ctl == nil || s.Ctl.Agent != n {
			continue
		}
		switch s.Ctl.Op {
		case "agent_kill", "agent_sigusr1":
			return false
		case "agent_start":
			return true
		}
	}
	return false
}

// zooKeeperDown tells whether ZooKeeper must not run, which a recording says in its notes.
func (c *Case) zooKeeperDown() bool {
	return slices.ContainsFunc(c.Notes, func(n string) bool { return strings.Contains(n, "ZooKeeper is not running") })
}

// usesCtl tells whether the case acts on the processes of the cluster.
func (c *Case) usesCtl() bool {
	return slices.ContainsFunc(c.Steps, func(s Step) bool { return s.Ctl != nil })
}

// images are the Docker images that the tasks of the case name.
func (c *Case) images() []string {
	var found []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if d, ok := v["docker"].(map[string]any); ok {
				if image, ok := d["image"].(string); ok && !slices.Contains(found, image) {
					found = append(found, image)
				}
			}
			for _, e := range v {
				walk(e)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	for _, s := range c.Steps {
		if s.Send != nil {
			walk(s.Send.Body)
		}
	}
	return found
}
