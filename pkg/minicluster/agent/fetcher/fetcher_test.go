package fetcher

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

func newFetcher(t *testing.T) *Fetcher {
	t.Helper()
	cache, err := NewCache(filepath.Join(t.TempDir(), "cache"), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return &Fetcher{StallTimeout: time.Minute, Cache: cache, Client: &http.Client{}}
}

func fetch(t *testing.T, f *Fetcher, uris ...mesos.CommandInfo_URI) (sandbox string, err error) {
	t.Helper()
	sandbox = t.TempDir()
	return sandbox, f.Fetch(t.Context(), uris, sandbox, "root", nil, io.Discard)
}

func archive(t *testing.T, dir string) (tgz, zipped string) {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "in/page.txt", Mode: 0o640, Size: 4, Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("page")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	tgz = filepath.Join(dir, "a.tar.gz")
	write(t, tgz, buf.Bytes())
	buf.Reset()
	zw := zip.NewWriter(&buf)
	f, err := zw.Create("zipped.txt")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("zipped")); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	zipped = filepath.Join(dir, "b.zip")
	write(t, zipped, buf.Bytes())
	return tgz, zipped
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plain := filepath.Join(dir, "run.sh")
	write(t, plain, []byte("plain"))
	tgz, zipped := archive(t, dir)
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	for _, tt := range []struct {
		name string
		uri  mesos.CommandInfo_URI
		want map[string]string // file: content, "" = any; absent files have "-"
	}{
		{"absolute path", mesos.CommandInfo_URI{Value: plain}, map[string]string{"run.sh": "plain"}},
		{"file URI", mesos.CommandInfo_URI{Value: "file://" + plain}, map[string]string{"run.sh": "plain"}},
		{"http with query and output file", mesos.CommandInfo_URI{Value: server.URL + "/run.sh?x=1", OutputFile: new("sub/f")}, map[string]string{"sub/f": "plain"}},
		{"extract", mesos.CommandInfo_URI{Value: tgz}, map[string]string{"a.tar.gz": "", "in/page.txt": "page"}},
		{"no extract", mesos.CommandInfo_URI{Value: tgz, Extract: new(false)}, map[string]string{"a.tar.gz": "", "in/page.txt": "-"}},
		{"executable is not extracted", mesos.CommandInfo_URI{Value: tgz, Executable: new(true)}, map[string]string{"in/page.txt": "-"}},
		{"http with query and archive", mesos.CommandInfo_URI{Value: server.URL + "/a.tar.gz?token=1/2#x.zip"}, map[string]string{"in/page.txt": "page"}},
		{"zip", mesos.CommandInfo_URI{Value: zipped}, map[string]string{"zipped.txt": "zipped"}},
		{"cache", mesos.CommandInfo_URI{Value: server.URL + "/run.sh", Cache: new(true)}, map[string]string{"run.sh": "plain"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sandbox, err := fetch(t, newFetcher(t), tt.uri)
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range tt.want {
				got, err := os.ReadFile(filepath.Join(sandbox, name))
				if want == "-" != os.IsNotExist(err) {
					t.Errorf("%s: got error %v, want file %t", name, err, want != "-")
				} else if want != "-" && want != "" && string(got) != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
			for _, name := range []string{"run.sh", "a.tar.gz"} {
				info, err := os.Stat(filepath.Join(sandbox, name))
				if err != nil {
					continue
				}
				want := os.FileMode(0o644)
				if tt.uri.GetExecutable() {
					want = 0o755
				}
				if got := info.Mode().Perm(); got != want {
					t.Errorf("%s: got mode %v, want %v", name, got, want)
				}
			}
		})
	}
}

// Directories that an archive names only by its files count, too.
func TestFetchedFilesBelongToTheTasksUser(t *testing.T) {
	t.Parallel()
	tgz, zipped := archive(t, t.TempDir())
	sandbox, nobody := t.TempDir(), uint32(65534)
	uris := []mesos.CommandInfo_URI{{Value: tgz}, {Value: zipped, OutputFile: new("sub/b.zip")}}
	if err := newFetcher(t).Fetch(t.Context(), uris, sandbox, "nobody", &syscall.Credential{Uid: nobody, Gid: nobody}, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".", "a.tar.gz", "in", "in/page.txt", "sub", "sub/b.zip", "sub/zipped.txt"} {
		info, err := os.Lstat(filepath.Join(sandbox, name))
		if err != nil {
			t.Error(err)
		} else if uid := info.Sys().(*syscall.Stat_t).Uid; uid != nobody {
			t.Errorf("%s belongs to %d, want %d", name, uid, nobody)
		}
	}
}

func TestFetchRefuses(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	for name, uri := range map[string]mesos.CommandInfo_URI{
		"missing file":               {Value: "/no/such/file"},
		"missing page":               {Value: server.URL + "/x"},
		"output file above sandbox":  {Value: "/etc/hostname", OutputFile: new("../x")},
		"absolute output file":       {Value: "/etc/hostname", OutputFile: new("/tmp/x")},
		"unknown scheme":             {Value: "gopher://x/y"},
		"relative path without home": {Value: "x/y"},
		"no base name":               {Value: server.URL + "/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := fetch(t, newFetcher(t), uri); err == nil {
				t.Error("got no error")
			}
		})
	}
}

func TestArchiveCanNotLeaveTheSandbox(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]*tar.Header{
		"path":     {Name: "../evil", Typeflag: tar.TypeReg},
		"absolute": {Name: "/tmp/evil", Typeflag: tar.TypeReg},
		"link":     {Name: "link", Linkname: "/etc", Typeflag: tar.TypeSymlink},
		"relative": {Name: "link", Linkname: "../..", Typeflag: tar.TypeSymlink},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var buf bytes.Buffer
			w := tar.NewWriter(&buf)
			if err := errors.Join(w.WriteHeader(h), w.Close()); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "x.tar")
			write(t, path, buf.Bytes())
			if _, err := fetch(t, newFetcher(t), mesos.CommandInfo_URI{Value: path}); err == nil || !strings.Contains(err.Error(), "leaves the sandbox") {
				t.Errorf("got %v, want a refusal", err)
			}
		})
	}
}

func TestStalledDownloadEnds(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("begin"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(gone)
	}))
	t.Cleanup(server.Close)
	f := newFetcher(t)
	f.StallTimeout = 50 * time.Millisecond
	if _, err := fetch(t, f, mesos.CommandInfo_URI{Value: server.URL + "/x"}); err == nil {
		t.Error("got no error")
	}
	<-gone
}

func TestCacheDownloadsOnceAndDropsTheOldest(t *testing.T) {
	t.Parallel()
	c, err := NewCache(filepath.Join(t.TempDir(), "cache"), 25)
	if err != nil {
		t.Fatal(err)
	}
	var downloads atomic.Int32
	provide := func(uri string) {
		err := c.Provide(context.Background(), "root", uri, filepath.Join(t.TempDir(), "out"), func(path string) error {
			downloads.Add(1)
			return os.WriteFile(path, bytes.Repeat([]byte("x"), 10), 0o600)
		})
		if err != nil {
			t.Error(err)
		}
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { provide("a") })
	}
	wg.Wait()
	if got := downloads.Load(); got != 1 {
		t.Errorf("got %d downloads, want 1", got)
	}
	provide("b")
	provide("a")
	provide("c") // 30 bytes: b goes
	if got := c.Size(); got != 20 {
		t.Errorf("got %d bytes, want 20", got)
	}
	provide("a")
	if got := downloads.Load(); got != 3 {
		t.Errorf("got %d downloads, want 3: a is still there", got)
	}
	failing := errors.New("no")
	err = c.Provide(t.Context(), "root", "d", "x", func(string) error { return failing })
	if !errors.Is(err, failing) {
		t.Errorf("got %v", err)
	}
	provide("d")
}
