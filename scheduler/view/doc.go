// Package view is the scheduler's read model: Views, which are immutable pictures
// of what the scheduler knows, for the API and whoever else reads.
//
// A Builder makes them. Who steps the scheduler tells it what has changed (an App
// or its instances, an agent seen, the queues' shares, Apps that found no place),
// and Take then draws what is out of date and nothing else: a View shares all the
// rest with the one before. What costs nothing to look up at that time is asked
// for instead, of a Source that is only read. So looking at the scheduler never
// changes what it does.
//
// Why gives the reason for which an App waits, as a type of pkg/why.
package view
