package core

import (
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

const (
	// messageMax is the most of a status' message that is kept, in bytes: enough for
	// the end of a log, and far below what fits into a record of the store.
	messageMax = 10_000
	// addressesMax is the most addresses of a task that are kept; addressMax is the
	// longest one in bytes, with room for a zone behind an IPv6 address.
	addressesMax, addressMax = 64, 64
)

// bounded returns a status with no more than is stored of it. An executor may be any
// program of a user's: what it says must never be too much for the store, because a
// status that is not stored is not acknowledged and comes again for ever.
func bounded(st mesos.TaskStatus) mesos.TaskStatus {
	if len(st.Message) > messageMax {
		st.Message = strings.ToValidUTF8(st.Message[:messageMax], "")
	}
	if st.Container != nil && !fewAddresses(st.Container.Networks) {
		container := *st.Container
		container.Networks = firstAddresses(container.Networks)
		st.Container = &container
	}
	return st
}

func fewAddresses(networks []mesos.NetworkInfo) bool {
	count := 0
	for _, n := range networks {
		count += len(n.IPAddresses)
		if count > addressesMax || slices.ContainsFunc(n.IPAddresses, noAddress) {
			return false
		}
	}
	return true
}

// noAddress reports whether a text is too long for an address.
func noAddress(text string) bool { return len(text) > addressMax }

func firstAddresses(networks []mesos.NetworkInfo) []mesos.NetworkInfo {
	left, out := addressesMax, slices.Clone(networks)
	for n := range out {
		addresses := slices.DeleteFunc(slices.Clone(out[n].IPAddresses), noAddress)
		addresses = addresses[:min(left, len(addresses))]
		out[n].IPAddresses, left = addresses, left-len(addresses)
	}
	return out
}
