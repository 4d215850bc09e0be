package minicluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	ids "github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster/acl"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

// MasterFlags makes the configuration of a master from flags of mesos-master: name without dashes to a text, number
// or bool. Flags that cannot have an effect here are kept to be shown by reads; unknown ones, too. Values of wrong
// form are errors, all of them joined.
func MasterFlags(flags map[string]any) (MasterConfig, error) {
	c := DefaultMasterConfig()
	c.RawFlags = map[string]string{}
	var errs []error
	for name, value := range flags {
		text := flagText(value)
		c.RawFlags[name] = text
		if err := c.set(name, text); err != nil {
			errs = append(errs, fmt.Errorf("master flag --%s=%s: %w", name, text, err))
		}
	}
	return c, errors.Join(errs...)
}

func flagText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return fmt.Sprint(v)
}

func (c *MasterConfig) set(name, text string) error {
	if handled, err := setDuration(text, map[string]*time.Duration{
		"zk_session_timeout": &c.ZKSessionTimeout, "offer_timeout": &c.OfferTimeout,
		"allocation_interval": &c.AllocationInterval, "agent_ping_timeout": &c.AgentPingTimeout,
		"slave_ping_timeout": &c.AgentPingTimeout, "agent_reregister_timeout": &c.AgentReregisterTimeout,
		"slave_reregister_timeout": &c.AgentReregisterTimeout, "registry_gc_interval": &c.RegistryGCInterval,
		"registry_max_agent_age": &c.RegistryMaxAgentAge,
	}[name]); handled {
		return err
	}
	if handled, err := setInt(text, map[string]*int{
		"port": &c.Port, "quorum": &c.Quorum, "max_agent_ping_timeouts": &c.MaxAgentPingTimeouts,
		"max_slave_ping_timeouts": &c.MaxAgentPingTimeouts, "registry_max_agent_count": &c.RegistryMaxAgentCount,
		"max_completed_frameworks":              &c.MaxCompletedFrameworks,
		"max_completed_tasks_per_framework":     &c.MaxCompletedTasksPerFramework,
		"max_unreachable_tasks_per_framework":   &c.MaxUnreachableTasksPerFramework,
		"max_operator_event_stream_subscribers": &c.MaxOperatorSubscribers,
	}[name]); handled {
		return err
	}
	if handled, err := setBool(text, map[string]*bool{
		"authenticate_http_frameworks": &c.AuthenticateFrameworks, "authenticate_http_readonly": &c.AuthenticateReadonly,
		"authenticate_http_readwrite": &c.AuthenticateReadwrite, "root_submissions": &c.RootSubmissions,
		"filter_gpu_resources": &c.FilterGPUResources,
	}[name]); handled {
		return err
	}
	return c.setOther(name, text)
}

func (c *MasterConfig) setOther(name, text string) (err error) {
	switch name {
	case "ip":
		c.IP = text
	case "hostname":
		c.Hostname = text
	case "cluster":
		c.Cluster = text
	case "zk":
		c.ZooKeeper = text
	case "work_dir":
		c.WorkDir = text
	case "roles":
		c.Roles = strings.Split(text, ",")
	case "fair_sharing_excluded_resource_names":
		c.FairSharingExcluded = strings.Split(text, ",")
	case "domain":
		c.Domain, err = parseDomain(text)
	case "credentials":
		c.Credentials, err = parseCredentials(text)
	case "acls":
		c.ACLs, err = parseACLs(text)
	case "weights":
		c.Weights, err = parseWeights(text)
	case "min_allocatable_resources":
		c.MinAllocatable, err = parseQuantities(text)
	}
	return err
}

func setDuration(text string, to *time.Duration) (handled bool, err error) {
	if to == nil {
		return false, nil
	}
	d, err := ids.ParseDuration(text)
	if err == nil {
		*to = d
	}
	return true, err
}

func setInt(text string, to *int) (handled bool, err error) {
	if to == nil {
		return false, nil
	}
	n, err := strconv.Atoi(text)
	if err == nil {
		*to = n
	}
	return true, err
}

func setBool(text string, to *bool) (handled bool, err error) {
	if to == nil {
		return false, nil
	}
	b, err := strconv.ParseBool(text)
	if err == nil {
		*to = b
	}
	return true, err
}

// flagContent is the value of a flag that may be a file://path or an absolute path.
func flagContent(text string) ([]byte, error) {
	path, isFile := strings.CutPrefix(text, "file://")
	if !isFile && !strings.HasPrefix(text, "/") {
		return []byte(text), nil
	}
	return os.ReadFile(path)
}

func parseDomain(text string) (*mesos.DomainInfo, error) {
	raw, err := flagContent(text)
	if err != nil {
		return nil, err
	}
	var d struct {
		FaultDomain *struct {
			Region struct {
				Name string `json:"name"`
			} `json:"region"`
			Zone struct {
				Name string `json:"name"`
			} `json:"zone"`
		} `json:"fault_domain"`
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("domain: %w", err)
	}
	if d.FaultDomain == nil {
		return &mesos.DomainInfo{}, nil
	}
	return Domain(d.FaultDomain.Region.Name, d.FaultDomain.Zone.Name), nil
}

// parseCredentials reads {"credentials": [{"principal", "secret"}]} or lines "principal secret".
func parseCredentials(text string) ([]master.Credential, error) {
	raw, err := flagContent(text)
	if err != nil {
		return nil, err
	}
	var list struct {
		Credentials []struct {
			Principal string `json:"principal"`
			Secret    string `json:"secret"`
		} `json:"credentials"`
	}
	var out []master.Credential
	if json.Unmarshal(raw, &list) == nil {
		for _, c := range list.Credentials {
			out = append(out, master.Credential{Principal: c.Principal, Secret: c.Secret})
		}
		return out, nil
	}
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		if len(fields) != 2 {
			return nil, fmt.Errorf("credentials: line %q: want a principal and a secret", strings.TrimSpace(line))
		}
		out = append(out, master.Credential{Principal: fields[0], Secret: fields[1]})
	}
	return out, nil
}

func parseACLs(text string) (*acl.List, error) {
	raw, err := flagContent(text)
	if err != nil {
		return nil, err
	}
	return acl.Parse(raw)
}

// parseWeights reads role=weight,role=weight.
func parseWeights(text string) (map[string]float64, error) {
	out := map[string]float64{}
	for pair := range strings.SplitSeq(text, ",") {
		role, number, ok := strings.Cut(pair, "=")
		w, err := strconv.ParseFloat(number, 64)
		if !ok || err != nil || w <= 0 {
			return nil, fmt.Errorf("weight %q: want role=number, the number above 0", pair)
		}
		out[role] = w
	}
	return out, nil
}

// parseQuantities reads alternatives of quantities: "cpus:0.01|mem:32;disk:1".
func parseQuantities(text string) ([]map[string]float64, error) {
	if text == "" {
		return nil, nil
	}
	var out []map[string]float64
	for alternative := range strings.SplitSeq(text, "|") {
		quantities := map[string]float64{}
		for pair := range strings.SplitSeq(alternative, ";") {
			name, number, ok := strings.Cut(pair, ":")
			q, err := strconv.ParseFloat(number, 64)
			if !ok || err != nil {
				return nil, fmt.Errorf("quantity %q: want name:number", pair)
			}
			quantities[strings.TrimSpace(name)] = q
		}
		out = append(out, quantities)
	}
	return out, nil
}
