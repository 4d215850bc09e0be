// Package record writes what core asks to persist as records of the store and
// reads them back. Every value begins with a version byte; a record of a newer
// version is refused with an error that names it, never skipped.
package record
