package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// docs/configuration.md is made from the flags themselves.
func TestEveryFlagIsDocumented(t *testing.T) {
	const file = "../../docs/configuration.md"
	var b strings.Builder
	b.WriteString(`# Configuration

Every flag can also be given in the environment as GANTRY_<FLAG>, in upper case with underscores: --mesos-role as
GANTRY_MESOS_ROLE. The command line wins. In flag names underscores and dashes are the same. This page is made from the
flags (` + "`go test ./cmd/gantry -run Documented -update`" + `).
`)
	for _, cmd := range []*cobra.Command{newSchedulerCmd(), newMiniCmd()} {
		fmt.Fprintf(&b, "\n## gantry %s\n\n%s.\n\n| flag | default | meaning |\n|---|---|---|\n", cmd.Name(), cmd.Short)
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			value := f.DefValue
			if f.Name == "work-dir" {
				value = "~/.gantry/mini"
			}
			fmt.Fprintf(&b, "| `--%s` | %s | %s |\n", f.Name, strings.Trim(value, "[]"), strings.ReplaceAll(f.Usage, "|", `\|`))
		})
	}
	if *updateScripts {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(data), b.String()); d != "" {
		t.Errorf("docs/configuration.md is out of date, run with -update (-there +flags):\n%s", d)
	}
}
