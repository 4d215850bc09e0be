package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"
)

// progress shows how a deployment comes along: bars that are redrawn on a
// terminal, else a line for each change.
type progress struct {
	w     io.Writer
	tty   bool
	start time.Time
	// drawn is how many lines of bars are on the screen.
	drawn int
	last  []appState
	// trouble is what holds the deployment up, as far as is known.
	trouble string
	// told are the reasons that have been told, with their Apps.
	told map[string]bool
}

func newProgress(w io.Writer, g goal) *progress {
	// A dumb terminal cannot redraw lines.
	p := &progress{w: w, tty: terminal(w) && os.Getenv("TERM") != "dumb", start: time.Now(), told: map[string]bool{}}
	if !p.tty {
		fmt.Fprintf(w, "deployment %s started\n", g.result.DeploymentID)
	}
	return p
}

func (p *progress) show(states []appState) {
	if p.tty {
		p.draw(states)
		return
	}
	for i, s := range states {
		was := appState{}
		if i < len(p.last) {
			was = p.last[i]
		}
		if was.text != s.text {
			fmt.Fprintln(p.w, s.id+": "+s.text)
		}
		if s.trouble != "" && !p.told[s.id+s.reason()] {
			p.told[s.id+s.reason()] = true
			fmt.Fprintln(p.w, s.id+": "+s.trouble)
		}
	}
	p.last = slices.Clone(states)
}

var durations = regexp.MustCompile(`\b(\d+(\.\d+)?(ms|h|m|s))+\b`)

// timeless is a text without how long something still lasts, which is no news.
func timeless(text string) string { return durations.ReplaceAllString(text, "") }

// reason is what a reader wants to hear once of a trouble: a failure, however it is
// told, and whatever else holds an App up, for how long ever.
func (s appState) reason() string {
	if rest, ok := strings.CutSuffix(timeless(s.trouble), timeless(s.failure)); ok && s.failure != "" &&
		(strings.HasPrefix(rest, "last failure: ") || strings.HasPrefix(rest, "backs off")) && !strings.Contains(rest, ";") {
		return s.failure
	}
	return timeless(s.trouble)
}

// draw redraws the bars in place, and below them what holds them up.
func (p *progress) draw(states []appState) {
	width := 80
	if f, ok := p.w.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 20 {
			width = w
		}
	}
	var b strings.Builder
	if p.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", p.drawn)
	}
	names := 0
	for _, s := range states {
		names = max(names, len(s.id))
	}
	lines := 0
	for _, s := range states {
		line := fmt.Sprintf("%-*s %s %s  %v", names, s.id, bar(s.done, s.wanted), s.text, time.Since(p.start).Round(time.Second))
		fmt.Fprintf(&b, "\r\x1b[K%s\n", clip(line, width-1))
		lines++
		for _, line := range wrap(s.trouble, width-1-len(troubleIndent)) {
			fmt.Fprintf(&b, "\r\x1b[K%s%s\n", troubleIndent, line)
			lines++
		}
	}
	if lines < p.drawn {
		b.WriteString("\x1b[J")
	}
	p.drawn = lines
	fmt.Fprint(p.w, b.String())
}

const troubleIndent = "  "

// wrap breaks a text into lines of at most n characters, between words where it can.
func wrap(text string, n int) []string {
	var lines []string
	line := []rune{}
	for word := range strings.FieldsSeq(text) {
		w := []rune(word)
		if len(line) > 0 && len(line)+1+len(w) > n {
			lines, line = append(lines, string(line)), line[:0]
		}
		if len(line) > 0 {
			line = append(line, ' ')
		}
		for line = append(line, w...); len(line) > n; line = line[n:] {
			lines = append(lines, string(line[:n]))
		}
	}
	if len(line) > 0 {
		lines = append(lines, string(line))
	}
	return lines
}

const barWidth = 20

func bar(done, wanted int) string {
	full := barWidth
	if wanted > 0 {
		full = min(done, wanted) * barWidth / wanted
	}
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", barWidth-full) + "]"
}

func clip(s string, n int) string {
	if r := []rune(strings.ReplaceAll(s, "\n", " ")); len(r) > n {
		return string(r[:n])
	}
	return strings.ReplaceAll(s, "\n", " ")
}

// end leaves what is drawn on the screen.
func (p *progress) end() { p.drawn = 0 }

func (p *progress) finished(after time.Duration) {
	if p.tty {
		fmt.Fprintf(p.w, "done in %v\n", after.Round(100*time.Millisecond))
		return
	}
	fmt.Fprintln(p.w, "deployment finished")
}
