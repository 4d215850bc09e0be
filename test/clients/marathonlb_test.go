package clients

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What marathon-lb reads of an app. Members of Python's dictionaries that must be
// there are pointers here.
type lbApp struct {
	ID           *string
	Labels       map[string]string
	Instances    *int
	HealthChecks []struct {
		Protocol                                                                    string
		Path                                                                        string
		Port, PortIndex                                                             *int
		TimeoutSeconds, IntervalSeconds, GracePeriodSeconds, MaxConsecutiveFailures *int
	}
	Networks  []struct{ Mode string }
	Container struct {
		PortMappings []struct{ ServicePort, ContainerPort int }
	}
	PortDefinitions []struct{ Port int }
	Deployments     []struct{ ID string }
	VersionInfo     struct{ LastScalingAt string }
	Tasks           []lbTask
}

type lbTask struct {
	ID, Host, State    *string
	Ports              []int
	IPAddresses        []struct{ IPAddress string }
	HealthCheckResults []struct{ Alive bool }
}

// backends are the servers that marathon-lb would give HAProxy, by service port.
func backends(apps []lbApp) (map[int][]string, error) {
	out := map[int][]string{}
	for _, a := range apps {
		if a.ID == nil || !strings.HasPrefix(*a.ID, "/") || a.Labels == nil || a.Tasks == nil || a.Instances == nil {
			return nil, fmt.Errorf("an app lacks a member that must be there: %+v", a)
		}
		for _, check := range a.HealthChecks {
			if check.Protocol == "" || check.TimeoutSeconds == nil || check.IntervalSeconds == nil || check.GracePeriodSeconds == nil || check.MaxConsecutiveFailures == nil {
				return nil, fmt.Errorf("a health check of %s lacks a member: %+v", *a.ID, check)
			}
		}
		services, container := a.services()
		for i, service := range services {
			if service == 0 {
				return nil, fmt.Errorf("%s has a service port of 0", *a.ID)
			}
			out[service] = append(out[service], a.servers(i, container)...)
		}
	}
	return out, nil
}

// services are the service ports of an app in the order of its ports, and for one
// in a container's network the ports there.
func (a lbApp) services() (services, container []int) {
	mode := "host"
	if len(a.Networks) > 0 {
		mode = a.Networks[0].Mode
	}
	if mode == "host" {
		for _, p := range a.PortDefinitions {
			services = append(services, p.Port)
		}
		return services, nil
	}
	for _, p := range a.Container.PortMappings {
		services = append(services, p.ServicePort)
		if mode == "container" {
			container = append(container, p.ContainerPort)
		}
	}
	return services, container
}

// servers are the addresses behind one port.
func (a lbApp) servers(i int, container []int) []string {
	var out []string
	for _, t := range a.Tasks {
		if t.Host == nil || t.State == nil || !slices.Contains([]string{"TASK_RUNNING", "TASK_LOST", "TASK_UNREACHABLE"}, *t.State) {
			continue
		}
		alive := slices.ContainsFunc(t.HealthCheckResults, func(r struct{ Alive bool }) bool { return r.Alive })
		if len(a.HealthChecks) > 0 && len(t.HealthCheckResults) > 0 && !alive {
			continue
		}
		host, ports := *t.Host, t.Ports
		if container != nil {
			host, ports = t.IPAddresses[0].IPAddress, container
		}
		out = append(out, net.JoinHostPort(host, strconv.Itoa(ports[i])))
	}
	return out
}

// lbApps asks as marathon-lb does.
func lbApps(t *testing.T, c cluster) []lbApp {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+"/v2/apps?embed=apps.tasks", http.NoBody)
	check(t, err)
	r.Header.Set("User-Agent", "marathon-lb")
	r.Header.Set("Accept-Encoding", "gzip, deflate")
	r.Header.Del("Accept")
	resp, err := http.DefaultTransport.(*http.Transport).Clone().RoundTrip(r)
	check(t, err)
	defer resp.Body.Close()
	body, err := unzipped(resp)
	check(t, err)
	var answer struct{ Apps []lbApp }
	check(t, json.NewDecoder(body).Decode(&answer))
	return answer.Apps
}

// TestMarathonLBBalancesWhatRuns is a double of marathon-lb: it follows the events
// that tell it to read all apps again, and reads them.
func TestMarathonLBBalancesWhatRuns(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	const query = "?plan-format=light&event_type=api_post_event&event_type=health_status_changed_event&event_type=status_update_event"
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/v2/events"+query, http.NoBody)
	check(t, err)
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("User-Agent", "marathon-lb")
	resp, err := http.DefaultClient.Do(r)
	check(t, err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("got %d with %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}

	c.must(t, http.MethodPost, "/v2/apps", web)
	seen := map[string]bool{}
	lines := bufio.NewReader(resp.Body)
	balanced := func(n int) {
		t.Helper()
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatalf("the stream ended: %v, after %v", err, seen)
			}
			data, isData := strings.CutPrefix(line, "data: ")
			if !isData {
				continue
			}
			if !strings.HasSuffix(data, "\r\n") {
				t.Fatalf("the line %q does not end as marathon-lb splits it", line)
			}
			var e struct{ EventType string }
			check(t, json.Unmarshal([]byte(data), &e))
			seen[e.EventType] = true
			servers, err := backends(lbApps(t, c))
			check(t, err)
			if len(servers) == 1 && answering(servers) == n {
				return
			}
		}
	}
	balanced(2)
	c.settled(t)
	c.must(t, http.MethodPut, "/v2/apps/prod/web", `{"instances": 3}`)
	balanced(3)
	for _, kind := range []string{"api_post_event", "health_status_changed_event", "status_update_event"} {
		if !seen[kind] {
			t.Errorf("no %s among %v", kind, seen)
		}
	}

	// What its tools for blue and green do.
	c.settled(t)
	var one struct{ App lbApp }
	check(t, c.get(t, "/v2/apps/prod/web", &one))
	if len(one.App.Deployments) > 0 || one.App.VersionInfo.LastScalingAt == "" {
		t.Errorf("got %+v", one.App)
	}
	c.must(t, http.MethodPost, "/v2/tasks/delete?scale=true", fmt.Sprintf(`{"ids": [%q]}`, *one.App.Tasks[0].ID))
	c.settled(t)
	check(t, c.get(t, "/v2/apps/prod/web", &one))
	expect(t, "instances after one was killed and scaled", *one.App.Instances, 2)
	c.must(t, http.MethodDelete, "/v2/apps/prod/web", "")
	c.settled(t)
	expect(t, "apps after it was deleted", len(lbApps(t, c)), 0)
	status, data := c.do(t, http.MethodGet, "/v2/apps?label=(", "")
	if status != http.StatusUnprocessableEntity || !json.Valid(data) {
		t.Errorf("got %d with %s, want an error in JSON", status, data)
	}
}

// answering counts the servers that answer.
func answering(servers map[int][]string) int {
	n := 0
	for _, list := range servers {
		for _, address := range list {
			conn, err := net.DialTimeout("tcp", address, time.Second)
			if err != nil {
				continue
			}
			n++
			_ = conn.Close() // nothing was sent
		}
	}
	return n
}
