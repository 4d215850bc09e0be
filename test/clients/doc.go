// Package clients runs clients that were made for Marathon, as they are, against
// gantry: go-marathon, python-marathon, Prometheus, and scripts of curl and jq; and
// a double of what marathon-lb reads. It is a module of its own, so that nothing of
// them is a dependency of Gantry. GANTRY_BIN names the directory with the programs;
// "make clients" builds them.
package clients
