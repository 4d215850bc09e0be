// Package debug serves what helps to find a fault in a running scheduler: profiles,
// a dump of what it decides by, how busy its loop is, and the log's level. It shows
// ids, numbers and times; the values of an environment, commands and messages, which
// may hold secrets, never leave it. Who may ask is its guard's matter; the API for
// users is package httpapi's.
package debug
