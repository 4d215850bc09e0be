// Package placement chooses agents for waiting instances: it keeps what is
// offered (Cluster), what an App needs (Demand), and answers where the next
// instance goes, on exactly which resources and ports, or why nowhere.
//
// A Cluster lives as long as the scheduler. Offers enter with Add and leave
// with Remove; Place consumes what it places, so that one offer serves many
// instances; after an Accept the agent's offers are removed and its rest comes
// back as a new offer. Which instance is next is the business of package
// fairshare; what became of a launch is the business of package core.
//
// The package is pure: equal calls in equal order give equal results. Nothing
// in it is safe for concurrent use.
package placement
