// Package discovery decides what other programs are told of where tasks are
// reached, and when a task that they may use is killed. It is pure: a Table is
// told of Apps as the View shows them, and of addresses, and keeps one Endpoint for
// each port of each task; a Gate knows who uses endpoints and which tasks are being
// drained. Every output (the API, ZooKeeper, DNS, load balancers, Prometheus) shows
// this table and decides nothing itself.
//
// What becomes of an instance:
//
//	starting --checks alive--> ready --a check fails--> unhealthy --alive--> ready
//	                             |---agent out of sight--> unreachable --back--> ready
//	                             '---not wanted any more--> draining --killed--> gone
//
// Two rules keep a service alive when what is known of it is wrong. Endpoints that
// would be taken back because checks fail stay published if their App had too few
// others left (guard.go). And a task that is not wanted any more is killed only
// when everybody has let go of it (gate.go).
package discovery
