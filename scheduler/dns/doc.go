// Package dns answers names of Apps with where their tasks are reached: in
// Mesos-DNS' names, so that what asks for those goes on working, and in some of its
// own. A Zone is made of endpoints whenever they change; the Server answers from the
// newest one, and until there is one it fails rather than deny a name.
package dns
