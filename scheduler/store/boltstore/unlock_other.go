//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package boltstore

import "os"

// release gives up the descriptor of a file whose memory map is lost. On this
// system the lock may last until the process ends.
func release(f *os.File) { _ = f.Close() }
