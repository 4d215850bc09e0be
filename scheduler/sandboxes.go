package scheduler

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sync"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/operatorapi"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// operatorCallTimeout bounds one call to a master or an agent.
const operatorCallTimeout = 10 * time.Second

// sandboxes reads the files of tasks from their agents, whose addresses the
// leading master tells. It implements httpapi.Sandboxes.
type sandboxes struct {
	client *operatorapi.Client
	view   func() *view.View

	mu     sync.Mutex
	agents map[mesos.AgentID]string
}

func newSandboxes(client *operatorapi.Client, view func() *view.View) *sandboxes {
	return &sandboxes{client: client, view: view, agents: map[mesos.AgentID]string{}}
}

// Read implements httpapi.Sandboxes.
func (s *sandboxes) Read(ctx context.Context, at httpapi.SandboxPath, offset int64) (size int64, data []byte, err error) {
	err = s.on(ctx, at, func(ctx context.Context, agent, file string) error {
		chunk, err := s.client.ReadFile(ctx, agent, file, offset)
		size, data = chunk.Size, chunk.Data
		return err
	})
	return size, data, err
}

// List implements httpapi.Sandboxes.
func (s *sandboxes) List(ctx context.Context, at httpapi.SandboxPath) (files []httpapi.SandboxFile, err error) {
	err = s.on(ctx, at, func(ctx context.Context, agent, dir string) error {
		infos, err := s.client.ListFiles(ctx, agent, dir)
		files = make([]httpapi.SandboxFile, 0, len(infos))
		for _, i := range infos {
			files = append(files, httpapi.SandboxFile{
				Path: path.Join(at.Path, path.Base(i.Path)), Size: i.Size, Directory: i.Mode&0o170000 == 0o040000,
				Mode: fs.FileMode(i.Mode & 0o777), Modified: time.Unix(0, i.MTime.Nanoseconds).UTC(), User: i.UID, Group: i.GID,
			})
		}
		return err
	})
	return files, err
}

// on calls do with the agent's address and the path as the agent knows it: that
// of Gantry's executor or, for a task run by one of Mesos' own, that of the task's.
func (s *sandboxes) on(ctx context.Context, at httpapi.SandboxPath, do func(ctx context.Context, agent, path string) error) error {
	ctx, cancel := context.WithTimeout(ctx, operatorCallTimeout)
	defer cancel()
	agent, known, err := s.address(ctx, at.Agent, false)
	if err != nil {
		return err
	}
	err = s.tryExecutors(ctx, agent, at, do)
	if err == nil || errors.Is(err, operatorapi.ErrNotFound) || errors.Is(err, operatorapi.ErrDenied) || !known || ctx.Err() != nil {
		return translate(err)
	}
	if agent, _, err = s.address(ctx, at.Agent, true); err != nil { // it may have moved to another port
		return err
	}
	return translate(s.tryExecutors(ctx, agent, at, do))
}

func translate(err error) error {
	switch {
	case errors.Is(err, operatorapi.ErrNotFound):
		return fmt.Errorf("%w: %w", httpapi.ErrNoFile, err)
	case errors.Is(err, operatorapi.ErrDenied):
		return fmt.Errorf("%w; the framework's principal needs the permission access_sandboxes", err)
	default:
		return err
	}
}

func (s *sandboxes) tryExecutors(ctx context.Context, agent string, at httpapi.SandboxPath, do func(ctx context.Context, agent, path string) error) error {
	framework := string(s.view().Framework.ID)
	var err error
	for _, executor := range []string{string(taskinfo.ExecutorID(at.Task)), string(at.Task)} {
		err = do(ctx, agent, path.Join("/frameworks", framework, "executors", executor, "runs/latest", at.Path))
		if !errors.Is(err, operatorapi.ErrNotFound) {
			return err
		}
	}
	return err
}

// address returns where an agent can be called, and whether that was known before.
func (s *sandboxes) address(ctx context.Context, id mesos.AgentID, afresh bool) (address string, known bool, err error) {
	s.mu.Lock()
	address, known = s.agents[id]
	s.mu.Unlock()
	if known && !afresh {
		return address, true, nil
	}
	master, err := leadingMaster(s.view())
	if err != nil {
		return "", false, err
	}
	list, err := s.client.Agents(ctx, master)
	if err != nil {
		return "", false, err
	}
	agents := make(map[mesos.AgentID]string, len(list))
	for _, a := range list {
		agents[a.ID] = a.Address
	}
	s.mu.Lock()
	s.agents = agents
	s.mu.Unlock()
	if address = agents[id]; address == "" {
		return "", false, fmt.Errorf("%w: agent %s is not registered with the master", httpapi.ErrNoFile, id)
	}
	return address, false, nil
}
