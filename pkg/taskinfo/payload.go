package taskinfo

import (
	"errors"
	"fmt"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
)

// payloadVersion is the format this build writes. It rises only when an older
// executor would do something wrong with a newer payload; new fields that it
// may ignore do not count.
const payloadVersion = 1

// ErrVersion says that a payload was written in a format newer than this build reads.
var ErrVersion = errors.New("task payload of a newer format")

// Parse reads a TaskInfo that Build made for Gantry's executor. The error
// names what is wrong with it and wraps ErrVersion for a newer format.
func Parse(info mesos.TaskInfo) (Task, error) {
	var p gantryv1.TaskPayload
	if err := p.Unmarshal(info.Data); err != nil {
		return Task{}, fmt.Errorf("task %s: read payload: %w", info.TaskID, err)
	}
	switch {
	case p.Version == 0:
		return Task{}, fmt.Errorf("task %s: no payload of Gantry's scheduler in its data (%d bytes)", info.TaskID, len(info.Data))
	case p.Version > payloadVersion:
		return Task{}, fmt.Errorf("task %s: %w: %d, this executor reads up to %d; update gantry-executor", info.TaskID, ErrVersion, p.Version, payloadVersion)
	}
	t := Task{
		ID: info.TaskID, InstanceID: p.InstanceId, AppID: app.ID(p.AppId), FrameworkID: mesos.FrameworkID(p.FrameworkId),
		Hostname: p.Hostname, Role: p.Role, User: p.User,
		Environment: decodeVariables(p.Environment),
		CPUCap:      decodeCap(p.CpuCap), MemCap: decodeCap(p.MemCap),
		Container: decodeContainer(p.Container), Volumes: decodeVolumes(p.Volumes), Ports: decodePorts(p.Ports), Checks: decodeChecks(p.Checks),
		Readiness: decodeReadiness(p.Readiness), General: decodeGeneral(p.General),
		TTY: p.Tty, KillGrace: graceOf(info.Kill),
	}
	if p.AppVersionMs != 0 {
		t.AppVersion = time.UnixMilli(p.AppVersionMs).UTC()
	}
	if c := p.Command; c != nil {
		t.Command = Command{Shell: c.Shell, Line: c.Line, Arguments: c.Arguments}
	}
	if r := p.Resources; r != nil {
		t.Resources = resource.Vector{CPUs: resource.Scalar(r.Cpus), Mem: resource.Scalar(r.Mem), Disk: resource.Scalar(r.Disk), GPUs: resource.Scalar(r.Gpus)}
	}
	return t, nil
}

func encode(t Task) ([]byte, error) {
	p := gantryv1.TaskPayload{
		Version: payloadVersion, InstanceId: t.InstanceID, AppId: string(t.AppID), FrameworkId: string(t.FrameworkID),
		Hostname: t.Hostname, Role: t.Role, User: t.User,
		Command:     &gantryv1.TaskPayload_Command{Shell: t.Command.Shell, Line: t.Command.Line, Arguments: t.Command.Arguments},
		Environment: encodeVariables(t.Environment),
		Resources: &gantryv1.TaskPayload_Amounts{
			Cpus: int64(t.Resources.CPUs), Mem: int64(t.Resources.Mem), Disk: int64(t.Resources.Disk), Gpus: int64(t.Resources.GPUs),
		},
		CpuCap: encodeCap(t.CPUCap), MemCap: encodeCap(t.MemCap),
		Container: encodeContainer(t.Container), Volumes: encodeVolumes(t.Volumes), Ports: encodePorts(t.Ports), Checks: encodeChecks(t.Checks),
		Readiness: encodeReadiness(t.Readiness), General: encodeGeneral(t.General),
		Tty: t.TTY,
	}
	if !t.AppVersion.IsZero() {
		p.AppVersionMs = t.AppVersion.UnixMilli()
	}
	data, err := p.Marshal()
	if err != nil {
		return nil, fmt.Errorf("write payload: %w", err)
	}
	return data, nil
}

func encodeVariables(vs []mesos.Variable) []*gantryv1.TaskPayload_Variable {
	values := make([]gantryv1.TaskPayload_Variable, len(vs)) // one piece of memory for all
	out := make([]*gantryv1.TaskPayload_Variable, len(vs))
	for n, v := range vs {
		values[n].Name, values[n].Value = v.Name, v.Value
		out[n] = &values[n]
	}
	return out
}

func decodeVariables(vs []*gantryv1.TaskPayload_Variable) []mesos.Variable {
	var out []mesos.Variable
	for _, v := range vs {
		out = append(out, mesos.Variable{Name: v.Name, Value: v.Value})
	}
	return out
}

func encodeCap(l *runspec.Limit) *gantryv1.TaskPayload_Cap {
	if l == nil {
		return nil
	}
	return &gantryv1.TaskPayload_Cap{Unlimited: l.Unlimited, Amount: int64(l.Amount)}
}

func decodeCap(c *gantryv1.TaskPayload_Cap) *runspec.Limit {
	if c == nil {
		return nil
	}
	return &runspec.Limit{Unlimited: c.Unlimited, Amount: resource.Scalar(c.Amount)}
}

func encodePorts(ps []Port) []*gantryv1.TaskPayload_Port {
	var out []*gantryv1.TaskPayload_Port
	for _, p := range ps {
		out = append(out, &gantryv1.TaskPayload_Port{Host: p.Host, Container: p.Container, Protocol: p.Protocol, Name: p.Name})
	}
	return out
}

func decodePorts(ps []*gantryv1.TaskPayload_Port) []Port {
	var out []Port
	for _, p := range ps {
		out = append(out, Port{Host: p.Host, Container: p.Container, Protocol: p.Protocol, Name: p.Name})
	}
	return out
}
