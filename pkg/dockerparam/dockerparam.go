// Package dockerparam is the table of the docker run options that an App may give
// as parameters of its container: the API refuses what is not in it, and the
// executor applies what is.
package dockerparam

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-units"
)

// kind is what an option's value looks like.
type kind uint8

const (
	text kind = iota + 1
	boolean
	number
	size
	pair
	address
	ulimit
	device
)

// known are the options by docker run's long name.
var known = map[string]kind{
	"label": text, "env": text, "volume": text, "hostname": text, "domainname": text, "entrypoint": text, "workdir": text, "user": text,
	"stop-signal": text, "log-driver": text, "log-opt": pair, "init": boolean, "tty": boolean, "read-only": boolean, "tmpfs": text,
	"volumes-from": text, "volume-driver": text, "storage-opt": pair, "runtime": text,
	"cap-add": text, "cap-drop": text, "privileged": boolean, "security-opt": text, "group-add": text, "sysctl": pair, "ipc": text, "pid": text,
	"uts": text, "userns": text, "device": device,
	"network": text, "network-alias": text, "dns": address, "dns-search": text, "dns-opt": text, "dns-option": text, "add-host": text, "link": text,
	"ulimit": ulimit, "shm-size": size, "memory": size, "memory-swap": size, "memory-reservation": size, "memory-swappiness": number,
	"oom-kill-disable": boolean, "oom-score-adj": number, "pids-limit": number, "cpu-shares": number, "cpu-quota": number, "cpu-period": number,
	"cpuset-cpus": text, "cpuset-mems": text,
}

var short = map[string]string{
	"e": "env", "h": "hostname", "l": "label", "u": "user", "v": "volume", "w": "workdir", "net": "network", "net-alias": "network-alias",
	"m": "memory", "c": "cpu-shares", "d": "detach", "p": "publish",
}

const whole = "the executor looks after the container's life"

// refused are options that cannot be had, with the reason.
var refused = map[string]string{
	"rm": whole, "detach": whole, "cidfile": whole, "publish": "ports come from the offer; use portMappings",
	"publish-all": "ports come from the offer; use portMappings", "cgroup-parent": "the task's cgroup is Mesos' matter",
}

// ignored are options that had no effect with Mesos' own executor either, so that
// definitions have them: they are left out.
var ignored = map[string]string{
	"name": "the name marks the task", "restart": "Gantry restarts instances itself",
}

// Name returns an option's long name, without the dashes that some write before it.
func Name(key string) string {
	key = strings.TrimLeft(key, "-")
	if long, ok := short[key]; ok {
		return long
	}
	return key
}

// Names lists the options that are applied, sorted.
func Names() []string { return slices.Sorted(maps.Keys(known)) }

// Ignored returns why an option has no effect, "" if it has one or is refused.
func Ignored(key string) string { return ignored[Name(key)] }

// Check returns why an option cannot be applied with a value, nil if it can or is ignored.
func Check(key, value string) error {
	name := Name(key)
	kind, ok := known[name]
	switch {
	case ignored[name] != "":
		return nil
	case refused[name] != "":
		return fmt.Errorf("docker parameter %s=%s is refused: %s", key, value, refused[name])
	case !ok:
		return fmt.Errorf("docker parameter %s=%s is not known; known are %s", key, value, strings.Join(Names(), ", "))
	}
	if err := kind.check(value); err != nil {
		return fmt.Errorf("docker parameter %s=%s: %w", key, value, err)
	}
	return nil
}

// Bytes returns the size that an option sets, -1 for none at all; ok is false for
// options that set no size.
func Bytes(key, value string) (n int64, ok bool) {
	if known[Name(key)] != size {
		return 0, false
	}
	if value == "-1" {
		return -1, true
	}
	n, err := units.RAMInBytes(value)
	return n, err == nil
}

func (k kind) check(v string) (err error) {
	switch k {
	case boolean:
		if _, err = strconv.ParseBool(v); err != nil && v != "" {
			return errors.New("want true or false")
		}
		return nil
	case number:
		if _, err = strconv.ParseInt(v, 10, 64); err != nil {
			return errors.New("want a whole number")
		}
	case size:
		if _, err = units.RAMInBytes(v); err != nil && v != "-1" {
			return errors.New("want a size such as 64m")
		}
		return nil
	case pair:
		if !strings.Contains(v, "=") {
			return errors.New("want name=value")
		}
	case address:
		if _, err = netip.ParseAddr(v); err != nil {
			return errors.New("want an IP address")
		}
	case ulimit:
		if _, err = units.ParseUlimit(v); err != nil {
			return fmt.Errorf("want name=soft[:hard]: %w", err)
		}
	case device:
		if parts := strings.Split(v, ":"); len(parts) > 3 || parts[0] == "" {
			return errors.New("want host[:container[:rwm]]")
		}
	case text:
	}
	return nil
}
