// Package scheduler is the composition root of the framework: it opens the
// store, campaigns for the leadership, subscribes with Mesos, runs the loop
// and serves the API. It decides nothing itself; decisions are core's.
package scheduler
