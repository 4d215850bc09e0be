package operator

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
)

// browse serves /files/browse?path=.
func (f *fileRoots) browse(w http.ResponseWriter, r *http.Request) {
	virtual := r.URL.Query().Get("path")
	if virtual == "" {
		refuseText(w, http.StatusBadRequest, "Expecting 'path=value' in query.\n")
		return
	}
	infos, refusal := f.list(virtual)
	if refusal != nil {
		refusal.Write(w)
		return
	}
	out := make([]map[string]any, 0, len(infos))
	for _, i := range infos {
		out = append(out, map[string]any{
			"path": i.Path, "nlink": i.GetNlink(), "size": i.GetSize_(), "mtime": float64(i.Mtime.GetNanoseconds()) / 1e9,
			"mode": modeText(i.GetMode()), "uid": i.GetUID(), "gid": i.GetGID(),
		})
	}
	writeJSON(w, r, out)
}

// modeText prints a mode as ls does.
func modeText(mode uint32) string {
	kind := byte('-')
	switch mode & 0o170000 {
	case 0o040000:
		kind = 'd'
	case 0o120000:
		kind = 'l'
	case 0o010000:
		kind = 'p'
	case 0o140000:
		kind = 's'
	case 0o020000:
		kind = 'c'
	case 0o060000:
		kind = 'b'
	}
	return string(kind) + fs.FileMode(mode & 0o777).Perm().String()[1:]
}

// readHTTP serves /files/read?path=&offset=&length=. An offset of -1 asks for the size.
func (f *fileRoots) readHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("path") == "" {
		refuseText(w, http.StatusBadRequest, "Expecting 'path=value' in query.\n")
		return
	}
	offset, err := number(q.Get("offset"), -1)
	if err != nil {
		refuseText(w, http.StatusBadRequest, "Failed to parse offset: "+err.Error()+".\n")
		return
	}
	length, err := number(q.Get("length"), -1)
	if err != nil {
		refuseText(w, http.StatusBadRequest, "Failed to parse length: "+err.Error()+".\n")
		return
	}
	var limit *uint64
	if length >= 0 {
		l := uint64(length)
		limit = &l
	}
	size, data, refusal := f.read(q.Get("path"), uint64(max(offset, 0)), limit)
	if refusal != nil {
		refusal.Write(w)
		return
	}
	if offset == -1 {
		writeJSON(w, r, map[string]any{"data": "", "offset": size})
		return
	}
	writeJSON(w, r, map[string]any{"data": string(data), "offset": min(uint64(offset), size)})
}

func number(text string, missing int64) (int64, error) {
	if text == "" {
		return missing, nil
	}
	return strconv.ParseInt(text, 10, 64)
}

// download serves /files/download?path=: the bytes of a file.
func (f *fileRoots) download(w http.ResponseWriter, r *http.Request) {
	virtual := r.URL.Query().Get("path")
	if virtual == "" {
		refuseText(w, http.StatusBadRequest, "Expecting 'path=value' in query.\n")
		return
	}
	target, err := f.resolve(virtual)
	if err != nil {
		fileRefusal(err).Write(w)
		return
	}
	file, err := os.Open(target)
	if err != nil {
		fileRefusal(err).Write(w)
		return
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		refuseText(w, http.StatusBadRequest, "Cannot download a directory.\n")
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", "attachment; filename="+filepath.Base(virtual))
	http.ServeContent(w, r, "", info.ModTime(), file)
}

// debug serves /files/debug: the mapping of paths.
func (f *fileRoots) debug(w http.ResponseWriter, r *http.Request) {
	roots := map[string]string{}
	if f.roots != nil {
		roots = f.roots()
	}
	writeJSON(w, r, roots)
}
