package docker

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"

	"github.com/gantry-mesos/gantry/pkg/dockerparam"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// setter applies one option of docker run.
type setter func(c *Creation, value string) error

// applyParameters applies the App's parameters in their order, as docker run
// would its options. An unknown one is an error: silently dropping, say, a
// security option would be worse.
func applyParameters(c *Creation, t taskinfo.Task) error {
	known := parameters()
	for _, p := range t.Container.Parameters {
		name := dockerparam.Name(p.Key)
		if err := dockerparam.Check(p.Key, p.Value); err != nil {
			return err
		}
		if dockerparam.Ignored(name) != "" {
			continue
		}
		if name == "entrypoint" && t.Command.Shell {
			return fmt.Errorf("docker parameter entrypoint=%s: a cmd line replaces the entrypoint by a shell; use args with it", p.Value)
		}
		if err := known[name](c, p.Value); err != nil {
			return fmt.Errorf("docker parameter %s=%s: %w", p.Key, p.Value, err)
		}
	}
	if len(c.Aliases) > 0 {
		if !userDefined(c) {
			return fmt.Errorf("docker parameter network-alias needs a network of its own, not %s", c.Host.NetworkMode)
		}
		c.Network = &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
			string(c.Host.NetworkMode): {Aliases: c.Aliases},
		}}
	}
	return nil
}

// parameters says how the options that package dockerparam knows are applied.
func parameters() map[string]setter {
	table := map[string]setter{}
	maps.Copy(table, configParameters())
	maps.Copy(table, securityParameters())
	maps.Copy(table, networkParameters())
	maps.Copy(table, limitParameters())
	return table
}

func configParameters() map[string]setter {
	return map[string]setter{
		"label": func(c *Creation, v string) error {
			k, val, _ := strings.Cut(v, "=")
			c.Config.Labels[k] = val
			return nil
		},
		"env":         func(c *Creation, v string) error { c.Config.Env = append(c.Config.Env, v); return nil },
		"volume":      func(c *Creation, v string) error { c.Host.Binds = append(c.Host.Binds, v); return nil },
		"hostname":    text(func(c *Creation) *string { return &c.Config.Hostname }),
		"domainname":  text(func(c *Creation) *string { return &c.Config.Domainname }),
		"entrypoint":  func(c *Creation, v string) error { c.Config.Entrypoint = []string{v}; return nil },
		"workdir":     text(func(c *Creation) *string { return &c.Config.WorkingDir }),
		"user":        text(func(c *Creation) *string { return &c.Config.User }),
		"stop-signal": text(func(c *Creation) *string { return &c.Config.StopSignal }),
		"log-driver":  func(c *Creation, v string) error { c.Host.LogConfig = container.LogConfig{Type: v}; return nil },
		"log-opt":     func(c *Creation, v string) error { return pair(&c.Host.LogConfig.Config, v) },
		"init":        func(c *Creation, v string) error { b := new(bool); c.Host.Init = b; return parseBool(b, v) },
		"tty":         flag(func(c *Creation) *bool { return &c.Config.Tty }),
		"read-only":   flag(func(c *Creation) *bool { return &c.Host.ReadonlyRootfs }),
		"tmpfs": func(c *Creation, v string) error {
			p, options, _ := strings.Cut(v, ":")
			if c.Host.Tmpfs == nil {
				c.Host.Tmpfs = map[string]string{}
			}
			c.Host.Tmpfs[p] = options
			return nil
		},
		"volumes-from":  list(func(c *Creation) *[]string { return &c.Host.VolumesFrom }),
		"volume-driver": text(func(c *Creation) *string { return &c.Host.VolumeDriver }),
		"storage-opt":   func(c *Creation, v string) error { return pair(&c.Host.StorageOpt, v) },
		"runtime":       text(func(c *Creation) *string { return &c.Host.Runtime }),
	}
}

func securityParameters() map[string]setter {
	return map[string]setter{
		"cap-add":      list(func(c *Creation) *[]string { return &c.Host.CapAdd }),
		"cap-drop":     list(func(c *Creation) *[]string { return &c.Host.CapDrop }),
		"privileged":   flag(func(c *Creation) *bool { return &c.Host.Privileged }),
		"security-opt": list(func(c *Creation) *[]string { return &c.Host.SecurityOpt }),
		"group-add":    list(func(c *Creation) *[]string { return &c.Host.GroupAdd }),
		"sysctl":       func(c *Creation, v string) error { return pair(&c.Host.Sysctls, v) },
		"ipc":          func(c *Creation, v string) error { c.Host.IpcMode = container.IpcMode(v); return nil },
		"pid":          func(c *Creation, v string) error { c.Host.PidMode = container.PidMode(v); return nil },
		"uts":          func(c *Creation, v string) error { c.Host.UTSMode = container.UTSMode(v); return nil },
		"userns":       func(c *Creation, v string) error { c.Host.UsernsMode = container.UsernsMode(v); return nil },
		"device":       addDevice,
	}
}

func networkParameters() map[string]setter {
	return map[string]setter{
		"network":       setNetwork,
		"network-alias": list(func(c *Creation) *[]string { return &c.Aliases }),
		"dns": func(c *Creation, v string) error {
			addr, err := netip.ParseAddr(v)
			if err != nil {
				return fmt.Errorf("not an address: %w", err)
			}
			c.Host.DNS = append(c.Host.DNS, addr)
			return nil
		},
		"dns-search": list(func(c *Creation) *[]string { return &c.Host.DNSSearch }),
		"dns-opt":    list(func(c *Creation) *[]string { return &c.Host.DNSOptions }),
		"dns-option": list(func(c *Creation) *[]string { return &c.Host.DNSOptions }),
		"add-host":   list(func(c *Creation) *[]string { return &c.Host.ExtraHosts }),
		"link":       list(func(c *Creation) *[]string { return &c.Host.Links }),
	}
}

func limitParameters() map[string]setter {
	return map[string]setter{
		"ulimit": func(c *Creation, v string) error {
			u, err := units.ParseUlimit(v)
			if err != nil {
				return fmt.Errorf("not a limit: %w", err)
			}
			c.Host.Ulimits = append(c.Host.Ulimits, u)
			return nil
		},
		"shm-size":           size(func(c *Creation) *int64 { return &c.Host.ShmSize }),
		"memory":             size(func(c *Creation) *int64 { return &c.Host.Memory }),
		"memory-swap":        size(func(c *Creation) *int64 { return &c.Host.MemorySwap }),
		"memory-reservation": size(func(c *Creation) *int64 { return &c.Host.MemoryReservation }),
		"memory-swappiness":  func(c *Creation, v string) error { n := new(int64); c.Host.MemorySwappiness = n; return parseInt(n, v) },
		"oom-kill-disable":   func(c *Creation, v string) error { b := new(bool); c.Host.OomKillDisable = b; return parseBool(b, v) },
		"oom-score-adj": func(c *Creation, v string) error {
			var n int64
			err := parseInt(&n, v)
			c.Host.OomScoreAdj = int(n)
			return err
		},
		"pids-limit":  func(c *Creation, v string) error { n := new(int64); c.Host.PidsLimit = n; return parseInt(n, v) },
		"cpu-shares":  func(c *Creation, v string) error { return parseInt(&c.Host.CPUShares, v) },
		"cpu-quota":   func(c *Creation, v string) error { return parseInt(&c.Host.CPUQuota, v) },
		"cpu-period":  func(c *Creation, v string) error { return parseInt(&c.Host.CPUPeriod, v) },
		"cpuset-cpus": text(func(c *Creation) *string { return &c.Host.CpusetCpus }),
		"cpuset-mems": text(func(c *Creation) *string { return &c.Host.CpusetMems }),
	}
}

func text(field func(*Creation) *string) setter {
	return func(c *Creation, v string) error { *field(c) = v; return nil }
}

func list(field func(*Creation) *[]string) setter {
	return func(c *Creation, v string) error {
		at := field(c)
		*at = append(*at, v)
		return nil
	}
}

func flag(field func(*Creation) *bool) setter {
	return func(c *Creation, v string) error { return parseBool(field(c), v) }
}

func size(field func(*Creation) *int64) setter {
	return func(c *Creation, v string) error {
		if v == "-1" {
			*field(c) = -1
			return nil
		}
		n, err := units.RAMInBytes(v)
		if err != nil {
			return fmt.Errorf("not a size such as 64m: %w", err)
		}
		*field(c) = n
		return nil
	}
}

// parseBool reads docker run's switches, which need no value.
func parseBool(to *bool, v string) error {
	if v == "" {
		*to = true
		return nil
	}
	b, err := strconv.ParseBool(v)
	if err != nil {
		return errors.New("want true or false")
	}
	*to = b
	return nil
}

func parseInt(to *int64, v string) error {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return errors.New("want a whole number")
	}
	*to = n
	return nil
}

func pair(to *map[string]string, v string) error {
	k, val, ok := strings.Cut(v, "=")
	if !ok {
		return errors.New("want name=value")
	}
	if *to == nil {
		*to = map[string]string{}
	}
	(*to)[k] = val
	return nil
}

// addDevice reads host[:container[:permissions]].
func addDevice(c *Creation, v string) error {
	parts := strings.Split(v, ":")
	d := container.DeviceMapping{PathOnHost: parts[0], PathInContainer: parts[0], CgroupPermissions: "rwm"}
	switch {
	case len(parts) > 3 || parts[0] == "":
		return errors.New("want host[:container[:rwm]]")
	case len(parts) == 3:
		d.CgroupPermissions = parts[2]
		fallthrough
	case len(parts) == 2:
		d.PathInContainer = parts[1]
	}
	c.Host.Devices = append(c.Host.Devices, d)
	return nil
}

// setNetwork replaces the App's network. Ports are published on a network of
// the container's own only.
func setNetwork(c *Creation, v string) error {
	c.Host.NetworkMode, c.Further = container.NetworkMode(v), nil
	if v == "host" || v == "none" || strings.HasPrefix(v, "container:") {
		c.Host.PortBindings, c.Config.ExposedPorts = nil, nil
	}
	return nil
}
