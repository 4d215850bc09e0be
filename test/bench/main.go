// Command bench measures how fast and how well Gantry places instances. It
// prints a line for each figure, "name value unit", and writes all of them to a
// JSON file. What each figure means stands in docs/performance.md.
//
// Figures are taken on one processor. Time is the processor time that this
// process used, garbage collection included, so that a busy machine disturbs
// little; of several runs the best counts. Where somebody waits (path, api,
// restart, failover) it is time on the wall. All of it takes some six minutes; the groups
// "restart" and "failover" need a ZooKeeper server to run.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/pprof"
	"syscall"
	"time"
)

func main() {
	asScheduler()
	out := flag.String("out", "bench.json", "file to write the figures to, in JSON; empty for none")
	run := flag.String("run", "", "regular expression of the groups to run; empty for all")
	runs := flag.Int("runs", 3, "how often each figure is taken; the best counts")
	small := flag.Bool("small", false, "use the smallest size of each workload, to try things out")
	profile := flag.String("cpuprofile", "", "file to write a processor profile to")
	flag.Parse()
	err := profiled(*profile, func() error { return bench(*out, *run, *runs, *small) })
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// profiled runs f and writes a processor profile of it to the file, if one is named.
func profiled(file string, f func() error) error {
	if file == "" {
		return f()
	}
	to, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("write profile: %w", err)
	}
	if err := pprof.StartCPUProfile(to); err != nil {
		return fmt.Errorf("write profile: %w", err)
	}
	err = f()
	pprof.StopCPUProfile()
	return errors.Join(err, to.Close())
}

// figure is one line of the output.
type figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// session is one run of the program.
type session struct {
	runs    int
	small   bool
	figures []figure
}

func bench(out, run string, runs int, small bool) error {
	want, err := regexp.Compile(run)
	if err != nil {
		return fmt.Errorf("read -run: %w", err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	s := &session{runs: runs, small: small}
	s.noteLoad()
	var failed []error
	for _, g := range groups {
		if !want.MatchString(g.name) {
			continue
		}
		began := time.Now()
		s.progress("%s", g.name)
		if err := g.run(s); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w; -run chooses other groups", g.name, err))
			continue
		}
		s.progress("%s took %v", g.name, time.Since(began).Round(100*time.Millisecond))
	}
	if run == "" && !small && len(failed) == 0 {
		failed = append(failed, s.judge())
	}
	if out != "" {
		failed = append(failed, s.write(out))
	}
	return errors.Join(failed...)
}

// noteLoad says that other work is under way, which makes times on the wall longer.
func (s *session) noteLoad() {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return // only Linux tells it there
	}
	var load float64
	if _, err := fmt.Sscan(string(data), &load); err == nil && load > float64(runtime.NumCPU())/2 {
		s.progress("the machine is busy: %v processes want its %d processors; figures of time on the wall suffer", load, runtime.NumCPU())
	}
}

// write puts the figures into a file, as JSON.
func (s *session) write(out string) error {
	data, err := json.MarshalIndent(s.figures, "", "  ")
	if err != nil {
		return fmt.Errorf("encode figures: %w", err)
	}
	return os.WriteFile(out, append(data, '\n'), 0o644)
}

// groups are what can be chosen with -run, in the order of the output.
var groups = []struct {
	name string
	run  func(*session) error
}{
	{"placement", placementFigures},
	{"nearly-full", nearlyFullFigures},
	{"scaling", scalingFigure},
	{"spread", spreadFigures},
	{"fit-check", fitCheckFigures},
	{"fairness", fairnessFigures},
	{"trace", traceFigures},
	{"core", coreFigures},
	{"heap", heapFigure},
	{"path", pathFigure},
	{"api", apiFigures},
	{"ui", uiFigures},
	{"events", eventFigures},
	{"restart", restartFigure},
	{"failover", failoverFigures},
}

// progress tells whoever waits what goes on, beside the figures.
func (s *session) progress(format string, args ...any) {
	if !s.small {
		fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
	}
}

// report prints a figure and keeps it.
func (s *session) report(name string, value float64, unit string) {
	fmt.Printf("%s %s %s\n", name, format(value), unit)
	s.figures = append(s.figures, figure{name, value, unit})
}

// format prints large numbers whole and small ones with three decimals.
func format(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// best runs f several times and returns the shortest time. f prepares, and
// returns what is to be measured and, for afterwards, a check of the outcome.
func (s *session) best(f func() (measured func(), check func() error, err error)) (time.Duration, error) {
	var least time.Duration
	for range s.runs {
		measured, check, err := f()
		if err != nil {
			return 0, err
		}
		runtime.GC()
		start := processorTime()
		measured()
		took := processorTime() - start
		if err := check(); err != nil {
			return 0, err
		}
		if least == 0 || took < least {
			least = took
		}
	}
	return least, nil
}

// processorTime is what this process used so far, in user and system mode.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
