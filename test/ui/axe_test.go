package ui

import (
	_ "embed"
	"fmt"
	"strings"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

//go:embed vendor/axe.min.js
var axe string

// violation is what axe-core finds against a page.
type violation struct {
	ID, Help string
	Nodes    []struct{ HTML, FailureSummary string }
}

// auditable makes a tab take axe-core, which the page's policy would keep out.
func (p *page) auditable() {
	p.t.Helper()
	command(p, cdppage.SetBypassCSP, cdppage.SetBypassCSPParams{Enabled: true})
}

// audit demands that a screen reader, and eyes that see little contrast, can use what
// is shown: all that axe-core knows of WCAG 2.2 AA and good practice, or only some
// of its rules.
func (p *page) audit(what string, rules ...string) {
	p.t.Helper()
	if !eval[bool](p, "typeof axe === 'object'") {
		eval[chromedp.Void](p, axe)
	}
	for _, v := range eval[[]violation](p, `axe.run(document, { resultTypes: ["violations"]`+only(rules)+` }).then((r) => r.violations.map((v) => ({ id: v.id, help: v.help, nodes: v.nodes.slice(0, 4).map((n) => ({ html: n.html, failureSummary: n.failureSummary })) })))`) {
		var places strings.Builder
		for _, n := range v.Nodes {
			fmt.Fprintf(&places, "\n  %s\n    %s", n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", " "))
		}
		p.t.Errorf("%s: %s: %s%s", what, v.ID, v.Help, places.String())
	}
}

// only is the option that leaves out all other rules.
func only(rules []string) string {
	if len(rules) == 0 {
		return ""
	}
	return `, runOnly: ["` + strings.Join(rules, `", "`) + `"]`
}
