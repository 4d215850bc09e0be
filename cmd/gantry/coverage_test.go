package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// triedLines are the lines of tests that run the program: those of the scripts, and
// of the Go tests here and in test/e2e, without quotes and commas.
func triedLines(t *testing.T) []string {
	t.Helper()
	var lines []string
	for _, pattern := range []string{"testdata/script/*.txtar", "*_test.go", "../../test/e2e/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(data)) {
				lines = append(lines, " "+strings.Join(strings.Fields(strings.NewReplacer(`"`, " ", ",", " ", "`", " ").Replace(line)), " ")+" ")
			}
		}
	}
	return lines
}

// leaves calls f with each command that does something itself.
func leaves(cmd *cobra.Command, f func(*cobra.Command)) {
	for _, c := range cmd.Commands() {
		if c.HasSubCommands() {
			leaves(c, f)
		} else {
			f(c)
		}
	}
}

func TestEveryCommandAndFlagIsTriedAndExplained(t *testing.T) {
	t.Parallel()
	lines := triedLines(t)
	manual, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	leaves(newRootCmd(), func(cmd *cobra.Command) {
		path := strings.TrimPrefix(cmd.CommandPath(), "gantry ")
		if cmd.GroupID == "run" || strings.HasPrefix(path, "completion") || path == "help" {
			return
		}
		mine := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.Contains(l, " "+path+" ") })
		if len(mine) == 0 {
			t.Errorf("no test runs gantry %s", path)
			return
		}
		if !strings.Contains(string(manual), path) {
			t.Errorf("docs/cli.md does not tell of gantry %s", path)
		}
		if cmd.Example == "" {
			t.Errorf("gantry %s --help has no example", path)
		}
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name == "help" {
				return
			}
			tried := slices.ContainsFunc(mine, func(l string) bool {
				return strings.Contains(l, "--"+f.Name) || f.Shorthand != "" && strings.Contains(l, " -"+f.Shorthand+" ")
			})
			if !tried {
				t.Errorf("no test runs gantry %s --%s", path, f.Name)
			}
		})
	})
}
