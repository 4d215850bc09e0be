// Package group is the tree that Apps are in ("Marathon, groups"): what a group
// says of itself (Group), what is in it (Node), what a request wants of it
// (Update), and the order that dependencies give (Layers). Marathon's JSON is read
// and written by package api; what is stored is the scheduler's matter.
//
// Which group an App or a group is in follows from its id: /prod/web is in /prod.
package group
