// Package conformance replays recorded conversations with an Apache Mesos master and its agents against a cluster
// and tells where the answers differ.
//
// A case (testdata/cases/*.json) is a script: HTTP requests with the answers a Mesos gave, events that a stream
// must or must not carry, and faults to cause in between. By default each case runs on a mini cluster made for it.
// With MESOS_PREFIX=DIR it runs on an installed Mesos (DIR/sbin/mesos-master, DIR/sbin/mesos-agent), with
// MESOS_MASTER=http://host:5050 on a cluster that is already there, as far as the case needs no flags of its own.
package conformance
