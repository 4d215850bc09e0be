// Package zkstore keeps the scheduler's records in ZooKeeper, for schedulers
// of which one leads and others stand by.
//
// # Layout
//
// Below the path that was given, all contents compressed and with a checksum:
//
//	state/head           who owns the store; its version counts the owners
//	state/log/<number>   transactions, one znode each, in the order of writing
//	state/base/<bucket>  records, spread over 256 buckets by a hash of the key
//	state/base/<bucket>/<generation>-<page>   what does not fit into the bucket's znode
//
// The state is the base with the log applied to it. An Append writes one znode,
// whatever the number of its changes; a restart reads some hundred znodes,
// whatever the number of records. Both are what ZooKeeper is good at: it syncs
// a disk for each write and answers a read in a fixed time, almost regardless
// of the size. When the log has grown to half of the base, or to some
// thousands of entries, a fold in the background rewrites the buckets that it
// touches and then deletes it, oldest entry first. So the cost of folding is a
// small factor on each byte written, and neither a write nor a restart grows
// with anything but the number of live records.
//
// # Atomic transactions
//
// A transaction that exceeds one znode is written as several entries; the last
// one is marked. Readers ignore a transaction whose last entry is missing, and
// the next owner deletes it.
//
// Entries hold whole records, not differences. Applying one again to a base
// that holds it already changes nothing, so a fold may be interrupted at any
// point: the log is deleted only after the base has all of it.
//
// # One owner
//
// Every write is a ZooKeeper transaction that also checks two things: that the
// znode of the leader's term exists, which ends with the term, and that
// state/head has the version that this owner gave it when it opened the store.
// A deposed leader, or a write that was on its way when its process died,
// fails one of the checks and changes nothing. Raising the version is also a
// barrier: what the new owner reads after it is complete, even from a member
// of the ensemble that lags behind.
//
// # Lost answers
//
// When the connection breaks before the answer to a write has come, the same
// write is sent again on the next connection. The number in the entry's name
// makes it safe: if the first one was carried out, the second one meets its
// znode, and the content tells that it is the same.
package zkstore
