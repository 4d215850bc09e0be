package taskinfo_test

import (
	"encoding/hex"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

var update = flag.Bool("update", false, "write the stored payload anew; only for a new format version")

// TestParse_reads_what_earlier_schedulers_wrote keeps the format: an executor
// may be newer than the scheduler that launched its task.
func TestParse_reads_what_earlier_schedulers_wrote(t *testing.T) {
	t.Parallel()
	const file = "testdata/payload_v1.hex"
	l := launch(bridged(), 31001, 31002)
	if *update {
		info, err := taskinfo.Build(l, installed())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(hex.EncodeToString(info.Data)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := taskinfo.Parse(mesos.TaskInfo{TaskID: l.TaskID, Data: data})
	if err != nil {
		t.Fatal(err)
	}
	want, err := taskinfo.Resolve(l, installed())
	if err != nil {
		t.Fatal(err)
	}
	want.Checks[0].Steady = false // which that scheduler did not know
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	info, err := taskinfo.Build(launch(bridged(), 31001, 31002), installed())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(info.Data)
	f.Add([]byte{0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		task, err := taskinfo.Parse(mesos.TaskInfo{TaskID: "t1", Data: data})
		if err == nil && task.ID != "t1" {
			t.Errorf("got id %s", task.ID)
		}
	})
}
