package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/gantry-mesos/gantry/pkg/api"
)

func (c *cli) newTaskLogsCmd() *cobra.Command {
	var o api.LogOptions
	var tail string
	var previous bool
	cmd := &cobra.Command{
		Use: "logs APP|TASK...", Short: "Show what tasks write to stdout or stderr", ValidArgsFunction: c.completeTasks,
		Long: `Shows what tasks have written, read from their agents through the scheduler.
An APP stands for all its tasks. Several tasks are shown side by side, each line
with its task in front. With --follow it goes on until the tasks have ended or
Ctrl-C; with --previous it shows the last task of the APP that failed, as long
as its agent keeps the files.`,
		Example: `  gantry task logs /web
  gantry task logs -f --tail 20 /web
  gantry task logs --stderr web.instance-0d3c2a9e-4a57-4c55-9a53-5f0e4f0c8c11._app.1
  gantry task logs --previous --stderr /web`,
		Args: args(1, math.MaxInt, "one APP or TASK, or more"),
	}
	cmd.Flags().BoolVarP(&o.Follow, "follow", "f", false, "show what comes, too, until the tasks have ended")
	cmd.Flags().BoolVar(&o.Stderr, "stderr", false, "show stderr instead of stdout")
	cmd.Flags().StringVar(&tail, "tail", "all", "how many lines from the end to begin with, or all")
	cmd.Flags().BoolVar(&previous, "previous", false, "show the last task of the APP that failed")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		var err error
		if o.Tail, err = lines(tail); err != nil {
			return usageError(err)
		}
		tasks, err := tasksNamed(ctx, client, args, previous)
		if err != nil {
			return err
		}
		if len(tasks) == 1 {
			return copyLog(ctx, client, tasks[0], o, cmd.OutOrStdout())
		}
		return copyLogs(ctx, client, tasks, o, cmd.OutOrStdout())
	})
	return cmd
}

func lines(tail string) (int, error) {
	if tail == "all" {
		return -1, nil
	}
	n, err := strconv.Atoi(tail)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("--tail %q: it is a number of lines from 0 on, or all", tail)
	}
	return n, nil
}

// tasksNamed returns the tasks that the arguments stand for, each once.
func tasksNamed(ctx context.Context, client *api.Client, names []string, previous bool) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	add := func(id string) {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	for _, name := range names {
		if strings.Contains(name, "._app.") {
			if previous {
				return nil, usageError(fmt.Errorf("--previous takes an APP, not the task %s", name))
			}
			add(name)
			continue
		}
		app, err := client.App(ctx, name)
		if e, ok := errors.AsType[*api.Error](err); ok && e.Status == http.StatusNotFound && !previous {
			if id, shortErr := taskNamed(ctx, client, name); shortErr != nil || id != name {
				if shortErr != nil {
					return nil, shortErr
				}
				add(id)
				continue
			}
		}
		switch {
		case err != nil:
			return nil, err
		case previous && app.LastTaskFailure == nil:
			return nil, fmt.Errorf("no task of app %s has failed", app.ID)
		case previous:
			add(app.LastTaskFailure.TaskID)
		case len(app.Tasks) == 0:
			return nil, fmt.Errorf("app %s has no task; gantry queue show %s tells what it waits for, --previous shows the last one that failed", app.ID, app.ID)
		}
		for _, t := range app.Tasks {
			if !previous {
				add(t.ID)
			}
		}
	}
	return out, nil
}

func copyLog(ctx context.Context, client *api.Client, task string, o api.LogOptions, w io.Writer) error {
	log, err := client.Log(ctx, task, o)
	if err != nil {
		return err
	}
	defer log.Close()
	if _, err := io.Copy(w, log); err != nil {
		return cutOff(ctx, task, err)
	}
	return nil
}

// copyLogs shows several logs side by side, line by line.
func copyLogs(ctx context.Context, client *api.Client, tasks []string, o api.LogOptions, w io.Writer) error {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	for _, task := range tasks {
		g.Go(func() error {
			log, err := client.Log(ctx, task, o)
			if err != nil {
				return err
			}
			defer log.Close()
			for r := bufio.NewReader(log); ; {
				line, err := r.ReadString('\n')
				if line != "" {
					mu.Lock()
					fmt.Fprintf(w, "%s | %s\n", shortTask(task), strings.TrimSuffix(line, "\n"))
					mu.Unlock()
				}
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil {
					return cutOff(ctx, task, err)
				}
			}
		})
	}
	return g.Wait()
}

func cutOff(ctx context.Context, task string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("the log of %s is cut off: %w", task, err)
}

// shortTask is a task's name in front of its lines: web.0d3c2a9e.2 is the second
// run of an instance of web.
func shortTask(id string) string {
	app, rest, ok := strings.Cut(id, ".instance-")
	instance, run, ok2 := strings.Cut(rest, "._app.")
	if !ok || !ok2 || len(instance) < 8 {
		return id
	}
	return app + "." + instance[:8] + "." + run
}

func (c *cli) newTaskFilesCmd() *cobra.Command {
	return &cobra.Command{
		Use: "files TASK [DIRECTORY]", Short: "List the files in a task's sandbox", ValidArgsFunction: c.completeTasks,
		Example: `  gantry task files web.instance-0d3c2a9e-4a57-4c55-9a53-5f0e4f0c8c11._app.1
  gantry task files web.instance-0d3c2a9e-4a57-4c55-9a53-5f0e4f0c8c11._app.1 logs`,
		Args: args(1, 2, "a TASK and at most one DIRECTORY"),
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
			task, err := taskNamed(ctx, client, args[0])
			if err != nil {
				return err
			}
			files, err := client.Files(ctx, task, strings.Join(args[1:], ""))
			if err != nil {
				return err
			}
			return c.print(cmd.OutOrStdout(), files, func(t *table) {
				t.row("MODE", "USER", "SIZE", "MODIFIED", "PATH")
				for _, f := range files {
					name := f.Path
					if f.Directory {
						name += "/"
					}
					t.row(f.Mode, f.User, f.Size, f.Modified, name)
				}
			})
		}),
	}
}

func (c *cli) newTaskDownloadCmd() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use: "download TASK FILE", Short: "Fetch a file from a task's sandbox", ValidArgsFunction: c.completeTasks,
		Example: `  gantry task download web.instance-0d3c2a9e-4a57-4c55-9a53-5f0e4f0c8c11._app.1 core.dump
  gantry task download web.instance-0d3c2a9e-4a57-4c55-9a53-5f0e4f0c8c11._app.1 report.csv --to -`,
		Args: args(2, 2, "a TASK and a FILE"),
	}
	cmd.Flags().StringVar(&to, "to", "", "the file to write, - for standard output (default: the file's own name, here)")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		task, err := taskNamed(ctx, client, args[0])
		if err != nil {
			return err
		}
		in, err := client.File(ctx, task, args[1])
		if err != nil {
			return err
		}
		defer in.Close()
		if to == "-" {
			_, err := io.Copy(cmd.OutOrStdout(), in)
			return err
		}
		if to == "" {
			to = path.Base(args[1])
		}
		return save(to, in)
	})
	return cmd
}

// save writes a new file; what is there already is kept, and half a file is not.
func save(name string, in io.Reader) error {
	out, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists already; remove it, or choose another name with --to", name)
	}
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return errors.Join(fmt.Errorf("fetch %s: %w", name, err), out.Close(), os.Remove(name))
	}
	return out.Close()
}
