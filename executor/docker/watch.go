package docker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/moby/moby/api/types/network"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/pkg/fault"
	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// live is a started container.
type live struct {
	runtime    *Runtime
	id         string
	tty        bool
	pid        int
	stopSignal string
	stream     Stream
	// waited is nil while the engine is away.
	waited <-chan Waited
	// lostAt is when the engine went away, lostBy the last error of asking.
	lostAt time.Time
	lostBy error
	// aside is what goes on beside the watch and never blocks it: signals under
	// way, the removal of strays.
	aside sync.WaitGroup
}

// watch follows the container to its end.
func (c *live) watch(ctx context.Context, stops <-chan core.Stop) core.Event {
	defer c.aside.Wait()
	for {
		var retry <-chan time.Time // only while the engine is away: an idle executor sleeps
		if c.waited == nil {
			retry = time.After(c.runtime.cfg.RetryEvery)
		}
		select {
		case w := <-c.waited:
			if w.Err == nil {
				return c.ended(ctx, w.Code)
			}
			c.lose(ctx, w.Err)
		case <-retry:
			if end := c.look(ctx); end != nil {
				return end
			}
		case stop := <-stops:
			c.signal(ctx, stop)
		case <-ctx.Done():
			return core.Failed{Message: "the executor ended: " + context.Cause(ctx).Error()}
		}
	}
}

// lose notes that the engine broke the wait off.
func (c *live) lose(ctx context.Context, err error) {
	c.waited, c.lostAt, c.lostBy = nil, time.Now(), err
	if ctx.Err() == nil {
		c.runtime.log.Warn("docker engine lost", logfield.Container(c.id), zap.Error(err))
	}
}

// look asks an engine that was away. A container that still lives is attached
// to and waited for again; nil means that nothing is decided yet.
func (c *live) look(ctx context.Context) core.Event {
	r := c.runtime
	i, err := r.engine.Inspect(ctx, c.id)
	switch {
	case errors.Is(err, ErrNotFound):
		return core.Failed{Message: "the container was removed while the Docker engine was away"}
	case err != nil:
		return c.stillLost(err)
	case !i.Running:
		end := exited(i.ExitCode, i)
		end.Message += ", while the Docker engine was away"
		if end.Code == 0 {
			return core.Failed{Message: end.Message} // nobody knows whether it meant to end
		}
		return end
	}
	c.stream.Close()
	stream, err := r.engine.Attach(ctx, c.id, c.tty, r.out.Stdout, r.out.Stderr)
	if err != nil {
		c.stream = closedStream()
		return c.stillLost(err)
	}
	c.stream = stream
	c.waited = r.engine.Wait(ctx, c.id, false) // sends at once if it has ended meanwhile
	r.log.Info("docker engine back", logfield.Container(c.id), logfield.Elapsed(time.Since(c.lostAt)))
	return nil
}

// stillLost gives up once the engine was away for too long. The container's
// process is killed before, lest a second copy is started elsewhere.
func (c *live) stillLost(err error) core.Event {
	c.lostBy = err
	away := time.Since(c.lostAt)
	if away < c.runtime.cfg.EngineReturn {
		return nil
	}
	c.killProcess()
	return core.Failed{Fault: fault.Agent, Message: fmt.Sprintf("Docker engine at %s lost for %s: %v; the container was ended", c.runtime.engine.Host(), away.Round(time.Second), c.lostBy)}
}

// signal stops the container without waiting for the engine's answer.
func (c *live) signal(ctx context.Context, stop core.Stop) {
	sig := "SIGKILL"
	if !stop.Force {
		sig = "SIGTERM"
		if c.stopSignal != "" {
			sig = c.stopSignal
		}
	}
	c.aside.Go(func() {
		err := c.runtime.engine.Kill(ctx, c.id, sig)
		if errors.Is(err, ErrUnreachable) && stop.Force {
			c.killProcess()
		}
		if err != nil && !errors.Is(err, ErrConflict) && !errors.Is(err, ErrNotFound) {
			c.runtime.log.Warn("container not signalled", logfield.Container(c.id), zap.Error(err))
		}
	})
}

// killProcess ends the container's first process past the engine. The process
// id is trusted only if the process' cgroup names the container.
func (c *live) killProcess() {
	if c.pid <= 1 {
		return
	}
	cgroup, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", c.pid))
	if err != nil || !strings.Contains(string(cgroup), c.id) {
		return
	}
	_ = syscall.Kill(c.pid, syscall.SIGKILL)
}

// ended asks for the details of the end.
func (c *live) ended(ctx context.Context, code int) core.Event {
	i, err := c.runtime.engine.Inspect(ctx, c.id)
	if err != nil {
		c.runtime.log.Warn("container not inspected", logfield.Container(c.id), zap.Error(err))
	}
	end := exited(code, i)
	if errors.Is(err, ErrUnreachable) {
		end.Message += "; the Docker engine at " + c.runtime.engine.Host() + " has gone, too"
	}
	return end
}

func exited(code int, i Inspection) core.Exited {
	ev := core.Exited{Code: code, OOM: i.OOM, Message: fmt.Sprintf("Container exited with status %d", code)}
	switch code { // what shells and init processes mean by them
	case 126:
		ev.Message += ": the command cannot be executed"
	case 127:
		ev.Message += ": the command was not found"
	}
	if i.OOM {
		ev.Message += ", killed by the kernel for its memory limit"
	}
	if i.Error != "" {
		ev.Message += ": " + i.Error
	}
	return ev
}

// drain lets the last output arrive.
func (c *live) drain() {
	select {
	case <-c.stream.Done:
	case <-time.After(c.runtime.cfg.DrainWait):
		c.runtime.log.Warn("output cut off", logfield.Container(c.id), logfield.Elapsed(c.runtime.cfg.DrainWait))
	}
	c.stream.Close()
}

func closedStream() Stream {
	done := make(chan struct{})
	close(done)
	return Stream{Done: done, Close: func() {}}
}

// networkInfos tells the container's addresses in a stable order. With host
// networking there are none, and the agent says its own.
func networkInfos(networks map[string]*network.EndpointSettings, t taskinfo.Task) []mesos.NetworkInfo {
	var out []mesos.NetworkInfo
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		info := mesos.NetworkInfo{Name: name}
		if ip := networks[name].IPAddress; ip.IsValid() {
			info.IPAddresses = append(info.IPAddresses, ip.String())
		}
		if ip := networks[name].GlobalIPv6Address; ip.IsValid() {
			info.IPAddresses = append(info.IPAddresses, ip.String())
		}
		if len(info.IPAddresses) == 0 {
			continue
		}
		for _, p := range t.Ports {
			for _, protocol := range p.Protocols() {
				if p.Host != 0 {
					info.PortMappings = append(info.PortMappings, mesos.PortMapping{HostPort: p.Host, ContainerPort: p.Container, Protocol: protocol})
				}
			}
		}
		out = append(out, info)
	}
	return out
}
