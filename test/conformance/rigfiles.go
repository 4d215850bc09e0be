package conformance

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// scratch is the part of a rig that is the same for all clusters: the case's files and a small HTTP server.
type scratch struct {
	dir   string
	files map[string]string
	known map[string]string
}

// newScratch writes the files of a case and what fetcher cases download.
func newScratch(tb testing.TB, c *Case) *scratch {
	tb.Helper()
	s := &scratch{dir: tb.TempDir(), files: map[string]string{}, known: map[string]string{}}
	s.known["RIG_DIR"] = s.dir
	for name, content := range c.Config.Files {
		s.write(tb, name, content)
	}
	if len(c.Config.Credentials) > 0 {
		b, err := json.Marshal(map[string]any{"credentials": c.Config.Credentials})
		if err != nil {
			tb.Fatal(err)
		}
		s.write(tb, "credentials.json", string(b))
	}
	if mentions(c, "RIG_DIR") || mentions(c, "HTTP_PORT") {
		s.serve(tb)
	}
	return s
}

// mentions tells whether a request of the case uses a placeholder.
func mentions(c *Case, name string) bool {
	for _, step := range c.Steps {
		if step.Send == nil {
			continue
		}
		if b, err := json.Marshal(step.Send); err == nil && strings.Contains(string(b), "$"+name) {
			return true
		}
	}
	return false
}

func (s *scratch) write(tb testing.TB, name string, content any) {
	tb.Helper()
	text, ok := content.(string)
	if !ok {
		b, err := json.Marshal(content)
		if err != nil {
			tb.Fatal(err)
		}
		text = string(b)
	}
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		tb.Fatal(err)
	}
	s.files[name] = path
}

// serve puts page.txt (content "page") behind an HTTP server and a.tar.gz with it into the directory.
func (s *scratch) serve(tb testing.TB) {
	tb.Helper()
	web := filepath.Join(s.dir, "web")
	if err := os.MkdirAll(web, 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(web, "page.txt"), []byte("page"), 0o644); err != nil {
		tb.Fatal(err)
	}
	if err := writeArchive(filepath.Join(s.dir, "a.tar.gz"), "page.txt", "page"); err != nil {
		tb.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(web)), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }()
	tb.Cleanup(func() { _ = server.Close() })
	s.known["HTTP_PORT"] = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func writeArchive(path, name, content string) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("create archive: %w", err)
	}
	defer func() { _ = f.Close() }()
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Format: tar.FormatGNU}); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return z.Close()
}

// Known implements Rig.
func (s *scratch) Known() map[string]string { return s.known }

// Files implements Rig.
func (s *scratch) Files() map[string]string { return s.files }

// flags replaces $CREDENTIALS_FILE and $FILE(name) in flag values.
func (s *scratch) flags(base, own map[string]any) map[string]any {
	out := map[string]any{}
	for _, set := range []map[string]any{base, own} {
		for name, v := range set {
			if text, ok := v.(string); ok {
				text = strings.ReplaceAll(text, "$CREDENTIALS_FILE", s.files["credentials.json"])
				for file, path := range s.files {
					text = strings.ReplaceAll(text, "$FILE("+file+")", path)
				}
				v = text
			}
			out[name] = v
		}
	}
	return out
}

// parseTarget splits "master:1" into "master" and 1.
func parseTarget(to string) (kind string, n int, err error) {
	kind, num, ok := strings.Cut(to, ":")
	if n, err = strconv.Atoi(num); !ok || err != nil || kind != "master" && kind != "agent" {
		return "", 0, fmt.Errorf("target %q: want master:n or agent:n", to)
	}
	return kind, n, nil
}
