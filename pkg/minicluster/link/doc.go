// Package link carries messages between masters and agents of the mini cluster inside one process.
//
// A [Network] stands for the wires. A master listens on it under its address ("127.0.0.1:5050"), an agent dials that
// address and both ends get a [Conn]. Sending never blocks and never fails loudly: as over TCP, a message may be lost
// with its connection. In one direction of one connection the order is kept. Faults (broken, frozen, slow connections,
// dropped messages) are switched at the Network, so master and agent code need not know of them.
//
// The messages ([ToAgent] and [ToMaster]) follow what Apache Mesos' masters and agents tell each other; the contents
// are mesos-go messages. A message and all it refers to is immutable once it has been sent: senders give up the right
// to change it and receivers copy what they want to change.
//
// The package leaves to others who connects to whom, retries, pings and what the messages mean.
package link
