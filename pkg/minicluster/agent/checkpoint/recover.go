package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// AgentState is everything read back about an agent.
type AgentState struct {
	Drain      *mesos.DrainConfig
	Frameworks []FrameworkState
}

// FrameworkState is a checkpointing framework that had executors.
type FrameworkState struct {
	Info      mesos.FrameworkInfo
	Executors []ExecutorState
}

// ExecutorState is the latest run of an executor that has not ended with everything acknowledged.
type ExecutorState struct {
	Info      mesos.ExecutorInfo
	Generated bool
	Kind      string
	User      string
	Container string
	HTTP      bool // it had subscribed
	Tasks     []TaskState
}

// TaskState is a task of a run with its updates.
type TaskState struct {
	Info    mesos.TaskInfo
	Updates []mesos.TaskStatus // in the order they were made
	Acked   [][]byte           // uuids acknowledged by the scheduler, in order
}

// Load reads the state of an agent. Executors whose run has ended are left out, and so are frameworks without others.
func (s Store) Load(agent string) (AgentState, error) {
	var state AgentState
	drain := &mesos.DrainConfig{}
	switch err := readMessage(filepath.Join(s.Layout.metaAgent(agent), "drain.config"), drain); {
	case err == nil:
		state.Drain = drain
	case !errors.Is(err, os.ErrNotExist):
		return state, err
	}
	for _, id := range subdirs(filepath.Join(s.Layout.metaAgent(agent), "frameworks")) {
		fw := FrameworkState{}
		dir := s.Layout.metaFramework(agent, id)
		if err := readMessage(filepath.Join(dir, "framework.info"), &fw.Info); err != nil {
			if errors.Is(err, os.ErrNotExist) {
				continue
			}
			return state, err
		}
		for _, executor := range subdirs(filepath.Join(dir, "executors")) {
			ex, ok, err := s.loadExecutor(agent, id, executor)
			if err != nil {
				return state, err
			}
			if ok {
				fw.Executors = append(fw.Executors, ex)
			}
		}
		if len(fw.Executors) > 0 {
			state.Frameworks = append(state.Frameworks, fw)
		}
	}
	return state, nil
}

func (s Store) loadExecutor(agent, framework, executor string) (ex ExecutorState, ok bool, err error) {
	dir := s.Layout.metaExecutor(agent, framework, executor)
	latest, err := os.Readlink(filepath.Join(dir, "runs", "latest"))
	if err != nil {
		return ex, false, nil //nolint:nilerr // no run was begun
	}
	ex.Container = filepath.Base(latest)
	run := s.Layout.metaRun(agent, framework, executor, ex.Container)
	if exists(filepath.Join(run, "executor.sentinel")) {
		return ex, false, nil
	}
	if err := readMessage(filepath.Join(dir, "executor.info"), &ex.Info); err != nil {
		return ex, false, err
	}
	var extra executorRecord
	data, err := os.ReadFile(filepath.Join(dir, "executor.extra"))
	if err != nil {
		return ex, false, err
	}
	if err := json.Unmarshal(data, &extra); err != nil {
		return ex, false, fmt.Errorf("%s: %w: %w", dir, ErrDamaged, err)
	}
	ex.Generated, ex.Kind, ex.User = extra.Generated, extra.Kind, extra.User
	ex.HTTP = exists(filepath.Join(run, "pids", "http.marker"))
	for _, id := range subdirs(filepath.Join(run, "tasks")) {
		task, err := s.loadTask(filepath.Join(run, "tasks", id))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return ex, false, err
		}
		ex.Tasks = append(ex.Tasks, task)
	}
	return ex, true, nil
}

func (s Store) loadTask(dir string) (TaskState, error) {
	var t TaskState
	if err := readMessage(filepath.Join(dir, "task.info"), &t.Info); err != nil {
		return t, err
	}
	records, err := readRecords(filepath.Join(dir, "task.updates"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return t, err
	}
	for _, r := range records {
		switch {
		case len(r) > 0 && r[0] == recordUpdate:
			var status mesos.TaskStatus
			if err := status.Unmarshal(r[1:]); err != nil {
				return t, fmt.Errorf("%s: %w: %w", dir, ErrDamaged, err)
			}
			t.Updates = append(t.Updates, status)
		case len(r) > 0 && r[0] == recordAck:
			t.Acked = append(t.Acked, append([]byte(nil), r[1:]...))
		}
	}
	return t, nil
}

func subdirs(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
