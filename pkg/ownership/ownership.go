// Package ownership gives files to the user who is to work with them. It knows
// nothing of tasks and sandboxes.
package ownership

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Give makes uid and gid the owner of dir and of all in it that belongs to the
// user of this process. Links are given themselves, not what they point to, so
// that nothing outside dir changes hands.
func Give(dir string, uid, gid int) error {
	own := uint32(os.Geteuid())
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			var info fs.FileInfo
			if info, err = d.Info(); err == nil {
				if st, ok := info.Sys().(*syscall.Stat_t); !ok || st.Uid != own && path != dir {
					return nil
				}
				err = os.Lchown(path, uid, gid)
			}
		}
		if errors.Is(err, fs.ErrNotExist) && path != dir {
			return nil // it has gone meanwhile
		}
		if err != nil {
			return fmt.Errorf("give %s to user %d: %w", path, uid, err)
		}
		return nil
	})
}

// Follow gives an open file to the owner of the directory that it is in, as
// far as this process may.
func Follow(f *os.File) {
	info, err := os.Stat(filepath.Dir(f.Name()))
	if err != nil || os.Geteuid() != 0 {
		return
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 {
		_ = f.Chown(int(st.Uid), int(st.Gid)) // a device or a foreign file system may refuse
	}
}
