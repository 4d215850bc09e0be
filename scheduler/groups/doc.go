// Package groups is the scheduler's account of groups: which there are, what they
// say of themselves, and what every accepted change made of the tree (Edits), from
// which a group at an earlier version is put together. Which Apps there are is the
// roster's matter.
//
// The Book is written by who steps the scheduler; a Tree is a picture of it for readers.
package groups
