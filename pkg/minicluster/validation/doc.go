// Package validation decides what a master takes from a scheduler: FrameworkInfos, and all that an ACCEPT may carry.
//
// An ACCEPT is checked in this order (Mesos, scheduler HTTP API, ACCEPT): its offers together ([Offers]), then its
// operations one after the other, each on what the ones before have left. A LAUNCH is checked task by task
// ([Books.Task]), a LAUNCH_GROUP as a whole ([Books.Group]), a reservation or volume operation with
// [Books.Operation]. The first rule that is broken decides the answer, so the rules stand in tables in Mesos' order:
// launchRules, groupRules and operationRules. A new rule is a row in one of them, and one in the table of its test.
//
// Everything here is a function of its arguments. The words are those of Mesos as far as they are known.
package validation
