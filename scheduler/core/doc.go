// Package core holds every decision of the scheduler as a pure state machine:
// State.Step takes one event and the time and returns the effects to carry
// out. It does no IO, reads no clock and starts no goroutine.
package core
