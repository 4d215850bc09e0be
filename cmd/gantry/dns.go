package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/scheduler"
	"github.com/gantry-mesos/gantry/scheduler/dns"
)

func (c *cli) newDNSCmd() *cobra.Command {
	var logs logging
	names := scheduler.DefaultConfig().DNS
	address := "127.0.0.1:8053"
	cmd := &cobra.Command{
		Use: "dns", Short: "Answer names of apps with where their tasks are reached", Args: args(0, 0, ""),
		Long: `Answer names of apps over DNS, as web.gantry.gantry for the app /web, following the
scheduler at --url. It has Mesos-DNS' names, so that what uses those goes on, and
answers for its own zone only: have your resolver ask it for that zone.`,
		Example: `  gantry dns --url http://scheduler:8080
  gantry dns --dns-address 0.0.0.0:53 --dns-zone mesos --framework-name marathon`,
	}
	framework := "gantry"
	f := cmd.Flags()
	f.StringVar(&address, "dns-address", address, "host:port to answer on, UDP and TCP; below 1024 it needs a privilege")
	f.StringVar(&framework, "framework-name", framework, "name of the framework, which is part of all names")
	f.StringVar(&names.Zone, "dns-zone", names.Zone, "zone of the names")
	f.DurationVar(&names.TTL, "dns-ttl", names.TTL, "how long answers may be kept")
	f.StringVar(&names.HTTPAddress, "dns-http-address", "", "host:port of Mesos-DNS' HTTP interface (default: nowhere)")
	logs.flags(f, "warn")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, _ []string) error {
		log, _, err := logs.logger()
		if err != nil {
			return usageError(err)
		}
		names.Address = address
		if err := names.Validate(); err != nil {
			return usageError(err)
		}
		host, err := os.Hostname()
		if err != nil {
			host = "unknown"
		}
		s := dns.Service{
			Server: dns.NewServer(dns.Config{Names: dns.Names{Domain: names.Zone, Framework: framework}, TTL: names.TTL}),
			Client: client, ID: "dns-" + host + "-" + strings.Split(uuid.NewString(), "-")[0],
			Address: address, HTTPAddress: names.HTTPAddress, Version: version, Log: log.Named("dns"),
			Started: func(at, web net.Addr) {
				_, _ = fmt.Fprintf(cmd.OutOrStdout(), "answering on %v\n", at)
				if web != nil {
					_, _ = fmt.Fprintf(cmd.OutOrStdout(), "HTTP on %v\n", web)
				}
			},
		}
		if err := s.Run(ctx); !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	})
	return cmd
}
