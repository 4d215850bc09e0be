package fetcher

import (
	"archive/tar"
	"archive/zip"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Extract unpacks an archive into dir if name, the last part of its URI's path, says that it is one (.tar, .tgz, .tar.gz, .tbz2, .tar.bz2, .txz,
// .tar.xz, .gz, .zip), and does nothing otherwise. The archive stays. Entries that would leave dir are refused.
func Extract(ctx context.Context, archive, name, dir string) error {
	has := func(suffixes ...string) bool {
		for _, s := range suffixes {
			if strings.HasSuffix(name, s) {
				return true
			}
		}
		return false
	}
	x := extractor{dir: dir}
	switch {
	case has(".tar"):
		return x.stream(archive, func(r io.Reader) (io.Reader, error) { return r, nil })
	case has(".tgz", ".tar.gz"):
		return x.stream(archive, func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) })
	case has(".tbz2", ".tar.bz2"):
		return x.stream(archive, func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil })
	case has(".txz", ".tar.xz"):
		return x.xz(ctx, archive)
	case has(".gz"):
		return x.gunzip(archive, filepath.Join(dir, strings.TrimSuffix(name, ".gz")))
	case has(".zip"):
		return x.unzip(archive)
	}
	return nil
}

type extractor struct{ dir string }

func (x extractor) stream(archive string, open func(io.Reader) (io.Reader, error)) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := open(f)
	if err != nil {
		return err
	}
	return x.untar(r)
}

// xz uses the program of the same name, since the standard library has no decoder.
func (x extractor) xz(ctx context.Context, archive string) error {
	cmd := exec.CommandContext(ctx, "xz", "-dc", archive)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("unpack %s: %w", archive, err)
	}
	err = x.untar(out)
	return errors.Join(err, cmd.Wait())
}

func (x extractor) untar(r io.Reader) error {
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := x.entry(tr, h); err != nil {
			return fmt.Errorf("unpack %s: %w", h.Name, err)
		}
	}
}

func (x extractor) entry(tr *tar.Reader, h *tar.Header) error {
	path, err := x.place(h.Name)
	if err != nil {
		return err
	}
	mode := os.FileMode(h.Mode).Perm()
	switch h.Typeflag {
	case tar.TypeDir:
		return os.MkdirAll(path, mode|0o700)
	case tar.TypeReg:
		return x.file(path, tr, mode)
	case tar.TypeSymlink:
		if filepath.IsAbs(h.Linkname) || !filepath.IsLocal(filepath.Join(filepath.Dir(h.Name), h.Linkname)) {
			return fmt.Errorf("link to %q leaves the sandbox", h.Linkname)
		}
		_ = os.Remove(path)
		return os.Symlink(h.Linkname, path)
	case tar.TypeLink:
		target, err := x.place(h.Linkname)
		if err != nil {
			return err
		}
		_ = os.Remove(path)
		return os.Link(target, path)
	default:
		return nil
	}
}

func (x extractor) place(name string) (string, error) {
	name = filepath.Clean(name)
	if !filepath.IsLocal(name) {
		return "", errors.New("path leaves the sandbox")
	}
	return filepath.Join(x.dir, name), nil
}

func (x extractor) file(path string, r io.Reader, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := writeFile(path, r); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

func (x extractor) gunzip(archive, target string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	return x.file(target, r, 0o644)
}

func (x extractor) unzip(archive string) error {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer func() { _ = z.Close() }()
	for _, f := range z.File {
		path, err := x.place(f.Name)
		if err != nil {
			return fmt.Errorf("unpack %s: %w", f.Name, err)
		}
		if f.FileInfo().IsDir() {
			if err := os.MkdirAll(path, 0o755); err != nil {
				return err
			}
			continue
		}
		if err := x.zipped(f, path); err != nil {
			return fmt.Errorf("unpack %s: %w", f.Name, err)
		}
	}
	return nil
}

func (x extractor) zipped(f *zip.File, path string) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	mode := f.Mode().Perm()
	if mode == 0 {
		mode = 0o644
	}
	return x.file(path, r, mode)
}
