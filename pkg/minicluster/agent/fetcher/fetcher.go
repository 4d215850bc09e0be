// Package fetcher brings the URIs of a CommandInfo into a sandbox (Mesos, fetcher): http, https and ftp downloads,
// file URIs and absolute paths; made executable, unpacked, renamed and cached as the URI asks.
package fetcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/ownership"
)

// ErrOutputFile is returned for an output_file that would leave the sandbox.
var ErrOutputFile = errors.New("output_file must be relative and stay inside the sandbox")

// Fetcher fetches URIs for one agent. Its methods may be called by any goroutine.
type Fetcher struct {
	// StallTimeout ends a download that makes no progress for this long (Mesos, --fetcher_stall_timeout, 1 min).
	StallTimeout time.Duration
	// FrameworksHome is prepended to relative paths; empty = relative paths fail (Mesos, --frameworks_home).
	FrameworksHome string
	// Cache keeps URIs with cache=true; nil = no cache.
	Cache *Cache
	// Client makes the HTTP requests.
	Client *http.Client
}

// Fetch brings all URIs into the sandbox one after the other. The sandbox with all in it belongs to cred then, if
// given, as if the fetcher had run as that user. Messages about each URI go to log, which is the sandbox's stderr. The
// first failure ends it and names the URI.
func (f *Fetcher) Fetch(ctx context.Context, uris []mesos.CommandInfo_URI, sandbox, user string, cred *syscall.Credential, log io.Writer) error {
	err := f.fetchAll(ctx, uris, sandbox, user, log)
	if cred == nil {
		return err
	}
	return errors.Join(err, ownership.Give(sandbox, int(cred.Uid), int(cred.Gid)))
}

func (f *Fetcher) fetchAll(ctx context.Context, uris []mesos.CommandInfo_URI, sandbox, user string, log io.Writer) error {
	for _, uri := range uris {
		fmt.Fprintf(log, "Fetching URI '%s'\n", uri.GetValue())
		if err := f.fetch(ctx, uri, sandbox, user); err != nil {
			fmt.Fprintf(log, "Failed to fetch '%s': %v\n", uri.GetValue(), err)
			return fmt.Errorf("fetch %s: %w", uri.GetValue(), err)
		}
		fmt.Fprintf(log, "Fetched '%s'\n", uri.GetValue())
	}
	return nil
}

func (f *Fetcher) fetch(ctx context.Context, uri mesos.CommandInfo_URI, sandbox, user string) error {
	target, err := targetPath(uri, sandbox)
	if err != nil {
		return err
	}
	if dir := filepath.Dir(target); dir != filepath.Clean(sandbox) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := f.obtain(ctx, uri, user, target); err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if uri.GetExecutable() {
		mode = 0o755
	}
	if err := os.Chmod(target, mode); err != nil {
		return err
	}
	if !uri.GetExecutable() && uri.GetExtract() {
		name := uri.GetOutputFile()
		if name == "" {
			name = baseName(uri.GetValue())
		}
		if err := Extract(ctx, target, filepath.Base(name), filepath.Dir(target)); err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
	}
	return nil
}

// obtain writes the content of the URI to the target, through the cache if asked.
func (f *Fetcher) obtain(ctx context.Context, uri mesos.CommandInfo_URI, user, target string) error {
	download := func(path string) error { return f.download(ctx, uri.GetValue(), path) }
	if uri.GetCache() && f.Cache != nil {
		return f.Cache.Provide(ctx, user, uri.GetValue(), target, download)
	}
	return download(target)
}

func (f *Fetcher) download(ctx context.Context, value, target string) error {
	path, local := localPath(value)
	if !local && !strings.Contains(value, "://") {
		if f.FrameworksHome == "" {
			return errors.New("a relative path was given but frameworks_home is not set")
		}
		path, local = filepath.Join(f.FrameworksHome, value), true
	}
	if local {
		return copyFile(path, target)
	}
	u, err := url.Parse(value)
	if err != nil {
		return err
	}
	switch u.Scheme {
	case "http", "https":
		return f.get(ctx, value, target)
	default:
		return fmt.Errorf("scheme %q is not supported; use http, https, file or an absolute path", u.Scheme)
	}
}

func (f *Fetcher) get(ctx context.Context, value, target string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(f.StallTimeout, func() { cancel(fmt.Errorf("no progress for %v", f.StallTimeout)) })
	defer stall.Stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, value, nil)
	if err != nil {
		return err
	}
	resp, err := f.Client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("unexpected HTTP response code: %d", resp.StatusCode)
	}
	body := &progress{r: resp.Body, step: func() { stall.Reset(f.StallTimeout) }}
	return writeFile(target, body)
}

// progress calls step for each read that brought something.
type progress struct {
	r    io.Reader
	step func()
}

func (p *progress) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if n > 0 {
		p.step()
	}
	return n, err
}

// targetPath returns where in the sandbox a URI goes: its output_file, else its base name.
func targetPath(uri mesos.CommandInfo_URI, sandbox string) (string, error) {
	if name := uri.GetOutputFile(); name != "" {
		if !filepath.IsLocal(name) {
			return "", fmt.Errorf("%w: %q", ErrOutputFile, name)
		}
		return filepath.Join(sandbox, name), nil
	}
	value := uri.GetValue()
	base := value[strings.LastIndexByte(value, '/')+1:]
	if base == "" || base == "." || base == ".." {
		return "", fmt.Errorf("URI %q has no base name; set output_file", value)
	}
	return filepath.Join(sandbox, base), nil
}

// baseName is the last part of a URI's path: what follows a question mark or a number sign of a download is none of it,
// or no archive with a token in its address would be known as one.
func baseName(value string) string {
	if _, local := localPath(value); !local && strings.Contains(value, "://") {
		if end := strings.IndexAny(value, "?#"); end >= 0 {
			value = value[:end]
		}
	}
	return value[strings.LastIndexByte(value, '/')+1:]
}

func localPath(value string) (string, bool) {
	if path, ok := strings.CutPrefix(value, "file://"); ok {
		return strings.TrimPrefix(path, "localhost"), true
	}
	return value, strings.HasPrefix(value, "/")
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if info, err := in.Stat(); err != nil || info.IsDir() {
		if err == nil {
			err = fmt.Errorf("%s is a directory", from)
		}
		return err
	}
	return writeFile(to, in)
}

func writeFile(path string, r io.Reader) error {
	// Replace instead of overwrite: an earlier URI of this name may be a running program or a link into the cache.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, r); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}
