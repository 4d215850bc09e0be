// Package why has the causes that keep instances waiting, as types with their
// numbers, and the one place where each is put into words: whoever finds a cause
// (placement, the core, the view) writes no English, and whoever shows one (the
// API, and the CLI through it) takes none apart.
package why
