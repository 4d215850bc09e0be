package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/test/zktest"
)

// tool returns the path of a program of Debian's, or fails with what installs it.
func tool(t *testing.T, name, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: apt-get install %s", name, pkg)
	}
	return path
}

// target is a target as Prometheus tells of it.
type target struct {
	Labels           map[string]string
	DiscoveredLabels map[string]string
	ScrapeURL        string
}

// prometheus runs Debian's Prometheus with these scrape_configs, and returns what it
// tells of its targets, by job, and its API.
func prometheus(t *testing.T, scrapeConfigs string) (func() map[string][]target, api) {
	t.Helper()
	dir, address := workDir(t), freeAddress(t)
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, []byte("scrape_configs:\n"+scrapeConfigs), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command(tool(t, "prometheus", "prometheus"), "--config.file", config, "--storage.tsdb.path", filepath.Join(dir, "data"),
		"--web.listen-address", address))
	its := api{t, "http://" + address}
	return func() map[string][]target {
		var out struct {
			Data struct{ ActiveTargets []target }
		}
		_, data, err := its.try(http.MethodGet, "/api/v1/targets", "")
		if err != nil || json.Unmarshal(data, &out) != nil {
			return nil // it does not answer yet
		}
		jobs := map[string][]target{}
		for _, target := range out.Data.ActiveTargets {
			jobs[target.Labels["job"]] = append(jobs[target.Labels["job"]], target)
		}
		return jobs
	}, its
}

// addresses are the sorted addresses of targets.
func addresses(targets []target) []string {
	var out []string
	for _, t := range targets {
		out = append(out, t.DiscoveredLabels["__address__"])
	}
	slices.Sort(out)
	return out
}

// reached are the sorted addresses of tasks.
func reached(tasks []task) []string {
	var out []string
	for _, t := range tasks {
		out = append(out, fmt.Sprintf("%s:%d", t.Host, t.Ports[0]))
	}
	slices.Sort(out)
	return out
}

// measured is an app whose only port is to be scraped.
func measured(id string, instances int) string {
	return shell(id, "exec sleep 1000", instances, `,"labels":{"team":"a"},
	  "portDefinitions":[{"port":0,"name":"http","labels":{"metrics":"yes","metrics-path":"/stats"}}]`)
}

// Names in ZooKeeper are read by what reads Aurora's and nerve's.
func TestPrometheusFindsNamesInZooKeeper(t *testing.T) {
	t.Parallel()
	zk := zktest.Start(t)
	a, _ := mini(t, "--runtime", "process", "--agents", "2", "--discovery-zk", "zk://"+zk.Addr()+"/names", "--announce", "serverset,nerve",
		"--serverset-paths", "/aurora")
	a.must(http.MethodPost, "/v2/apps", measured("/prod/web", 3), nil)
	a.must(http.MethodPost, "/v2/apps", shell("/moved", "exec sleep 1000", 1, `,"labels":{"GANTRY_SERVERSET_PATH":"/aurora/www/prod/moved"}`), nil)
	tasks, moved := a.running("/prod/web", 3, 30*time.Second), a.running("/moved", 1, 30*time.Second)
	targets, _ := prometheus(t, `
  - job_name: serverset
    serverset_sd_configs: [{servers: ["`+zk.Addr()+`"], paths: [/names/serversets]}]
  - job_name: aurora
    serverset_sd_configs: [{servers: ["`+zk.Addr()+`"], paths: [/aurora/www/prod/moved]}]
  - job_name: nerve
    nerve_sd_configs: [{servers: ["`+zk.Addr()+`"], paths: [/names/nerve/prod/web/http]}]
`)
	settled := func(tasks []task) {
		t.Helper()
		eventually(t, time.Minute, func() error {
			jobs := targets()
			for job, want := range map[string][]string{"serverset": reached(tasks), "nerve": reached(tasks), "aurora": reached(moved)} {
				if got := addresses(jobs[job]); !slices.Equal(got, want) {
					return fmt.Errorf("%s: targets are %v, want %v", job, got, want)
				}
			}
			return nil
		})
	}
	settled(tasks)
	if l := targets()["serverset"][0].DiscoveredLabels; l["__meta_serverset_status"] != "ALIVE" || l["__meta_serverset_endpoint_port_http"] == "" {
		t.Errorf("labels are %v", l)
	}
	a.must(http.MethodPut, "/v2/apps/prod/web", `{"instances": 1}`, nil)
	settled(a.running("/prod/web", 1, 30*time.Second))
}

func TestPrometheusFindsWhatRuns(t *testing.T) {
	t.Parallel()
	a, p := mini(t, "--runtime", "process", "--agents", "2")
	a.must(http.MethodPost, "/v2/apps", measured("/prod/web", 3), nil)
	a.must(http.MethodPost, "/v2/apps", shell("/silent", "exec sleep 1000", 1, ""), nil)
	tasks := a.running("/prod/web", 3, 30*time.Second)
	file := filepath.Join(workDir(t), "gantry.json")
	start(t, nil, "gantry", "discovery", "export", "--file", file, "--watch", "--url", a.url)
	targets, its := prometheus(t, `
  - job_name: http
    http_sd_configs: [{url: "`+a.url+`/v3/prometheus/targets", refresh_interval: 1s}]
  - job_name: file
    file_sd_configs: [{files: ["`+filepath.Dir(file)+`/*.json"]}]
  - job_name: marathon
    marathon_sd_configs: [{servers: ["`+a.url+`"], refresh_interval: 1s}]
    relabel_configs: [{source_labels: [__meta_marathon_app], regex: /prod/.*, action: keep}]
`)
	settled := func(tasks []task) {
		t.Helper()
		eventually(t, time.Minute, func() error {
			jobs := targets()
			for _, job := range []string{"http", "file", "marathon"} {
				if got, want := addresses(jobs[job]), reached(tasks); !slices.Equal(got, want) {
					return fmt.Errorf("%s: targets are %v, want %v", job, got, want)
				}
			}
			return nil
		})
	}
	settled(tasks)
	for _, target := range targets()["http"] {
		if l := target.DiscoveredLabels; l["__meta_gantry_app"] != "/prod/web" || l["__metrics_path__"] != "/stats" || l["__meta_gantry_app_label_team"] != "a" {
			t.Errorf("labels are %v", l)
		}
	}
	a.must(http.MethodPut, "/v2/apps/prod/web", `{"instances": 1}`, nil)
	left := a.running("/prod/web", 1, 30*time.Second)
	settled(left)

	// Without a scheduler Prometheus keeps what it has.
	p.interrupt()
	eventually(t, time.Minute, func() error {
		_, metrics, err := its.try(http.MethodGet, "/metrics", "")
		if !regexp.MustCompile(`(?m)^prometheus_sd_http_failures_total [1-9]`).Match(metrics) {
			return fmt.Errorf("no refresh has failed yet: %w", err)
		}
		return nil
	})
	settled(left)
}
