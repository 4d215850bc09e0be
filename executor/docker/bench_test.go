package docker_test

import (
	"io"
	"slices"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/executor/docker"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// BenchmarkStart compares the time from the order to the running container
// with what the engine alone takes for the same container. The two take turns,
// so that other work of the machine hits both.
func BenchmarkStart(b *testing.B) {
	engine, err := docker.NewClient("", docker.DefaultTimeouts())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = engine.Close() })
	var bare, whole []time.Duration
	for b.Loop() {
		bare = append(bare, startBare(b, engine))
		whole = append(whole, startWhole(b, engine))
	}
	slices.Sort(bare)
	slices.Sort(whole)
	b.ReportMetric(float64(bare[len(bare)/2].Milliseconds()), "engine-ms")
	b.ReportMetric(float64(whole[len(whole)/2].Milliseconds()), "executor-ms")
	b.ReportMetric(100*(float64(whole[len(whole)/2])/float64(bare[len(bare)/2])-1), "overhead-%")
}

// startBare is create and start, no more, with the options that a task has.
func startBare(b *testing.B, e *docker.Client) time.Duration {
	b.Helper()
	pids, yes := int64(100), true
	c := docker.Creation{
		Name:   name(b),
		Config: &container.Config{Image: image, Entrypoint: []string{"/bin/sh"}, Cmd: []string{"-c", "exec sleep 1000"}},
		Host: &container.HostConfig{
			NetworkMode: "bridge", Init: &yes, Binds: []string{b.TempDir() + ":/mnt/mesos/sandbox"},
			LogConfig: container.LogConfig{Type: "local"},
			Resources: container.Resources{CPUShares: 102, Memory: 32 << 20, MemorySwap: 32 << 20, PidsLimit: &pids},
		},
	}
	began := time.Now()
	id, err := e.Create(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	if err := e.Start(b.Context(), id); err != nil {
		b.Fatal(err)
	}
	took := time.Since(began)
	if err := e.Remove(b.Context(), id); err != nil {
		b.Fatal(err)
	}
	return took
}

func startWhole(b *testing.B, e *docker.Client) time.Duration {
	b.Helper()
	r := newRun(b, e, "exec sleep 1000")
	r.task.Container.Network = taskinfo.NetworkBridge
	r.runtime = docker.New(r.cfg, e, docker.Output{Stdout: io.Discard, Stderr: io.Discard}, zap.NewNop())
	began := time.Now()
	r.start()
	await[core.Running](r)
	took := time.Since(began)
	r.cancel()
	<-r.done
	return took
}
