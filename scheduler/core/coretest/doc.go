// Package coretest drives the scheduler's core in tests of what lies around it,
// and has what such tests share.
//
// A Scheduler is the real core with a store in memory, a clock that stands still
// until a test moves it, and a master with agents that a test plays: it is what
// tests of the API and of the command line talk to. A Memory is such a store
// alone, as it is used by tests that step a State by themselves. The Describe
// functions and Names put effects into words, for scripts and for people who read
// a failed simulation. A Stock is what an agent has, for those who play agents.
package coretest
