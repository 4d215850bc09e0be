package dns

import (
	"crypto/sha1"
	"encoding/base32"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
)

const (
	// labelMax is the longest label (RFC 1035, 2.3.4).
	labelMax = 63
	// canonicalMax is the longest part of a canonical name that the App's name gives.
	canonicalMax = 54
	// hashLength is how much of a task's hash is in its canonical name (Mesos-DNS).
	hashLength = 5
	// agentMax is the longest part of it that the agent's id gives.
	agentMax = 12
)

// label makes text a label by Mesos-DNS' rule: lower case, dots and underscores
// become dashes, what is neither letter, digit nor dash is dropped, as are dashes
// at both ends, and the rest is cut at max.
func label(text string, longest int) string {
	var b strings.Builder
	for _, c := range strings.ToLower(text) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
			b.WriteRune(c)
		case c == '.', c == '_':
			b.WriteByte('-')
		}
	}
	out := strings.Trim(b.String(), "-")
	return strings.TrimRight(out[:min(len(out), longest)], "-")
}

// labels makes each label of a name one by Mesos-DNS' rule.
func labels(name string) string {
	var out []string
	for part := range strings.SplitSeq(name, ".") {
		if l := label(part, labelMax); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, ".")
}

// reversed is an App's id as Marathon names its tasks: "/group/app" is "app.group".
func reversed(id app.ID) string {
	parts := strings.Split(strings.Trim(string(id), "/"), "/")
	var b strings.Builder
	for n := len(parts) - 1; n >= 0; n-- {
		b.WriteString(parts[n])
		if n > 0 {
			b.WriteByte('.')
		}
	}
	return b.String()
}

// zbase32 is the alphabet of Mesos-DNS' hashes.
var zbase32 = base32.NewEncoding("ybndrfg8ejkmcpqxot1uwisza345h769").WithPadding(base32.NoPadding)

// canonical is the label that only one task has: the App's, a hash of the task's id,
// and the end of the agent's id.
func canonical(appLabel string, e *endpoint.Endpoint) string {
	sum := sha1.Sum([]byte(e.Task))
	agent := string(e.Agent)
	agent = agent[strings.LastIndexByte(agent, '-')+1:]
	end := "-" + zbase32.EncodeToString(sum[:])[:hashLength] + "-" + label(agent, agentMax)
	return label(appLabel, min(canonicalMax, labelMax-len(end))) + end
}
