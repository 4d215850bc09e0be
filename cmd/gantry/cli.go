package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// cli is what the client commands share.
type cli struct {
	url, output string
	// credentials is a file with user and password, so that neither shows among the processes.
	credentials string
	// caFile has the authorities of the scheduler's certificate.
	caFile string
	poll   time.Duration
}

func (c *cli) flags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&c.url, "url", "http://127.0.0.1:8080", "address of the scheduler (client commands)")
	f.StringVar(&c.credentials, "credentials-file", "", "file with a line user:password for the scheduler (client commands); other users do not see it, as they see --url")
	f.StringVar(&c.caFile, "ca-file", "", "certificate authority of an https scheduler, or its certificate (PEM), beside the system's (client commands)")
	f.StringVarP(&c.output, "output", "o", "table", "table, json or yaml (client commands)")
	f.DurationVar(&c.poll, "poll-interval", 500*time.Millisecond, "time between two looks while waiting")
	if err := f.MarkHidden("poll-interval"); err != nil {
		panic(err)
	}
	complete(root, "output", "table", "json", "yaml")
}

// complete makes a flag's values complete in the shell.
func complete(cmd *cobra.Command, flag string, values ...string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err)
	}
}

// prepare runs before every command.
func (c *cli) prepare(cmd *cobra.Command) error {
	if err := fromEnvironment(cmd); err != nil {
		return usageError(err)
	}
	switch c.output {
	case "table", "json", "yaml":
		return nil
	default:
		return usageError(fmt.Errorf("--output %q: use table, json or yaml", c.output))
	}
}

func (c *cli) client() (*api.Client, error) {
	client, err := api.NewClient(c.url)
	if err != nil {
		return nil, usageError(fmt.Errorf("--url: %w", err))
	}
	if c.caFile != "" {
		if err := trust(client, c.caFile); err != nil {
			return nil, usageError(fmt.Errorf("--ca-file %s: %w", c.caFile, err))
		}
	}
	if c.credentials == "" {
		return client, nil
	}
	user, password, err := readLogin(c.credentials)
	if err != nil {
		return nil, usageError(fmt.Errorf("--credentials-file %s: %w", c.credentials, err))
	}
	client.Authenticate(user, password)
	return client, nil
}

// trust makes the client trust the authorities of a file.
func trust(client *api.Client, file string) error {
	data, err := os.ReadFile(file)
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err // the file has been named
	}
	if err != nil {
		return err
	}
	return client.Trust(data)
}

// readLogin reads the one user of a file in the form that --http-credentials-file of
// the scheduler has. Its errors show nothing of the file.
func readLogin(file string) (user, password string, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			err = path.Err // the file has been named
		}
		return "", "", err
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if user != "" {
			return "", "", errors.New("it names several users; one line user:password is wanted")
		}
		var ok bool
		if user, password, ok = strings.Cut(line, ":"); !ok || user == "" || password == "" {
			return "", "", errors.New("its line has not the form user:password")
		}
	}
	if user == "" {
		return "", "", errors.New("it is empty; a line user:password is wanted")
	}
	return user, password, nil
}

// runner is the body of a client command.
type runner func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error

// with makes a runner a command's RunE.
func (c *cli) with(run runner) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		client, err := c.client()
		if err != nil {
			return err
		}
		defer client.Close()
		client.Warn = func(text string) { _, _ = fmt.Fprintln(cmd.ErrOrStderr(), "warning: "+text) }
		err = run(cmd.Context(), client, cmd, args)
		if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && c.caFile == "" {
			err = fmt.Errorf("%w; name the certificate's authority with --ca-file", err)
		}
		return err
	}
}

// print writes v as JSON or YAML, or as the table that rows fills.
func (c *cli) print(w io.Writer, v any, rows func(t *table)) error {
	if c.output == "table" {
		t := &table{w: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
		rows(t)
		return t.w.Flush()
	}
	data, err := api.Marshal(v)
	if err != nil {
		return err
	}
	if c.output == "yaml" {
		if data, err = yaml.JSONToYAML(data); err != nil {
			return fmt.Errorf("write YAML: %w", err)
		}
		_, err = w.Write(data)
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err = w.Write(b.Bytes())
	return err
}

// table writes aligned columns.
type table struct{ w *tabwriter.Writer }

// row writes one line; an empty cell shows as "-".
func (t *table) row(cells ...any) {
	texts := make([]string, len(cells))
	for i, c := range cells {
		if texts[i] = strings.NewReplacer("\t", " ", "\n", " ").Replace(fmt.Sprint(c)); texts[i] == "" {
			texts[i] = "-"
		}
	}
	fmt.Fprintln(t.w, strings.Join(texts, "\t"))
}

// terminal reports whether a stream is one.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// completeApps completes ids of Apps, by asking the scheduler.
func (c *cli) completeApps(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.ask(cmd, func(ctx context.Context, client *api.Client) ([]cobra.Completion, error) {
		apps, err := client.Apps(ctx, nil)
		ids := make([]cobra.Completion, 0, len(apps))
		for _, a := range apps {
			ids = append(ids, cobra.CompletionWithDesc(a.ID, fmt.Sprintf("%d instances", a.Instances)))
		}
		return ids, err
	})
}

// completeTasks completes ids of tasks.
func (c *cli) completeTasks(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return c.ask(cmd, func(ctx context.Context, client *api.Client) ([]cobra.Completion, error) {
		tasks, err := client.Tasks(ctx, "")
		ids := make([]cobra.Completion, 0, len(tasks))
		for _, t := range tasks {
			ids = append(ids, cobra.CompletionWithDesc(t.ID, "on "+t.Host))
		}
		return ids, err
	})
}

// completeDeployments completes ids of deployments.
func (c *cli) completeDeployments(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.ask(cmd, func(ctx context.Context, client *api.Client) ([]cobra.Completion, error) {
		list, err := client.Deployments(ctx)
		ids := make([]cobra.Completion, 0, len(list))
		for _, d := range list {
			ids = append(ids, cobra.CompletionWithDesc(d.ID, strings.Join(d.AffectedApps, " ")))
		}
		return ids, err
	})
}

// ask gets completions from the scheduler, or none when it does not answer at once.
func (c *cli) ask(cmd *cobra.Command, get func(context.Context, *api.Client) ([]cobra.Completion, error)) ([]cobra.Completion, cobra.ShellCompDirective) {
	const none = cobra.ShellCompDirectiveNoFileComp
	if fromEnvironment(cmd) != nil {
		return nil, none
	}
	client, err := c.client()
	if err != nil {
		return nil, none
	}
	defer client.Close()
	parent := cmd.Context()
	if parent == nil {
		parent = context.Background()
	}
	ctx, cancel := context.WithTimeout(parent, 2*time.Second)
	defer cancel()
	found, err := get(ctx, client)
	if err != nil {
		return nil, none
	}
	return found, none
}
