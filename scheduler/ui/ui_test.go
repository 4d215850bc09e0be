package ui

import (
	"crypto/sha512"
	"encoding/base64"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

func serveTo(t *testing.T, p *Page, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

func newPage(t *testing.T, o Options) *Page {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every address leads to the document, which finds its root behind any prefix.
func TestTheDocumentKnowsTheWayToItsRoot(t *testing.T) {
	t.Parallel()
	p := newPage(t, Options{})
	for address, base := range map[string]string{
		"/ui/": "./", "/ui/apps": "./", "/ui/apps/": "./../", "/ui/apps/prod/web": "./../../", "/ui/apps/a%2Fb/c": "./../../",
	} {
		r := serveTo(t, p, address)
		if text := r.Body.String(); r.Code != http.StatusOK || !strings.Contains(text, `<base href="`+base+`">`) || strings.Contains(text, "{{") {
			t.Errorf("%s: got %d and not the base %s in\n%s", address, r.Code, base, text)
		}
		if got := r.Header().Get("Cache-Control"); got != "no-cache" {
			t.Errorf("%s: got Cache-Control %q, want no-cache", address, got)
		}
	}
	if r := serveTo(t, p, "/ui"); r.Code != http.StatusFound || r.Header().Get("Location") != "ui/" {
		t.Errorf("/ui: got %d to %q, want 302 to ui/", r.Code, r.Header().Get("Location"))
	}
}

func TestFilesAreKeptForGoodUnderTheAddressOfTheirVersion(t *testing.T) {
	t.Parallel()
	p := newPage(t, Options{})
	document := serveTo(t, p, "/ui/").Body.String()
	found := regexp.MustCompile(`(?:href|src)="\./(-/[^"]+)"`).FindAllStringSubmatch(document, -1)
	if len(found) < 10 {
		t.Fatalf("the document names %d files", len(found))
	}
	for _, m := range found {
		r := serveTo(t, p, "/ui/"+m[1])
		if r.Code != http.StatusOK || !strings.Contains(r.Header().Get("Cache-Control"), "immutable") || r.Body.Len() == 0 {
			t.Errorf("%s: got %d, %q", m[1], r.Code, r.Header().Get("Cache-Control"))
		}
		if again := serveTo(t, p, "/ui/"+m[1], "If-None-Match", r.Header().Get("ETag")); again.Code != http.StatusNotModified {
			t.Errorf("%s with its tag: got %d, want 304", m[1], again.Code)
		}
	}
	for _, name := range []string{"/ui/-/0123456789abcdef/main.js", "/ui/-/" + p.hash + "/none.js", "/ui/-/" + p.hash + "/index.html", "/ui/-/" + p.hash + "/vendor/preact.LICENSE", "/ui/-/" + p.hash + "/../../../ui.go"} {
		if r := serveTo(t, p, name); r.Code != http.StatusNotFound || r.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %d, %q, want 404 that nobody keeps", name, r.Code, r.Header().Get("Cache-Control"))
		}
	}
}

func TestThePolicyLetsInNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	p := newPage(t, Options{})
	for _, address := range []string{"/ui/", "/ui/apps/x", p.Files()[1]} {
		if !strings.HasPrefix(address, "/ui/") {
			address = "/ui/" + address
		}
		policy := serveTo(t, p, address).Header().Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy %q lacks %s", address, policy, want)
			}
		}
		for _, never := range []string{"unsafe", "*", "http:", "https:", "data:"} {
			if strings.Contains(policy, never) {
				t.Errorf("%s: the policy %q has %s", address, policy, never)
			}
		}
	}
	// Nothing that the page is made of names another place to load something from.
	err := fs.WalkDir(static, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || kinds[path.Ext(name)] == "" || strings.HasPrefix(name, "static/vendor/") {
			return err
		}
		data, err := static.ReadFile(name)
		for _, m := range regexp.MustCompile(`https?://[^"'\s]+`).FindAllString(string(data), -1) {
			if m != "http://www.w3.org/2000/svg" {
				t.Errorf("%s names %s", name, m)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheDocumentSaysThatItIsReadOnly(t *testing.T) {
	t.Parallel()
	for _, readOnly := range []bool{false, true} {
		if got := strings.Contains(serveTo(t, newPage(t, Options{ReadOnly: readOnly}), "/ui/").Body.String(), "data-read-only"); got != readOnly {
			t.Errorf("got %v, want %v", got, readOnly)
		}
	}
}

// vendor.txt lists every vendored file, and every package in it has its licence
// beside it; "make drift" compares the files with what npm has.
func TestVendoredFilesAreListedWithTheirLicences(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("vendor.txt")
	if err != nil {
		t.Fatal(err)
	}
	listed, licences := map[string]bool{}, 0
	packages := 0
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0 || f[0] == "#":
		case len(f) == 4:
			packages++
			digest, ok := strings.CutPrefix(f[3], "sha512-")
			if raw, err := base64.StdEncoding.DecodeString(digest); !ok || err != nil || len(raw) != sha512.Size {
				t.Errorf("%s: %q is no integrity", f[0], f[3])
			}
		case len(f) == 2:
			listed[f[1]] = true
			if strings.HasSuffix(f[1], ".LICENSE") {
				licences++
			}
			if _, err := os.Stat("../../" + f[1]); err != nil {
				t.Errorf("%v; scripts/vendor-ui.sh fetches it", err)
			}
		default:
			t.Errorf("line %q is neither a package nor a file", line)
		}
	}
	if packages == 0 || licences != packages {
		t.Errorf("%d packages have %d licences", packages, licences)
	}
	for _, dir := range []string{"static/vendor", "../../test/ui/vendor"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if name := path.Join("scheduler/ui", dir, e.Name()); !listed[name] {
				t.Errorf("%s is not in vendor.txt", name)
			}
		}
	}
}
