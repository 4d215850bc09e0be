// Command gantry-executor runs one task of Gantry's on a Mesos agent, which
// starts it and tells it everything through the environment.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/gantry-mesos/gantry/executor"
	"github.com/gantry-mesos/gantry/executor/sandbox"
)

// version is set by the build.
var version = "dev"

// Exit codes.
const (
	exitOK = iota
	exitFailed
	exitMisused
)

// logFile is the executor's own log in the sandbox; stdout and stderr are the task's.
const logFile = "gantry-executor.log"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("gantry-executor", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { usage(stderr) }
	showVersion := flags.Bool("version", false, "print the version and exit")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitMisused
	case *showVersion:
		fmt.Fprintln(stdout, "gantry-executor", version)
		return exitOK
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "gantry-executor takes no arguments, got %q\n", flags.Args())
		return exitMisused
	}
	// An executor is one of many on its host and mostly idle: memory counts
	// for more than the garbage collector's time.
	debug.SetGCPercent(25)
	cfg, err := executor.FromEnv(os.Getenv)
	if err != nil {
		fmt.Fprintf(stderr, "gantry-executor: %v\n", err)
		return exitMisused
	}
	cfg.Stdout, cfg.Stderr = os.Stdout, os.Stderr
	return serve(cfg, stderr)
}

func serve(cfg executor.Config, stderr io.Writer) int {
	log, err := logger(cfg)
	if err != nil {
		fmt.Fprintf(stderr, "gantry-executor: %v\n", err)
		return exitMisused
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := executor.Run(ctx, cfg, log); err != nil {
		log.Error("executor ended", zap.Error(err))
		return exitFailed
	}
	return exitOK
}

// logger writes into a small file beside the task's output.
func logger(cfg executor.Config) (*zap.Logger, error) {
	level, err := zapcore.ParseLevel(cfg.LogLevel)
	if err != nil {
		return nil, fmt.Errorf("GANTRY_EXECUTOR_LOG_LEVEL=%s: %w", cfg.LogLevel, err)
	}
	path := cfg.Agent.Sandbox
	if path != "" {
		path += "/"
	}
	file, err := sandbox.OpenFile(path+logFile, sandbox.Rotation{Bytes: 4 << 20, Keep: 1})
	if err != nil {
		return nil, err
	}
	encoder := zap.NewProductionEncoderConfig()
	encoder.EncodeTime = zapcore.ISO8601TimeEncoder
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(encoder), zapcore.AddSync(file), level)), nil
}

func usage(w io.Writer) {
	fmt.Fprint(w, `gantry-executor runs one task of Gantry's. A Mesos agent starts it.

usage: gantry-executor [--version]

It reads the MESOS_* variables that every executor gets, DOCKER_HOST, and:
  GANTRY_EXECUTOR_ENGINE_WAIT    wait for a Docker engine that does not answer (10s)
  GANTRY_EXECUTOR_ENGINE_RETURN  wait for one that stopped while the task ran (1m)
  GANTRY_EXECUTOR_PULL_STALL     end a pull that stands still (3m)
  GANTRY_EXECUTOR_ACK_WAIT       wait for the last acknowledgement (1m)
  GANTRY_EXECUTOR_OUTPUT_BYTES   size at which stdout and stderr are rotated (67108864)
  GANTRY_EXECUTOR_OUTPUT_KEEP    old files of each kept (1)
  GANTRY_EXECUTOR_PIDS_LIMIT     processes of a container (8192)
  GANTRY_EXECUTOR_CPU_QUOTA      cpus are a hard limit (false)
  GANTRY_EXECUTOR_INIT           an init process before the task (true)
  GANTRY_EXECUTOR_CGROUPS        containers below the executor's cgroup (true)
  GANTRY_EXECUTOR_LOG_LEVEL      debug, info, warn or error (info)

Its own log is gantry-executor.log in the sandbox. It exits with 0 when all was
said and acknowledged, 1 when not, 2 when it was started wrongly.
`)
}
