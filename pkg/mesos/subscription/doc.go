// Package subscription is what the clients of Mesos' scheduler and executor
// APIs share: reading events off a long answer, handing calls over in order,
// and telling why a subscription ended. When to subscribe, where, and what an
// answer means is each client's own matter.
package subscription
