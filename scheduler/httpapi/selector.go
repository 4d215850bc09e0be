package httpapi

import (
	"fmt"
	"slices"
	"strings"
)

// selector is a label selector: terms that must all hold.
type selector []term

// term compares one label: with no values it must exist, otherwise its value
// must be among values, or must not be.
type term struct {
	key    string
	values []string
	not    bool
}

func (s selector) matches(labels map[string]string) bool {
	for _, t := range s {
		v, ok := labels[t.key]
		if !ok || t.values != nil && slices.Contains(t.values, v) == t.not {
			return false
		}
	}
	return true
}

// parseSelector reads "k", "k==v", "k!=v", "k in (a,b)" and "k notin (a,b)",
// joined by commas. Other characters than letters, digits, ".", "_" and "-"
// need a backslash.
func parseSelector(text string) (selector, error) {
	p := &selectorParser{rest: text}
	var s selector
	for p.space(); p.rest != ""; p.space() {
		if len(s) > 0 && !p.take(",") {
			return nil, p.fail("a comma")
		}
		t, err := p.term()
		if err != nil {
			return nil, err
		}
		s = append(s, t)
	}
	return s, nil
}

type selectorParser struct {
	rest string
	done int
}

func (p *selectorParser) fail(expected string) error {
	return fmt.Errorf("label selector: expected %s at character %d, before %q", expected, p.done+1, p.rest)
}

func (p *selectorParser) skip(n int) {
	p.rest, p.done = p.rest[n:], p.done+n
}

func (p *selectorParser) space() {
	p.skip(len(p.rest) - len(strings.TrimLeft(p.rest, " \t")))
}

func (p *selectorParser) take(token string) bool {
	p.space()
	if !strings.HasPrefix(p.rest, token) {
		return false
	}
	p.skip(len(token))
	return true
}

// word reads a key or value, "" if there is none.
func (p *selectorParser) word() string {
	p.space()
	var b strings.Builder
	for p.rest != "" {
		c := p.rest[0]
		switch {
		case c == '\\' && len(p.rest) > 1:
			b.WriteByte(p.rest[1])
			p.skip(2)
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("._-", c) >= 0, c >= 0x80:
			b.WriteByte(c)
			p.skip(1)
		default:
			return b.String()
		}
	}
	return b.String()
}

func (p *selectorParser) term() (term, error) {
	t := term{key: p.word()}
	if t.key == "" {
		return t, p.fail("a label's name")
	}
	p.space()
	switch {
	case p.rest == "" || p.rest[0] == ',':
		return t, nil
	case p.take("=="):
	case p.take("!="):
		t.not = true
	default:
		return p.set(t)
	}
	v := p.word()
	if v == "" {
		return t, p.fail("a value")
	}
	t.values = []string{v}
	return t, nil
}

func (p *selectorParser) set(t term) (term, error) {
	switch word := p.word(); word {
	case "in":
	case "notin":
		t.not = true
	default:
		return t, p.fail("==, !=, in or notin")
	}
	if !p.take("(") {
		return t, p.fail("an opening parenthesis")
	}
	for {
		v := p.word()
		if v == "" {
			return t, p.fail("a value")
		}
		t.values = append(t.values, v)
		if p.take(")") {
			return t, nil
		}
		if !p.take(",") {
			return t, p.fail("a comma or a closing parenthesis")
		}
	}
}
