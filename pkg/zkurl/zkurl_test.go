package zkurl_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/zkurl"
)

func TestParseAcceptsWhatMesosAccepts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want zkurl.URL
		text string
	}{
		{
			"zk://h1:2181,h2:2182/mesos",
			zkurl.URL{Hosts: []string{"h1:2181", "h2:2182"}, Path: "/mesos"},
			"zk://h1:2181,h2:2182/mesos",
		},
		{
			"zk://h1/mesos/", zkurl.URL{Hosts: []string{"h1:2181"}, Path: "/mesos"},
			"zk://h1:2181/mesos",
		},
		{
			"zk://bob:s3:cr/e@t@10.0.0.1:2181/a/b",
			zkurl.URL{Hosts: []string{"10.0.0.1:2181"}, Path: "/a/b", User: "bob", Password: "s3:cr/e@t"},
			"zk://bob:***@10.0.0.1:2181/a/b",
		},
		{
			"zk://[::1]:2185,[fe80::1]/gantry",
			zkurl.URL{Hosts: []string{"[::1]:2185", "[fe80::1]:2181"}, Path: "/gantry"},
			"zk://[::1]:2185,[fe80::1]:2181/gantry",
		},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			got, err := zkurl.Parse(tt.in)
			if err != nil {
				t.Fatalf("Parse: %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Parse differs (-want +got):\n%s", diff)
			}
			if got.String() != tt.text {
				t.Errorf("String() = %q, want %q", got.String(), tt.text)
			}
		})
	}
}

func TestParseNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"http://h1:2181/mesos", "zk://"},
		{"zk://h1:2181", "path is missing"},
		{"zk://h1:2181/", "path is missing"},
		{"zk://h1:2181/a//b", "empty part"},
		{"zk://h1:2181/a/../b", `".."`},
		{"zk://h1:2181/a\x00b", "control character"},
		{"zk:///mesos", "host is empty"},
		{"zk://h1,,h2/mesos", "host is empty"},
		{"zk://h1:0/mesos", "port \"0\""},
		{"zk://h1:99999/mesos", "port \"99999\""},
		{"zk://h1:http/mesos", "port \"http\""},
		{"zk://::1/mesos", "brackets"},
		{"zk://:2181/mesos", "no valid name"},
		{"zk://bob@h1/mesos", "user:password"},
		{"zk://:pw@h1/mesos", "user:password"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			u, err := zkurl.Parse(tt.in)
			if err == nil {
				t.Fatalf("Parse = %v, want an error", u)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q does not mention %q", err, tt.want)
			}
		})
	}
}

func TestErrorsHideThePassword(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"zk://bob:topsecret@h1:2181", "zk://bob:topsecret@h1:0/x", "bob:topsecret@h1", "zk://topsecret@h1/x"} {
		if _, err := zkurl.Parse(in); err == nil || strings.Contains(err.Error(), "topsecret") {
			t.Errorf("Parse(%q) gave %v, want an error without the password", in, err)
		}
	}
}

func TestJoinStaysBelowThePath(t *testing.T) {
	t.Parallel()
	u := zkurl.URL{Path: "/gantry"}
	if got, want := u.Join("state", "head"), "/gantry/state/head"; got != want {
		t.Errorf("Join = %q, want %q", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("zk://bob:pw@h1:2181,h2/a/b")
	f.Add("zk://[::1]:1/x")
	f.Fuzz(func(t *testing.T, s string) {
		u, err := zkurl.Parse(s)
		if err != nil {
			return
		}
		if len(u.Hosts) == 0 || !strings.HasPrefix(u.Path, "/") || u.Path == "/" {
			t.Errorf("Parse(%q) = %+v: no hosts or no path", s, u)
		}
		u.User, u.Password = "", ""
		again, err := zkurl.Parse(u.String())
		if err != nil {
			t.Fatalf("the address %q made from %q is refused: %v", u, s, err)
		}
		if diff := cmp.Diff(u, again); diff != "" {
			t.Errorf("a second Parse differs (-first +second):\n%s", diff)
		}
	})
}
