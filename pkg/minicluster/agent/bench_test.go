package agent

import (
	"fmt"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// BenchmarkCommandTask takes command tasks from RunTask to TASK_FINISHED, sixteen at a time.
func BenchmarkCommandTask(b *testing.B) {
	r := newRig(b, nil).registered()
	const window = 16
	f := frameworkInfo(true)
	launched, finished := 0, 0
	launch := func() {
		id := fmt.Sprintf("t%d", launched)
		r.master.send(link.RunTask{Framework: f, Task: commandTask(id, "exit 0"), LaunchExecutor: true})
		launched++
	}
	b.ResetTimer()
	for range min(window, b.N) {
		launch()
	}
	for ; finished < b.N; finished++ {
		await(b, r.master, func(u link.StatusUpdate) bool { return u.Status.GetState() == mesos.TASK_FINISHED })
		if launched < b.N {
			launch()
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
}
