// Package fairshare says whose instance is next. Waiting instances stand in
// queues, one for each tenant unless configured otherwise; the next one comes
// from the queue with the lowest weighted dominant share (Ghodsi and others,
// "Dominant Resource Fairness", NSDI 2011), level by level where queues are
// nested. Guarantees come before shares, limits are never exceeded, priorities
// order what waits within a queue.
//
// An App's waiting instances are one Item with a count, so that a million of
// them cost no more than one. Whether an instance fits anywhere is for package
// placement to say: what does not fit is skipped, so that smaller ones behind it
// go first; Item.Since tells when it has waited so long that agents should be
// held for it.
//
// The package is pure, and nothing in it is safe for concurrent use.
package fairshare
