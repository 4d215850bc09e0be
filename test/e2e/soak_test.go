package e2e

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/test/zktest"
)

var soakFor = flag.Duration("soak", 10*time.Second, "how long TestNothingGrowsWithTime has Apps come and go")

// soakRounds is how many rounds there are at least: two to compare, after one to warm up.
const soakRounds = 3

// sample is what a scheduler and its state take while nothing runs.
type sample map[string]float64

// slack is how much more each may be in the end than at first: a share of it, and what
// it varies by anyway. Memory is what the collector leaves for later, the log in
// ZooKeeper is folded after some thousand entries or four megabytes.
var slack = map[string]struct{ share, more float64 }{
	"process_resident_memory_bytes": {0.5, 64 << 20},
	"go_goroutines":                 {0, 25},
	"process_open_fds":              {0, 25},
	"zk_znode_count":                {0, 5000},
	"zk_approximate_data_size":      {0.5, 8 << 20},
	"zk_ephemerals_count":           {0, 5},
	"zk_watch_count":                {0, 20},
}

// read adds the numbers with names that matter, a line each.
func (s sample) read(from io.Reader) {
	for lines := bufio.NewScanner(from); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) != 2 {
			continue
		}
		if _, wanted := slack[fields[0]]; wanted {
			if v, err := strconv.ParseFloat(fields[1], 64); err == nil {
				s[fields[0]] = v
			}
		}
	}
}

func take(t *testing.T, a api, zk *zktest.Server) sample {
	t.Helper()
	s := sample{}
	_, data, err := a.try(http.MethodGet, "/metrics", "")
	if err != nil {
		t.Fatal(err)
	}
	s.read(strings.NewReader(string(data)))
	conn, err := net.Dial("tcp", zk.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }() // all is read
	if _, err := io.WriteString(conn, "mntr"); err != nil {
		t.Fatal(err)
	}
	s.read(conn)
	if len(s) != len(slack) {
		t.Fatalf("the sample %v lacks some of %v", s, slack)
	}
	return s
}

// comeAndGo has Apps created, scaled and deleted, and waits until none is left.
func comeAndGo(t *testing.T, a api, round int) {
	t.Helper()
	const apps = 4
	for n := range apps {
		a.must(http.MethodPost, "/v2/apps", shell(fmt.Sprintf("/r%d/a%d", round, n), "exec sleep 1000", 2, `, "cpus": 0.01, "mem": 8`), nil)
	}
	for n := range apps {
		id := fmt.Sprintf("/r%d/a%d", round, n)
		a.running(id, 2, time.Minute)
		a.must(http.MethodPut, "/v2/apps"+id, `{"instances": 3}`, nil)
		a.running(id, 3, time.Minute)
		a.must(http.MethodDelete, "/v2/apps"+id, "", nil)
	}
	a.must(http.MethodDelete, fmt.Sprintf("/v2/groups/r%d?force=true", round), "", nil)
	eventually(t, time.Minute, func() error {
		var list struct{ Apps []appState }
		a.must(http.MethodGet, "/v2/apps", "", &list)
		if len(list.Apps) > 0 {
			return fmt.Errorf("%d apps are left", len(list.Apps))
		}
		return nil
	})
}

// Apps come and go; what the scheduler takes does not grow with their number.
func TestNothingGrowsWithTime(t *testing.T) {
	zk := zktest.Start(t)
	c := cluster(t, nil)
	a, _ := scheduling(t, freeAddress(t), "--master", c.MasterURL(), "--zk", "zk://"+zk.Addr()+"/gantry", "--default-executor", "mesos",
		"--drain-timeout", "0s", "--drain-min-delay", "0s")
	var samples []sample
	for began := time.Now(); time.Since(began) < *soakFor || len(samples) < soakRounds; {
		comeAndGo(t, a, len(samples))
		samples = append(samples, take(t, a, zk))
	}
	third := max(len(samples)/3, 1)
	median := func(of []sample, name string) float64 {
		var values []float64
		for _, s := range of {
			values = append(values, s[name])
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	for name, most := range slack {
		first, last := median(samples[:third], name), median(samples[len(samples)-third:], name)
		t.Logf("%s: %.0f at first, %.0f in the end, after %d rounds", name, first, last, len(samples))
		if last > first*(1+most.share)+most.more {
			t.Errorf("%s has grown from %.0f to %.0f in %d rounds", name, first, last, len(samples))
		}
	}
}
