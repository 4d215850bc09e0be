package agent

import (
	"context"
	"fmt"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/client"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/builtin"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
)

const (
	// dockerGraceExtra is what Mesos adds to the kill grace period of a docker task for the executor's own end.
	dockerGraceExtra = 2 * time.Second
	dockerTimeout    = 30 * time.Second
	dockerPrefix     = "mesos-"
)

func (s *starting) dockerClient() (*client.Client, error) {
	return client.New(client.WithHost("unix://" + s.cfg.DockerSocket))
}

// dockerStarter returns what pulls the image of a docker task or of a custom executor and starts the container.
func (s *starting) dockerStarter(e *executorRun, spec containerizer.Spec, params builtin.Params) startFunc {
	e.dockerName = dockerPrefix + e.containerID
	docker := e.info.Container.GetDocker()
	delay, name, mount, host, binary := s.cfg.DockerRemoveDelay, e.dockerName, s.cfg.SandboxDirectory, s.host, s.cfg.Docker
	socket := "unix://" + s.cfg.DockerSocket
	info, custom := e.info, e.kind == kindCustom
	return func(ctx context.Context) (*containerizer.Container, error) {
		engine, err := s.dockerClient()
		if err != nil {
			return nil, err
		}
		if err := pull(ctx, engine, docker); err != nil {
			_ = engine.Close()
			return nil, fmt.Errorf("Failed to run '%s -H %s pull %s': exited with status 1; stderr='%w\n'",
				binary, socket, docker.GetImage(), err)
		}
		p := builtin.DockerParams{Params: params, Client: engine, Name: name, SandboxMount: mount}
		c, err := host.StartFunc(spec, func(ctx context.Context, c *containerizer.Container) int {
			var status int
			if custom {
				status = builtin.RunInDocker(ctx, c, p, info)
			} else {
				status = builtin.RunDocker(ctx, c, p)
			}
			host.Linger(delay, func() {
				removeContainer(engine, name)
				_ = engine.Close()
			})
			return status
		})
		if err != nil {
			_ = engine.Close()
		}
		return c, err
	}
}

// pull brings the image to the engine unless it is there and need not be fresh.
func pull(ctx context.Context, engine *client.Client, docker *mesos.ContainerInfo_DockerInfo) error {
	if !docker.GetForcePullImage() {
		if _, err := engine.ImageInspect(ctx, docker.GetImage()); err == nil {
			return nil
		}
	}
	progress, err := engine.ImagePull(ctx, docker.GetImage(), client.ImagePullOptions{})
	if err != nil {
		return err
	}
	defer progress.Close()
	return progress.Wait(ctx)
}

func removeContainer(engine *client.Client, name string) {
	ctx, cancel := context.WithTimeout(detached(), dockerTimeout)
	defer cancel()
	// It may never have been created.
	_, _ = engine.ContainerRemove(ctx, name, client.ContainerRemoveOptions{Force: true})
}

// removeDocker removes a container that an earlier program left behind.
func (s *starting) removeDocker(name string) {
	if !s.cfg.DockerKillOrphans {
		return
	}
	s.box.Go(func(context.Context) {
		engine, err := s.dockerClient()
		if err != nil {
			return
		}
		removeContainer(engine, name)
		_ = engine.Close()
	})
}
