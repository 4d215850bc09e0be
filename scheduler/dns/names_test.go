package dns

import (
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
)

// TestLabelsAreThoseOfMesosDNS has names with what Mesos-DNS makes of them.
func TestLabelsAreThoseOfMesosDNS(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 70)
	for in, want := range map[string]string{
		"web": "web", "Web": "web", "WEB-1": "web-1", "web_1": "web-1", "web.prod": "web-prod", "4web": "4web", "1234": "1234",
		"-web-": "web", "_web_": "web", ".web.": "web", "--w--e--": "w--e", "w!e@b#": "web", "web app": "webapp", "wéb": "wb", "ünïcode": "ncode",
		"a/b": "ab", "a:b": "ab", "a..b": "a--b", "a._b": "a--b", "": "", "...": "", "-": "", "!": "", "x.y.z": "x-y-z",
		"app.group.sub": "app-group-sub", "MiXeD.CaSe_Name": "mixed-case-name", "k8s": "k8s", "a-b": "a-b", "v1.2.3": "v1-2-3",
		long: strings.Repeat("a", 63), strings.Repeat("b", 62) + "-cc": strings.Repeat("b", 62), "0": "0", "a~b": "ab",
		"redis.cache": "redis-cache", "tab\tname": "tabname", "new\nline": "newline", "q?": "q", "per%cent": "percent", "quo\"te": "quote",
		"back\\slash": "backslash", "sum+": "sum", "eq=": "eq", "pipe|": "pipe", "cur{ly}": "curly", "an<gle>": "angle", "bra[cket]": "bracket",
		"com,ma": "comma", "semi;colon": "semicolon", "ta-_-il": "ta---il", "ends-": "ends", "ends_": "ends", "A.B_C-D": "a-b-c-d",
	} {
		if got := label(in, labelMax); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	for id, want := range map[string]string{"/web": "web", "/prod/web": "web-prod", "/a/b.c/d": "d-b-c-a"} {
		if got := label(reversed(app.ID(id)), labelMax); got != want {
			t.Errorf("%s: got %q, want %q", id, got, want)
		}
	}
}

// TestCanonicalNamesAreThoseOfMesosDNS: the hash is z-base-32 of the SHA-1 of the task's id.
func TestCanonicalNamesAreThoseOfMesosDNS(t *testing.T) {
	t.Parallel()
	e := &endpoint.Endpoint{Task: "abc", Agent: "20140827-000744-3041283216-5050-2116-S12"}
	// sha1("abc") begins with a9993e364706816a.
	if got, want := canonical("web", e), "web-igcuh-s12"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := canonical(strings.Repeat("a", 63), e); len(got) > labelMax || !strings.HasSuffix(got, "-s12") {
		t.Errorf("a long name is %q", got)
	}
}
