// Package roster is the ledger of the Apps' instances: which there are, in what
// condition, of which version, and what follows from that at once.
//
// There is one way to change it, and the Roster tells every change to its
// observers, in the order in which they were added. Each of them owns something
// that is derived from the instances (the counts of the constraints, what a queue
// is charged for, the waiting line, deadlines, the journal of what is stored, the
// events, the picture for readers), so that whoever changes a record has nothing
// else to remember:
//
//	Join  an App gets new instances     nothing -> record
//	Put   a record replaces another     record  -> record
//	End   a task is over                record  -> record, or nothing
//	Drop  an instance is forgotten      record  -> nothing
//
// A Change has the record before and after, and says whether the numbers that a
// deployment goes by have moved. The App's own
// numbers (Tally, Counts, the line of those that want an offer) are already those
// after the change when the first observer hears of it. Observers do not change
// the Roster themselves; what has to follow from a change they write down for
// the time after it.
//
// A large launch is the same mechanism: a Change costs no allocation, and an
// observer asks Placed where placement has done its part already.
//
// The package does no input or output, reads no clock and holds no lock: the
// scheduler's core steps it.
package roster
