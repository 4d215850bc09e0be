package agent

import "syscall"

// statfs is the size of a file system in bytes.
type statfs struct {
	total, available uint64
}

func (s *statfs) read(dir string) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return err
	}
	s.total = fs.Blocks * uint64(fs.Bsize)
	s.available = fs.Bavail * uint64(fs.Bsize)
	return nil
}
