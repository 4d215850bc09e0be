package operator

import (
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// systemMetrics are load and memory of the machine.
func systemMetrics() map[string]float64 {
	out := map[string]float64{"system/cpus_total": float64(runtime.NumCPU())}
	load := strings.Fields(readText("/proc/loadavg"))
	for i, name := range []string{"1min", "5min", "15min"} {
		out["system/load_"+name] = 0
		if i < len(load) {
			out["system/load_"+name], _ = strconv.ParseFloat(load[i], 64)
		}
	}
	out["system/mem_total_bytes"], out["system/mem_free_bytes"] = 0, 0
	for line := range strings.Lines(readText("/proc/meminfo")) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		kib, err := strconv.ParseFloat(fields[1], 64)
		switch {
		case err != nil:
		case fields[0] == "MemTotal:":
			out["system/mem_total_bytes"] = kib * 1024
		case fields[0] == "MemFree:":
			out["system/mem_free_bytes"] = kib * 1024
		}
	}
	return out
}

// readText is the content of a file of /proc, empty where there is none.
func readText(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(b)
}

func metricList(metrics map[string]float64) []mesos.Metric {
	out := make([]mesos.Metric, 0, len(metrics))
	for _, name := range slices.Sorted(maps.Keys(metrics)) {
		value := metrics[name]
		out = append(out, mesos.Metric{Name: name, Value: &value})
	}
	return out
}

func flagList(flags map[string]string) []mesos.Flag {
	out := make([]mesos.Flag, 0, len(flags))
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		value := flags[name]
		out = append(out, mesos.Flag{Name: name, Value: &value})
	}
	return out
}
