package execapi_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gantry-mesos/gantry/pkg/mesos/execapi"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
)

// environment is what an agent gives to a custom executor of a framework that checkpoints.
func environment() map[string]string {
	return map[string]string{
		"LIBPROCESS_IP":                        "127.0.0.1",
		"LIBPROCESS_PORT":                      "0",
		"MESOS_AGENT_ENDPOINT":                 "127.0.0.1:5051",
		"MESOS_CHECKPOINT":                     "1",
		"MESOS_DIRECTORY":                      "/var/lib/mesos/slaves/S0/frameworks/F0/executors/e1/runs/c1",
		"MESOS_EXECUTOR_ID":                    "e1",
		"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": "5secs",
		"MESOS_FRAMEWORK_ID":                   "F0",
		"MESOS_HTTP_COMMAND_EXECUTOR":          "0",
		"MESOS_RECOVERY_TIMEOUT":               "15mins",
		"MESOS_SANDBOX":                        "/mnt/mesos/sandbox",
		"MESOS_SLAVE_ID":                       "S0",
		"MESOS_SLAVE_PID":                      "slave(1)@127.0.0.1:5051",
		"MESOS_SUBSCRIPTION_BACKOFF_MAX":       "2secs",
	}
}

func TestParseEnv(t *testing.T) {
	t.Parallel()
	full := execapi.Config{
		FrameworkID: "F0", ExecutorID: "e1", AgentID: "S0", AgentEndpoint: "127.0.0.1:5051",
		Directory: "/var/lib/mesos/slaves/S0/frameworks/F0/executors/e1/runs/c1", Sandbox: "/mnt/mesos/sandbox",
		Checkpoint: true, RecoveryTimeout: 15 * time.Minute, BackoffMax: 2 * time.Second, ShutdownGracePeriod: 5 * time.Second,
	}
	tests := []struct {
		name   string
		change map[string]string
		want   func(*execapi.Config)
	}{
		{"as recorded", nil, func(*execapi.Config) {}},
		{"without checkpoint two variables are missing",
			map[string]string{"MESOS_CHECKPOINT": "0", "MESOS_RECOVERY_TIMEOUT": "", "MESOS_SUBSCRIPTION_BACKOFF_MAX": ""},
			func(c *execapi.Config) { c.Checkpoint = false }},
		{"fractions", map[string]string{"MESOS_RECOVERY_TIMEOUT": "1.5mins"},
			func(c *execapi.Config) { c.RecoveryTimeout = 90 * time.Second }},
		{"authentication token", map[string]string{"MESOS_EXECUTOR_AUTHENTICATION_TOKEN": "jwt"},
			func(c *execapi.Config) { c.Credentials = httptransport.Credentials{Token: "jwt"} }},
		{"domain socket, which never speaks TLS",
			map[string]string{"MESOS_DOMAIN_SOCKET": "/run/agent.sock", "LIBPROCESS_SSL_ENABLED": "true"},
			func(c *execapi.Config) { c.Transport.UnixSocket = "/run/agent.sock" }},
		{"TLS", map[string]string{"LIBPROCESS_SSL_ENABLED": "1", "LIBPROCESS_SSL_CA_FILE": "/ca", "LIBPROCESS_SSL_CERT_FILE": "/c", "LIBPROCESS_SSL_KEY_FILE": "/k"},
			func(c *execapi.Config) {
				c.TLS, c.Transport = true, httptransport.Config{CAFile: "/ca", CertFile: "/c", KeyFile: "/k"}
			}},
		{"sandbox is the directory when not set", map[string]string{"MESOS_SANDBOX": ""},
			func(c *execapi.Config) { c.Sandbox = c.Directory }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := environment()
			maps.Copy(env, tt.change)
			want := full
			tt.want(&want)
			got, err := execapi.ParseEnv(func(name string) string { return env[name] })
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, want, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("config (-got +want):\n%s", diff)
			}
		})
	}
}

func TestParseEnv_names_every_problem(t *testing.T) {
	t.Parallel()
	env := map[string]string{"MESOS_CHECKPOINT": "yes", "MESOS_RECOVERY_TIMEOUT": "soon"}
	_, err := execapi.ParseEnv(func(name string) string { return env[name] })
	for _, want := range []string{"MESOS_FRAMEWORK_ID", "MESOS_EXECUTOR_ID", "MESOS_AGENT_ENDPOINT", `"yes"`, `"soon"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %s in it", err, want)
		}
	}
}
