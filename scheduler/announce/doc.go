// Package announce keeps names of Apps in ZooKeeper: members of ServerSets, and in
// the forms of nerve and Curator, for programs that look there for where tasks are
// reached.
//
// # Layout
//
//	serversets<app id>/member_<number>                      a task of the App, as one JSON object
//	nerve<app id>/<port>/<instance>_<number>                a port of a task
//	curator/<app id with dots>/<task id>                    a task
//	head                                                    which term writes, and how far numbers are given out
//	writer                                                  ephemeral: whoever writes at present
//
// Members are persistent, and written by the leader: neither its end nor an outage of
// ZooKeeper makes them vanish. Their data never change, since readers cache them by
// name: what has changed is a new member, made in one transaction with the end of the
// old one. Numbers begin at 1,000,000,000 and are never given twice, so that they stay
// out of the way of sequential nodes that others make.
//
// # One writer
//
// Every write is a transaction that also replaces head, by the version that this writer
// last saw: one of an earlier term fails. The same tells what became of a write whose
// answer was lost. A new leader replaces head, reads what is there, adds what lacks and
// then removes what is its framework's and not right. Members of others are left alone.
package announce
