package main

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// said is a text of the program, and the file that it is in.
type said struct{ file, text string }

// sayings are the texts of all that runs here, those that are put together of parts with
// % for what is not known. The mini cluster's are left out: they are Mesos' own.
func sayings(t *testing.T) []said {
	t.Helper()
	var out []said
	for _, root := range []string{"../../cmd", "../../scheduler", "../../executor", "../../pkg"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && path == "../../pkg/minicluster" {
				return cmp.Or(err, fs.SkipDir)
			}
			if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				e, ok := n.(ast.Expr)
				if !ok {
					_, isImport := n.(*ast.ImportSpec)
					return !isImport
				}
				text, ok := textOf(e)
				if ok {
					out = append(out, said{strings.TrimPrefix(path, "../../"), text})
				}
				return !ok
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(out) < 1000 {
		t.Fatalf("got %d texts, which cannot be all", len(out))
	}
	return out
}

// textOf is the value of a text, or of a sum with one in it.
func textOf(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		x, isText := textOf(e.X)
		y, also := textOf(e.Y)
		if e.Op != token.ADD || !isText && !also {
			return "", false
		}
		if !isText {
			x = "%"
		}
		if !also {
			y = "%"
		}
		return x + y, true
	}
	return "", false
}

// flagsOf are the names of all flags of a command and those below it.
func flagsOf(root *cobra.Command) map[string]bool {
	names := map[string]bool{"help": true, "version": true}
	for _, cmd := range append(root.Commands(), root) {
		if cmd != root {
			for name := range flagsOf(cmd) {
				names[name] = true
			}
		}
		note := func(f *pflag.Flag) { names[f.Name] = true }
		cmd.Flags().VisitAll(note)
		cmd.PersistentFlags().VisitAll(note)
	}
	return names
}

var flagSaid = regexp.MustCompile(`(?:^|[\s"'(=;])--([a-z][a-z-]*[a-z])`)

func TestEveryFlagThatIsSaidExistsAndIsTried(t *testing.T) {
	t.Parallel()
	flags, lines := flagsOf(newRootCmd()), triedLines(t)
	for _, s := range sayings(t) {
		for _, m := range flagSaid.FindAllStringSubmatch(s.text, -1) {
			name := m[1]
			if !flags[name] {
				t.Errorf("%s says --%s, which no command has: %q", s.file, name, s.text)
				continue
			}
			variable := "GANTRY_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "="
			if !slices.ContainsFunc(lines, func(l string) bool {
				return strings.Contains(l, "--"+name+" ") || strings.Contains(l, "--"+name+"=") || strings.Contains(l, variable) || name == "follow" && strings.Contains(l, "logs -f ")
			}) {
				t.Errorf("%s says --%s, which no test runs the program with: %q", s.file, name, s.text)
			}
		}
	}
}

// commandSaid is a command line in a text, up to what ends it in prose.
var commandSaid = regexp.MustCompile(`(?:^|[\s"'(;|])gantry ([a-z][^\n'":;,.?)|]*)`)

func TestEveryCommandThatIsSaidExists(t *testing.T) {
	t.Parallel()
	root := newRootCmd()
	n := 0
	for _, s := range sayings(t) {
		for _, m := range commandSaid.FindAllStringSubmatch(s.text, -1) {
			words := strings.Fields(m[1])
			if slices.Contains([]string{"that", "or"}, words[0]) { // the program, in prose
				continue
			}
			n++
			cmd, rest, err := root.Find(words)
			if err != nil || cmd == root || cmd.HasSubCommands() && len(rest) > 0 {
				t.Errorf("%s says %q, which is no command: %q", s.file, m[1], s.text)
				continue
			}
			for _, flag := range flagSaid.FindAllStringSubmatch(" "+strings.Join(rest, " "), -1) {
				if flag[1] != "help" && cmd.Flags().Lookup(flag[1]) == nil && cmd.InheritedFlags().Lookup(flag[1]) == nil {
					t.Errorf("%s says --%s of %s, which has none: %q", s.file, flag[1], cmd.CommandPath(), s.text)
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("got %d command lines, which cannot be all", n)
	}
}

// TestEveryExampleOfACommandParses takes the examples as they would be typed.
func TestEveryExampleOfACommandParses(t *testing.T) {
	t.Parallel()
	leaves(newRootCmd(), func(cmd *cobra.Command) {
		for line := range strings.Lines(cmd.Example) {
			for _, part := range strings.FieldsFunc(line, func(r rune) bool { return r == '|' || r == '>' }) {
				words := typed(strings.TrimSpace(part))
				if len(words) == 0 || words[0] != "gantry" {
					continue
				}
				root := newRootCmd() // with flags that nobody has set
				got, rest, err := root.Find(signedLast(root, words[1:]))
				if err != nil || got.CommandPath() != cmd.CommandPath() {
					t.Errorf("%q is no example of %s: %v", line, cmd.CommandPath(), err)
					continue
				}
				if err := got.ParseFlags(rest); err != nil {
					t.Errorf("%q: %v", line, err)
					continue
				}
				if err := got.ValidateArgs(got.Flags().Args()); err != nil {
					t.Errorf("%q: %v", line, err)
				}
			}
		}
	})
}

// typed splits a line as a shell does; what is in $() counts as one word.
func typed(line string) []string {
	var words []string
	for _, m := range regexp.MustCompile(`'[^']*'|"[^"]*"|\$\([^)]*\)?|\S+`).FindAllString(line, -1) {
		words = append(words, strings.Trim(m, `'"`))
	}
	return words
}

// documentedPaths are the paths of the API in docs/api.md with their methods. test/e2e
// requests each of them.
func documentedPaths(t *testing.T) map[*regexp.Regexp]string {
	t.Helper()
	data, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "## Endpoints")
	out := map[*regexp.Regexp]string{}
	for line := range strings.Lines(rest) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || !strings.Contains(cells[1], "`/") {
			continue
		}
		last, found := "", regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1)
		methods := strings.Split(cells[2], ",") // of each path, or of all
		for n, m := range found {
			path := m[1]
			if below, short := strings.CutPrefix(path, "..."); short {
				path = strings.TrimSuffix(last, "/versions") + below
			}
			last = path
			pattern := regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(regexp.QuoteMeta(strings.NewReplacer("{", "<", "}", ">").Replace(path)), "")
			pattern = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(pattern, `[^ ]+`)
			out[regexp.MustCompile("^"+pattern+"$")] = methods[min(n, len(methods)-1)]
		}
	}
	if len(out) < 20 {
		t.Fatalf("got %d paths of docs/api.md, which cannot be all", len(out))
	}
	return out
}

var pathSaid = regexp.MustCompile(`(?:\b(GET|POST|PUT|PATCH|DELETE) )?(/v[23]/[^\s'",;)?]*)`)

func TestEveryEndpointThatIsSaidExists(t *testing.T) {
	t.Parallel()
	paths := documentedPaths(t)
	for _, s := range sayings(t) {
		if !strings.Contains(s.text, " ") || strings.HasPrefix(s.file, "executor/") {
			continue // no sentence; the executor speaks with registries
		}
		for _, m := range pathSaid.FindAllStringSubmatch(s.text, -1) {
			method, path := m[1], regexp.MustCompile(`([^/])%[a-z]?`).ReplaceAllString(strings.TrimRight(m[2], ".:"), "$1/x")
			if path == "/v2/%" {
				continue // what was asked for and is not there
			}
			found := false
			for pattern, methods := range paths {
				found = found || pattern.MatchString(path) && strings.Contains(methods, cmp.Or(method, "GET"))
			}
			if !found {
				t.Errorf("%s says %s %s, which docs/api.md does not have: %q", s.file, method, path, s.text)
			}
		}
	}
}

// environment are the variables that are read, apart from those of flags.
func environment(all []said) map[string]bool {
	known := map[string]bool{}
	for _, s := range all {
		if regexp.MustCompile(`^GANTRY_[A-Z_]+$`).MatchString(s.text) {
			known[s.text] = true
		}
	}
	return known
}

func TestEveryVariableFileAndOptionThatIsSaidExists(t *testing.T) {
	t.Parallel()
	all, flags := sayings(t), flagsOf(newRootCmd())
	known := environment(all)
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		for _, name := range regexp.MustCompile(`GANTRY_[A-Z][A-Z_]*[A-Z]\b`).FindAllString(s.text, -1) {
			flag := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "GANTRY_"), "_", "-"))
			if !known[name] && !flags[flag] {
				t.Errorf("%s says %s, which nothing reads: %q", s.file, name, s.text)
			}
		}
		for _, file := range regexp.MustCompile(`\b(?:docs|examples)/[a-z0-9/.-]+[a-z]`).FindAllString(s.text, -1) {
			if _, err := os.Stat("../../" + file); err != nil {
				t.Errorf("%s says %s, which is not there: %q", s.file, file, s.text)
			}
		}
		for _, m := range regexp.MustCompile(`(?: with|it with:|run:?) make ([a-z-]+)`).FindAllStringSubmatch(s.text, -1) {
			if !strings.Contains(string(makefile), "\n"+m[1]+":") {
				t.Errorf("%s says make %s, which the Makefile does not have: %q", s.file, m[1], s.text)
			}
		}
		for _, m := range regexp.MustCompile(`\?([a-zA-Z]+)=`).FindAllStringSubmatch(s.text, -1) {
			if !slices.ContainsFunc(all, func(o said) bool { return o.text == m[1] && strings.HasPrefix(o.file, "scheduler/httpapi/") }) && !strings.Contains(s.text, "/debug/") {
				t.Errorf("%s says ?%s=, which the API does not read: %q", s.file, m[1], s.text)
			}
		}
	}
}

// TestEveryCommandThatIsDocumentedExists takes what stands as code in the documents.
func TestEveryCommandThatIsDocumentedExists(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) < 8 {
		t.Fatalf("got documents %v, %v", files, err)
	}
	n := 0
	for _, file := range append(files, "../../README.md", "../../examples/README.md") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(data), "\\\n", " ")
		for _, m := range regexp.MustCompile("(?m)(?:`|^ {0,4}|[|;] )gantry ([a-z][^\n`|#;]*)").FindAllStringSubmatch(text, -1) {
			n++
			root := newRootCmd()
			words := typed(strings.ReplaceAll(strings.ReplaceAll(m[1], "[", ""), "]", ""))
			cmd, rest, err := root.Find(signedLast(root, words))
			if err != nil || cmd == root {
				t.Errorf("%s has %q, which is no command", file, m[1])
				continue
			}
			for _, flag := range flagSaid.FindAllStringSubmatch(" "+strings.Join(rest, " "), -1) {
				if flag[1] != "help" && cmd.Flags().Lookup(flag[1]) == nil && cmd.InheritedFlags().Lookup(flag[1]) == nil {
					t.Errorf("%s has --%s of %s, which has none: %q", file, flag[1], cmd.CommandPath(), m[1])
				}
			}
		}
	}
	if n < 20 {
		t.Errorf("got %d command lines, which cannot be all", n)
	}
}
