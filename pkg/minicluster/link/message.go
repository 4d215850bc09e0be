package link

// Message is anything that travels over a [Conn]: a [ToAgent] or a [ToMaster]. All implementations are in this package.
type Message interface {
	// Class tells the kind of message, for fault rules.
	Class() Class
}

// Class groups messages for fault rules.
type Class int

// The classes of messages.
const (
	ClassRegistration Class = iota + 1
	ClassLaunch
	ClassKill
	ClassStatus
	ClassAcknowledgement
	ClassFrameworkMessage
	ClassExecutorExit
	ClassShutdown
	ClassFrameworkUpdate
	ClassOperation
	ClassDrain
	ClassPing
)

// String returns the class in lower case words.
func (c Class) String() string {
	names := [...]string{
		ClassRegistration: "registration", ClassLaunch: "launch", ClassKill: "kill", ClassStatus: "status",
		ClassAcknowledgement: "acknowledgement", ClassFrameworkMessage: "framework message",
		ClassExecutorExit: "executor exit", ClassShutdown: "shutdown", ClassFrameworkUpdate: "framework update",
		ClassOperation: "operation", ClassDrain: "drain", ClassPing: "ping",
	}
	if c < ClassRegistration || int(c) >= len(names) {
		return "unknown"
	}
	return names[c]
}

// Receiver takes what arrives at one end of a [Conn]. Its methods are called one at a time, in the order of sending;
// they may block for a while (the messages behind wait) but must not call Network methods that wait for delivery.
type Receiver interface {
	// Receive is called for each message.
	Receive(c *Conn, m Message)
	// Closed is called once, last, when the connection has ended from whatever cause.
	Closed(c *Conn)
}
