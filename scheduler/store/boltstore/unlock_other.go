//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package boltstore

import "os"

// unlock gives up the descriptor of a file whose memory map is lost. On this
// system the lock may last until the process ends.
func unlock(f *os.File) { _ = f.Close() }
