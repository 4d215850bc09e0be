// Package core holds every decision of Gantry's executor as a pure function of
// state, event and time: which status updates to send and to keep, when to
// start, stop and force the one task, when the process may end. Running
// things, talking to the agent and reading the clock is left to the packages
// around it.
//
// One executor runs one task:
//
//	Idle --LAUNCH--> Starting --pull--> Pulling --created--> Created --started--> Running
//	                    |                  |                    |                    |
//	                    +---- KILL, SHUTDOWN, failed health, given up by the agent --+
//	                    |                                                            v
//	                    +--- cannot start, exited ---------------> Done <-------- Killing
//
// Every state from Starting on ends in Done with exactly one terminal update.
// The process ends when that update has been acknowledged, or nobody can
// acknowledge it any more, or a bounded wait is over.
package core
