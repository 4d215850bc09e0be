package operator

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/user"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
)

// readMax bounds one answer of file reads (16 pages), whatever length is asked for.
const readMax = 16 * 4096

// fileRoots maps the paths that clients use to directories and files of the machine.
type fileRoots struct {
	// roots returns the present mapping of virtual to real paths; nil: there are none.
	roots func() map[string]string
}

// resolve finds the real path of a virtual one; the result never leaves the root it is below.
func (f *fileRoots) resolve(virtual string) (string, error) {
	if f.roots == nil {
		return "", fs.ErrNotExist
	}
	clean := path.Clean("/" + virtual)
	roots := f.roots()
	for prefix := clean; ; prefix = path.Dir(prefix) {
		dir, ok := roots[prefix]
		if !ok {
			if prefix == "/" {
				return "", fs.ErrNotExist
			}
			continue
		}
		root, err := filepath.EvalSymlinks(dir)
		if err != nil {
			return "", err
		}
		target, err := filepath.EvalSymlinks(filepath.Join(root, strings.TrimPrefix(clean, prefix)))
		if err != nil {
			return "", err
		}
		if target != root && !strings.HasPrefix(target, root+string(filepath.Separator)) {
			return "", fmt.Errorf("%s is outside of the sandbox: %w", virtual, fs.ErrPermission)
		}
		return target, nil
	}
}

func fileRefusal(err error) *codec.Refusal {
	if errors.Is(err, fs.ErrNotExist) {
		return &codec.Refusal{Status: http.StatusNotFound}
	}
	return &codec.Refusal{Status: http.StatusBadRequest, Text: err.Error()}
}

// list describes a file, or the entries of a directory, in the order of their names.
func (f *fileRoots) list(virtual string) ([]mesos.FileInfo, *codec.Refusal) {
	target, err := f.resolve(virtual)
	if err != nil {
		return nil, fileRefusal(err)
	}
	entries, err := os.ReadDir(target)
	if err != nil {
		return nil, fileRefusal(err)
	}
	var out []mesos.FileInfo
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(target, e.Name()))
		if err != nil {
			continue // it went away, or a link leads nowhere
		}
		out = append(out, fileInfo(path.Join("/"+strings.TrimPrefix(virtual, "/"), e.Name()), info))
	}
	slices.SortFunc(out, func(a, b mesos.FileInfo) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

func fileInfo(at string, info fs.FileInfo) mesos.FileInfo {
	size := uint64(info.Size())
	out := mesos.FileInfo{Path: at, Size_: &size, Mtime: &mesos.TimeInfo{Nanoseconds: info.ModTime().Truncate(time.Second).UnixNano()}}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		nlink, mode := int32(st.Nlink), st.Mode
		uid, gid := userName(st.Uid), groupName(st.Gid)
		out.Nlink, out.Mode, out.UID, out.GID = &nlink, &mode, &uid, &gid
	}
	return out
}

func userName(id uint32) string {
	text := strconv.FormatUint(uint64(id), 10)
	if u, err := user.LookupId(text); err == nil {
		return u.Username
	}
	return text
}

func groupName(id uint32) string {
	text := strconv.FormatUint(uint64(id), 10)
	if g, err := user.LookupGroupId(text); err == nil {
		return g.Name
	}
	return text
}

// read returns the size of a file and a part of it; nothing at or behind its end.
func (f *fileRoots) read(virtual string, offset uint64, length *uint64) (size uint64, data []byte, refusal *codec.Refusal) {
	target, err := f.resolve(virtual)
	if err != nil {
		return 0, nil, fileRefusal(err)
	}
	file, err := os.Open(target)
	if err != nil {
		return 0, nil, fileRefusal(err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return 0, nil, fileRefusal(err)
	}
	if info.IsDir() {
		return 0, nil, &codec.Refusal{Status: http.StatusBadRequest, Text: "Cannot read from a directory."}
	}
	size = uint64(info.Size())
	if offset >= size {
		return size, []byte{}, nil
	}
	n := min(size-offset, readMax)
	if length != nil {
		n = min(n, *length)
	}
	data = make([]byte, n)
	got, err := file.ReadAt(data, int64(offset))
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, nil, fileRefusal(err)
	}
	return size, data[:got], nil
}
