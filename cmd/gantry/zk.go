package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/zkstatus"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
)

func (c *cli) newZKCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "zk", Short: "See how ZooKeeper is", Args: groupArgs, RunE: showHelp}
	timeout := 3 * time.Second
	status := &cobra.Command{
		Use: "status ZK", Short: "Ask each server of an ensemble how it is", Example: "  gantry zk status zk://10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2181/gantry",
		Long: `Ask each server of a ZooKeeper ensemble by the command srvr, and by mntr where that
is allowed. A server that answers has a quorum; "imok" to ruok would say nothing.

Exit codes: 0 every server serves, 1 not every one, 2 none does, or misused.`,
		Args: args(1, 1, "the address of an ensemble, such as zk://10.0.0.1:2181/gantry"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text := args[0]
			if !zkurl.Is(text) {
				text = zkurl.Scheme + text
			}
			url, err := zkurl.Parse(text)
			if err != nil {
				if url, err = zkurl.Parse(text + "/x"); err != nil { // the path is of no interest
					return usageError(err)
				}
			}
			servers := zkstatus.Ask(cmd.Context(), url.Hosts, timeout)
			health := zkstatus.Of(servers)
			if err := c.showZK(cmd, servers, health); err != nil {
				return err
			}
			switch health {
			case zkstatus.Degraded:
				return &exitError{exitFailed, errors.New(health.String())}
			case zkstatus.NoQuorum:
				return &exitError{exitMisused, errors.New(health.String())}
			case zkstatus.Well:
			}
			return nil
		},
	}
	status.Flags().DurationVar(&timeout, "timeout", timeout, "how long each server has to answer")
	cmd.AddCommand(status)
	return cmd
}

func (c *cli) showZK(cmd *cobra.Command, servers []zkstatus.Server, health zkstatus.Health) error {
	shown := map[string]any{"servers": servers, "health": health.String()}
	return c.print(cmd.OutOrStdout(), shown, func(t *table) {
		t.row("SERVER", "MODE", "VERSION", "LATENCY MS", "CONNECTIONS", "OUTSTANDING", "NODES", "WATCHES", "WHAT")
		for _, s := range servers {
			what := s.Error
			if what == "" {
				what = s.Note
			}
			latency := ""
			if s.Mode != "" {
				latency = fmt.Sprintf("%g/%g/%g", s.Latency.Min, s.Latency.Avg, s.Latency.Max)
			}
			t.row(s.Address, s.Mode, s.Version, latency, s.Connections, s.Outstanding, s.Nodes, s.More["zk_watch_count"], what)
		}
	})
}
