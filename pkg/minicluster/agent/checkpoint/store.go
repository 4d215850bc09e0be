package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// Store writes and reads the state of one agent. Its methods may be called by any goroutine, but not two at once for
// the same file.
type Store struct {
	Layout Layout
}

// Run names one run of an executor.
type Run struct {
	Agent, Framework, Executor, Container string
}

// The kinds of records in a task's update log.
const (
	recordUpdate byte = 1
	recordAck    byte = 2
)

// SaveAgent writes the AgentInfo, its ID included, and makes it the latest.
func (s Store) SaveAgent(info *mesos.AgentInfo) error {
	dir := s.Layout.metaAgent(info.GetID().GetValue())
	if err := writeMessages(filepath.Join(dir, "slave.info"), info); err != nil {
		return err
	}
	return relink(dir, filepath.Join(s.Layout.metaSlaves(), "latest"))
}

// LoadAgent reads the latest AgentInfo; it is nil when there is none.
func (s Store) LoadAgent() (*mesos.AgentInfo, error) {
	info := &mesos.AgentInfo{}
	err := readMessage(filepath.Join(s.Layout.metaSlaves(), "latest", "slave.info"), info)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil //nolint:nilnil // documented: no agent yet
	}
	return info, err
}

// ForgetAgent makes the agent start afresh the next time, as deleting meta/slaves/latest does with Mesos.
func (s Store) ForgetAgent() error {
	err := os.Remove(filepath.Join(s.Layout.metaSlaves(), "latest"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// SaveDrain keeps the drain configuration; nil removes it.
func (s Store) SaveDrain(agent string, config *mesos.DrainConfig) error {
	path := filepath.Join(s.Layout.metaAgent(agent), "drain.config")
	if config == nil {
		err := os.Remove(path)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	return writeMessages(path, config)
}

// SaveResources keeps the agent's total resources with its reservations and volumes.
func (s Store) SaveResources(list []mesos.Resource) error {
	messages := make([]Message, len(list))
	for i := range list {
		messages[i] = &list[i]
	}
	return writeMessages(s.Layout.resources(), messages...)
}

// LoadResources reads what SaveResources wrote; nil when there is nothing.
func (s Store) LoadResources() ([]mesos.Resource, error) {
	records, err := readRecords(s.Layout.resources())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list := make([]mesos.Resource, len(records))
	for i, r := range records {
		if err := list[i].Unmarshal(r); err != nil {
			return nil, fmt.Errorf("%s: %w: %w", s.Layout.resources(), ErrDamaged, err)
		}
	}
	return list, nil
}

// SaveFramework writes a FrameworkInfo.
func (s Store) SaveFramework(agent string, info *mesos.FrameworkInfo) error {
	return writeMessages(filepath.Join(s.Layout.metaFramework(agent, info.GetID().GetValue()), "framework.info"), info)
}

// RemoveFramework deletes all state of a framework.
func (s Store) RemoveFramework(agent, framework string) error {
	return os.RemoveAll(s.Layout.metaFramework(agent, framework))
}

// executorRecord is what executor.extra holds: the facts about an executor that ExecutorInfo has no field for.
type executorRecord struct {
	Generated bool   `json:"generated"`
	Kind      string `json:"kind"`
	User      string `json:"user"`
}

// SaveExecutor writes an ExecutorInfo with what else is to be known about the executor and starts a run of it.
func (s Store) SaveExecutor(run Run, info *mesos.ExecutorInfo, generated bool, kind, user string) error {
	dir := s.Layout.metaExecutor(run.Agent, run.Framework, run.Executor)
	if err := writeMessages(filepath.Join(dir, "executor.info"), info); err != nil {
		return err
	}
	extra, err := json.Marshal(executorRecord{Generated: generated, Kind: kind, User: user})
	if err != nil {
		return err
	}
	if err := writeBytes(filepath.Join(dir, "executor.extra"), extra); err != nil {
		return err
	}
	runDir := s.Layout.metaRun(run.Agent, run.Framework, run.Executor, run.Container)
	if err := os.MkdirAll(runDir, 0o755); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return relink(runDir, filepath.Join(filepath.Dir(runDir), "latest"))
}

// FinishRun marks a run as ended with nothing left to report.
func (s Store) FinishRun(run Run) error {
	dir := s.Layout.metaRun(run.Agent, run.Framework, run.Executor, run.Container)
	return writeBytes(filepath.Join(dir, "executor.sentinel"), nil)
}

// MarkHTTP notes that the executor speaks the HTTP API.
func (s Store) MarkHTTP(run Run) error {
	dir := s.Layout.metaRun(run.Agent, run.Framework, run.Executor, run.Container)
	return writeBytes(filepath.Join(dir, "pids", "http.marker"), nil)
}

// SaveTask writes a task of a run.
func (s Store) SaveTask(run Run, task *mesos.TaskInfo) error {
	dir := s.Layout.metaTask(run.Agent, run.Framework, run.Executor, run.Container, task.TaskID.Value)
	return writeMessages(filepath.Join(dir, "task.info"), task)
}

// AppendUpdate adds an update to the log of its task.
func (s Store) AppendUpdate(run Run, status *mesos.TaskStatus) error {
	data, err := status.Marshal()
	if err != nil {
		return fmt.Errorf("checkpoint update of task %s: %w", status.TaskID.Value, err)
	}
	return appendRecord(s.updates(run, status.TaskID.Value), recordUpdate, data)
}

// AppendAck notes that the scheduler has acknowledged an update.
func (s Store) AppendAck(run Run, task string, uuid []byte) error {
	return appendRecord(s.updates(run, task), recordAck, uuid)
}

func (s Store) updates(run Run, task string) string {
	return filepath.Join(s.Layout.metaTask(run.Agent, run.Framework, run.Executor, run.Container, task), "task.updates")
}

// Process is the first process of a container, noted for all containers whether or not their framework checkpoints.
type Process struct {
	Container string `json:"container"`
	Pid       int    `json:"pid"`
	Start     uint64 `json:"start"` // in clock ticks since boot
	Sandbox   string `json:"sandbox"`
	Docker    string `json:"docker,omitempty"` // name of the Docker container, if it is one
}

// SaveProcess notes the first process of a container.
func (s Store) SaveProcess(p Process) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return writeBytes(filepath.Join(s.Layout.containers(), p.Container), data)
}

// RemoveProcess forgets a container that is gone.
func (s Store) RemoveProcess(container string) error {
	err := os.Remove(filepath.Join(s.Layout.containers(), container))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// LoadProcesses returns all noted containers in the order of their ids.
func (s Store) LoadProcesses() ([]Process, error) {
	entries, err := os.ReadDir(s.Layout.containers())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []Process
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(s.Layout.containers(), e.Name()))
		if err != nil {
			return nil, err
		}
		var p Process
		// A file half written has no container behind it yet.
		if json.Unmarshal(data, &p) == nil {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b Process) int { return cmpString(a.Container, b.Container) })
	return list, nil
}

func cmpString(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
