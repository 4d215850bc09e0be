// Package e2e holds the end-to-end tests: real processes of gantry and
// gantry-executor, a real Docker engine and a real ZooKeeper, on loopback.
//
// The programs are found in the directory named by GANTRY_BIN ("make e2e" sets
// it); without it they are built once for the run.
package e2e
