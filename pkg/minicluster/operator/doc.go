// Package operator serves the v1 operator API and the legacy endpoints of the mini cluster's masters and agents.
//
// It reads the state of a master through master.View and Observe, changes it through the master's operator commands,
// and knows nothing of how masters and agents work.
package operator
