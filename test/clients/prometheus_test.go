package clients

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
)

// target is a target as Prometheus shows it.
type target struct {
	DiscoveredLabels, Labels map[string]string
	ScrapePool, Health       string
	LastError                string
}

// TestPrometheusDiscoversAndScrapes runs Prometheus: its marathon_sd finds the tasks
// of apps, and it scrapes them as well as the scheduler's own metrics.
func TestPrometheusDiscoversAndScrapes(t *testing.T) {
	t.Parallel()
	prometheus := tool(t, "prometheus", "apt-get install prometheus")
	c := newCluster(t)
	c.must(t, http.MethodPost, "/v2/apps", web)
	c.settled(t)
	u, err := url.Parse(c.url)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	text := fmt.Sprintf(`
global: {scrape_interval: 1s}
scrape_configs:
- job_name: tasks
  marathon_sd_configs: [{servers: [%q], refresh_interval: 1s}]
- job_name: gantry
  static_configs: [{targets: [%q]}]
`, c.url, u.Host)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	start(t, prometheus, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	p := cluster{url: "http://" + address}

	var pools map[string][]target
	eventually(t, func() error {
		var answer struct {
			Data struct{ ActiveTargets []target }
		}
		if err := p.get(t, "/api/v1/targets", &answer); err != nil {
			return err
		}
		pools = map[string][]target{}
		for _, target := range answer.Data.ActiveTargets {
			if target.Health != "up" {
				return fmt.Errorf("%s is %s: %s", target.Labels["instance"], target.Health, target.LastError)
			}
			pools[target.ScrapePool] = append(pools[target.ScrapePool], target)
		}
		if len(pools["tasks"]) != 2 || len(pools["gantry"]) != 1 {
			return fmt.Errorf("got targets %+v, want two tasks and the scheduler", answer.Data.ActiveTargets)
		}
		return nil
	})
	for _, target := range pools["tasks"] {
		for label, want := range map[string]string{
			"__meta_marathon_app": "/prod/web", "__meta_marathon_app_label_prometheus": "yes",
			"__meta_marathon_port_definition_label_metrics": "true", "__meta_marathon_port_index": "0",
		} {
			if got := target.DiscoveredLabels[label]; got != want {
				t.Errorf("%s: got %s=%q, want %q", target.Labels["instance"], label, got, want)
			}
		}
		if target.DiscoveredLabels["__meta_marathon_task"] == "" {
			t.Errorf("%s has no task", target.Labels["instance"])
		}
	}
	for query, want := range map[string]string{"sum(demo_up)": "2", "gantry_apps": "1", "marathon_apps_active_gauge": "1", "marathon_instances_running_gauge": "2"} {
		eventually(t, func() error { return p.measures(t, query, want) })
	}
}

// measures returns an error unless a query of Prometheus has one result, of that value.
func (p cluster) measures(t *testing.T, query, want string) error {
	t.Helper()
	var answer struct {
		Data struct {
			Result []struct{ Value []json.RawMessage }
		}
	}
	if err := p.get(t, "/api/v1/query?query="+url.QueryEscape(query), &answer); err != nil {
		return err
	}
	if r := answer.Data.Result; len(r) != 1 || len(r[0].Value) != 2 || string(r[0].Value[1]) != fmt.Sprintf("%q", want) {
		return fmt.Errorf("%s: got %+v, want %s", query, r, want)
	}
	return nil
}
