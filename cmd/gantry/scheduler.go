package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/gantry-mesos/gantry/scheduler"
)

func newSchedulerCmd() *cobra.Command {
	cfg := scheduler.DefaultConfig()
	var logs logging
	cmd := &cobra.Command{
		Use:   "scheduler",
		Short: "Run the framework on a Mesos cluster",
		Long: `Run Gantry as a framework of a Mesos cluster and serve Marathon's /v2 API.

State is kept in ZooKeeper (--zk; several schedulers, one of which leads) or in
a directory (--state-dir; one scheduler). Every flag can also be given in the
environment: --mesos-role as GANTRY_MESOS_ROLE. Underscores and dashes are the
same, so Marathon's spelling works.`,
		Example: `  gantry scheduler --master zk://10.0.0.1:2181,10.0.0.2:2181/mesos --zk zk://10.0.0.1:2181,10.0.0.2:2181/gantry
  gantry scheduler --master 10.0.0.5:5050 --state-dir /var/lib/gantry`,
		Args: args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cfg.ExecutorPath == "" && cfg.ExecutorBinary == "" {
				cfg.ExecutorBinary = findExecutor()
			}
			if err := cfg.Validate(); err != nil {
				return usageError(err)
			}
			log, level, err := logs.logger()
			if err != nil {
				return usageError(err)
			}
			cfg.LogLevel = level
			s, err := scheduler.New(cfg, log)
			if err != nil {
				return err
			}
			return s.Run(cmd.Context())
		},
	}
	schedulerFlags(cmd.Flags(), &cfg)
	logs.flags(cmd.Flags(), "info")
	return cmd
}

func schedulerFlags(f *pflag.FlagSet, cfg *scheduler.Config) {
	f.StringVar(&cfg.Master, "master", cfg.Master, "Mesos masters: zk://h1:2181,h2:2181/mesos, http://host:5050, or host:5050,host2:5050")
	f.StringVar(&cfg.ZK, "zk", cfg.ZK, "ZooKeeper for state and leader election: zk://h1:2181,h2:2181/gantry")
	f.DurationVar(&cfg.ZKSessionTimeout, "zk-session-timeout", cfg.ZKSessionTimeout, "how long a leader that vanished keeps its place, before another scheduler leads; ZooKeeper may grant another time")
	f.StringVar(&cfg.StateDir, "state-dir", cfg.StateDir, "directory for the state of a single scheduler, instead of --zk")
	f.StringVar(&cfg.HTTPAddress, "http-address", cfg.HTTPAddress, "host:port that the API listens on")
	accessFlags(f, cfg)
	f.StringVar(&cfg.Hostname, "hostname", cfg.Hostname, "name that others reach this scheduler by (default: the host of --http-address)")
	f.StringVar(&cfg.FrameworkName, "framework-name", cfg.FrameworkName, "name shown by Mesos")
	f.BoolVar(&cfg.FrameworkIDReset, "framework-id-reset", false, "register as a new framework once, forgetting the old one's tasks")
	f.StringSliceVar(&cfg.MesosRoles, "mesos-role", cfg.MesosRoles, "role to get offers for; repeatable, the first is the default of apps")
	f.StringVar(&cfg.MesosUser, "mesos-user", cfg.MesosUser, "user that tasks run as unless their app says otherwise")
	f.StringVar(&cfg.Principal, "principal", cfg.Principal, "principal to authenticate with, together with --secret-file")
	f.StringVar(&cfg.SecretFile, "secret-file", cfg.SecretFile, "file with the principal's secret")
	f.StringVar(&cfg.TLS.CAFile, "mesos-ca-file", "", "certificate authority of https masters (PEM)")
	f.StringVar(&cfg.TLS.CertFile, "mesos-cert-file", "", "client certificate for https masters (PEM)")
	f.StringVar(&cfg.TLS.KeyFile, "mesos-key-file", "", "key of the client certificate (PEM)")
	f.DurationVar(&cfg.FailoverTimeout, "failover-timeout", cfg.FailoverTimeout, "how long Mesos keeps the tasks while no scheduler is there")
	f.StringVar(&cfg.WebUIURL, "webui-url", cfg.WebUIURL, "link shown by Mesos (default: the API's address)")
	f.StringVar(&cfg.ExecutorPath, "executor-path", cfg.ExecutorPath, "gantry-executor as installed on every agent (default: agents fetch it from here)")
	f.StringVar(&cfg.ExecutorBinary, "executor-binary", cfg.ExecutorBinary, "gantry-executor that agents fetch (default: the one beside gantry)")
	f.StringVar(&cfg.DefaultExecutor, "default-executor", cfg.DefaultExecutor, "gantry, or mesos for Mesos' built-in executors")
	sharingFlags(f, &cfg.Decisions)
	placementFlags(f, cfg)
	discoveryFlags(f, cfg)
	f.DurationVar(&cfg.Decisions.DeclineFor, "decline-offer-duration", cfg.Decisions.DeclineFor, "filter of offers that are of no use")
	f.DurationVar(&cfg.Decisions.LaunchTimeout, "task-launch-timeout", cfg.Decisions.LaunchTimeout, "how long a task may take to run without any sign of life")
	f.DurationVar(&cfg.Decisions.ReconcileEvery, "reconciliation-interval", cfg.Decisions.ReconcileEvery, "time between implicit reconciliations")
	f.DurationVar(&cfg.Decisions.ProgressDeadline, "deployment-deadline", cfg.Decisions.ProgressDeadline, "time without progress after which a deployment has failed; 0 never")
	healthFlags(f, &cfg.Decisions)
	f.IntVar(&cfg.Decisions.ServicePortMin, "local-port-min", cfg.Decisions.ServicePortMin, "lowest service port that is assigned")
	f.IntVar(&cfg.Decisions.ServicePortMax, "local-port-max", cfg.Decisions.ServicePortMax, "highest service port that is assigned")
}

// findExecutor looks for gantry-executor beside this program and in PATH.
func findExecutor() string {
	const name = "gantry-executor"
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside
		}
	}
	if found, err := exec.LookPath(name); err == nil {
		if abs, err := filepath.Abs(found); err == nil {
			return abs
		}
	}
	return ""
}

// logging is how a long-running command logs.
type logging struct{ level, format string }

func (l *logging) flags(f *pflag.FlagSet, level string) {
	f.StringVar(&l.level, "log-level", level, "debug, info, warn or error")
	f.StringVar(&l.format, "log-format", "console", "console or json")
}

// logger returns the log, and its level for those who change it later.
func (l *logging) logger() (*zap.Logger, zap.AtomicLevel, error) {
	level, err := zapcore.ParseLevel(l.level)
	if err != nil {
		return nil, zap.AtomicLevel{}, fmt.Errorf("--log-level %q: use debug, info, warn or error", l.level)
	}
	cfg := zap.NewProductionConfig()
	cfg.Level = zap.NewAtomicLevelAt(level)
	cfg.Sampling = nil
	cfg.DisableStacktrace, cfg.DisableCaller = true, true
	cfg.EncoderConfig.EncodeTime = zapcore.RFC3339TimeEncoder
	cfg.EncoderConfig.EncodeDuration = zapcore.StringDurationEncoder
	switch l.format {
	case "console":
		cfg.Encoding = "console"
		cfg.EncoderConfig.EncodeLevel = zapcore.CapitalLevelEncoder
	case "json":
	default:
		return nil, zap.AtomicLevel{}, fmt.Errorf("--log-format %q: use console or json", l.format)
	}
	log, err := cfg.Build()
	return log, cfg.Level, err
}

// accessFlags say who may use the API and with what, for both ways to run a scheduler.
func accessFlags(f *pflag.FlagSet, cfg *scheduler.Config) {
	f.StringSliceVar(&cfg.HTTPAllowedHosts, "http-allowed-host", nil, "further name that requests may call this API while it listens on loopback or asks for no credentials; * is every name; repeatable")
	f.StringSliceVar(&cfg.HTTPAllowedOrigins, "http-allowed-origin", nil, "origin of web pages that may change things, such as https://panel.example; repeatable")
	f.StringSliceVar(&cfg.HTTPReadOrigins, "access-control-allow-origin", nil, "origin of web pages that may read answers (CORS), such as https://panel.example; * is every origin; repeatable")
	f.StringVar(&cfg.HTTPCredentialsFile, "http-credentials-file", "", "file with the users of the API, user:password on each line; without it everybody may use it")
	f.StringVar(&cfg.HTTPCredentials, "http-credentials", "", "one user of the API, as user:password; other users of the machine may see it: better GANTRY_HTTP_CREDENTIALS, or --http-credentials-file")
	f.StringVar(&cfg.TLSCertFile, "tls-cert-file", "", "certificate of the API with its chain (PEM), which is served over https then; read again when it is replaced")
	f.StringVar(&cfg.TLSKeyFile, "tls-key-file", "", "key of the API's certificate (PEM)")
	f.StringVar(&cfg.TLSCAFile, "tls-ca-file", "", "certificate authority of other schedulers' certificates (PEM), beside the system's and --tls-cert-file itself")
	f.IntVar(&cfg.HTTPMaxRequests, "http-max-concurrent-requests", cfg.HTTPMaxRequests, "requests that are answered at a time, more get 429; 0 is no bound")
	f.IntVar(&cfg.HTTPMaxStreams, "http-max-event-streams", cfg.HTTPMaxStreams, "event streams, logs and downloads at a time, more get 429; 0 is no bound")
	f.BoolVar(&cfg.ReadOnly, "read-only", false, "take no changes through this scheduler's API and pass none on to the leader")
	f.StringVar(&cfg.DebugAddress, "debug-address", "", "host:port that /debug listens on (docs/operations.md); anything but loopback needs --http-credentials-file (default: nowhere)")
	f.BoolVar(&cfg.UIReadOnly, "ui-read-only", false, "leave out of the web page at /ui/ whatever changes something (the API is the same)")
	f.Int64Var(&cfg.HTTPBodyMax, "http-body-max", cfg.HTTPBodyMax, "largest body of a request in bytes, such as many apps at once")
}
