package ui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

//go:embed static
var static embed.FS

// Options say how the page is served.
type Options struct {
	// ReadOnly leaves out of the page whatever changes something. The API is the same.
	ReadOnly bool
}

// Page serves the page below /ui/. It is an http.Handler.
type Page struct {
	files map[string]file
	// hash is of all files together. It is part of their addresses, so that a browser
	// keeps them for good, and never mixes those of two versions.
	hash string
	// index is the document, in two parts: what says where the page's root is comes
	// between them.
	index [2]string
	// policy is the Content-Security-Policy.
	policy string
}

type file struct {
	kind string
	data []byte
}

// kinds are the files that there are, by the ends of their names.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".mjs": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// New reads the embedded files.
func New(o Options) (*Page, error) {
	p := &Page{files: map[string]file{}}
	sum := sha256.New()
	err := fs.WalkDir(static, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := static.ReadFile(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(data), data)
		if kind, served := kinds[path.Ext(name)]; served {
			p.files[strings.TrimPrefix(name, "static/")] = file{kind, data}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the files of the web page: %w", err)
	}
	p.hash = hex.EncodeToString(sum.Sum(nil)[:8])
	document, err := static.ReadFile("static/index.html")
	if err != nil {
		return nil, fmt.Errorf("read the web page: %w", err)
	}
	return p, p.compose(string(document), o)
}

// compose fills in the document what is known when the program starts.
func (p *Page) compose(document string, o Options) error {
	imports := fmt.Sprintf(`{"imports":{"preact":"./-/%[1]s/vendor/preact.mjs","preact/hooks":"./-/%[1]s/vendor/hooks.mjs","htm":"./-/%[1]s/vendor/htm.mjs"}}`, p.hash)
	var preload strings.Builder
	for _, name := range p.modules() {
		fmt.Fprintf(&preload, `<link rel="modulepreload" href="./-/%s/%s">`, p.hash, name)
	}
	readOnly := ""
	if o.ReadOnly {
		readOnly = " data-read-only"
	}
	document = strings.NewReplacer("{{hash}}", p.hash, "{{imports}}", imports, "{{preload}}", preload.String(), "{{read-only}}", readOnly).Replace(document)
	before, after, found := strings.Cut(document, "{{base}}")
	if !found {
		return errors.New("the web page's document has no place for its base")
	}
	p.index = [2]string{before, after}
	sum := sha256.Sum256([]byte(imports))
	p.policy = strings.Join([]string{
		"default-src 'none'", "script-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'", "style-src 'self'", "img-src 'self'",
		"connect-src 'self'", "base-uri 'self'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
	}, "; ")
	return nil
}

// late are the modules that a browser fetches only when they are wanted.
var late = []string{"yaml.js", "vendor/js-yaml.mjs"}

// modules are those that the page begins with.
func (p *Page) modules() []string {
	var names []string
	for name := range p.files {
		if strings.HasPrefix(p.files[name].kind, "text/javascript") && !slices.Contains(late, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Files are the addresses of all files below /ui/, the document's first.
func (p *Page) Files() []string {
	var names []string
	for name := range p.files {
		names = append(names, "-/"+p.hash+"/"+name)
	}
	slices.Sort(names)
	return append([]string{""}, names...)
}

// ServeHTTP answers with a file, or for every address of a page with the document,
// which looks at the address itself.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, below := strings.CutPrefix(r.URL.Path, "/ui/")
	if !below {
		// Relative, since a proxy may have a prefix before it.
		w.Header().Set("Location", "ui/")
		w.WriteHeader(http.StatusFound)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Del("Pragma")
	h.Del("Expires")
	if !strings.HasPrefix(name, "-/") {
		h.Set("Cache-Control", "no-cache")
		serve(w, r, file{"text/html; charset=utf-8", p.document(r)})
		return
	}
	f, ok := p.files[strings.TrimPrefix(name, "-/"+p.hash+"/")]
	if !ok {
		h.Set("Cache-Control", "no-store")
		http.Error(w, "This scheduler's web page has no such file: the page is of another version. Load it again.", http.StatusNotFound)
		return
	}
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	serve(w, r, f)
}

// document is the page as seen from an address: with the way back to its root, which
// holds behind any prefix.
func (p *Page) document(r *http.Request) []byte {
	deep := strings.Count(strings.TrimPrefix(r.URL.EscapedPath(), "/ui/"), "/")
	base := "./" + strings.Repeat("../", deep)
	return []byte(p.index[0] + html.EscapeString(base) + p.index[1])
}

// serve answers with a file, or with 304 if the browser has it. The tag is a weak one
// since the answer may be compressed on its way.
func serve(w http.ResponseWriter, r *http.Request, f file) {
	sum := sha256.Sum256(f.data)
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("ETag", `W/"`+hex.EncodeToString(sum[:16])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.data))
}
