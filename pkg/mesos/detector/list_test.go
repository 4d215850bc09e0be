package detector_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/mesos/detector"
)

func newDetector(t *testing.T, target string, o detector.Options) *detector.Detector {
	t.Helper()
	d, err := detector.New(target, o)
	if err != nil {
		t.Fatalf("New(%q): %v", target, err)
	}
	return d
}

func leader(t *testing.T, d *detector.Detector, previous detector.Master) detector.Master {
	t.Helper()
	m, err := d.Leader(callContext(t), previous)
	if err != nil {
		t.Fatalf("Leader: %v", err)
	}
	return m
}

func TestFixedAddressIsTheLeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		target, scheme string
		want           detector.Master
		url            string
	}{
		{"10.0.0.1:5050", "", detector.Master{Hostname: "10.0.0.1", Address: "10.0.0.1:5050", Scheme: "http", Seen: 1}, "http://10.0.0.1:5050"},
		{"m1:5050", "https", detector.Master{Hostname: "m1", Address: "m1:5050", Scheme: "https", Seen: 1}, "https://m1:5050"},
		{"http://m1:5050/", "https", detector.Master{Hostname: "m1", Address: "m1:5050", Scheme: "http", Seen: 1}, "http://m1:5050"},
		{"https://mesos.example.com", "", detector.Master{Hostname: "mesos.example.com", Address: "mesos.example.com:443", Scheme: "https", Seen: 1}, "https://mesos.example.com:443"},
		{"http://mesos.example.com", "", detector.Master{Hostname: "mesos.example.com", Address: "mesos.example.com:80", Scheme: "http", Seen: 1}, "http://mesos.example.com:80"},
		{"[::1]:5050", "", detector.Master{Hostname: "::1", Address: "[::1]:5050", Scheme: "http", Seen: 1}, "http://[::1]:5050"},
	}
	for _, tt := range tests {
		t.Run(tt.target, func(t *testing.T) {
			t.Parallel()
			got := leader(t, newDetector(t, tt.target, detector.Options{Scheme: tt.scheme}), detector.Master{})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("leader differs (-want +got):\n%s", diff)
			}
			if got.URL() != tt.url {
				t.Errorf("URL() = %q, want %q", got.URL(), tt.url)
			}
		})
	}
}

func TestBadTargetsAreNamed(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"":                        "empty",
		"m1":                      `"m1" has no port`,
		"m1:5050,,m2:5050":        "empty",
		"m1:0":                    "valid host or port",
		":5050":                   "valid host or port",
		"m1:5050/mesos":           "valid host or port",
		"ftp://m1:5050":           `unknown scheme "ftp"`,
		"http://u:p@m1:5050":      "credentials",
		"http://m1:5050/mesos":    `path "/mesos"`,
		"http://m1:5050?x=1":      "path",
		"http://m1:5050:5":        "not a URL",
		"zk://m1:2181":            "path is missing",
		"zk://m1:2181,m2:x/mesos": "port \"x\"",
	} {
		_, err := detector.New(target, detector.Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New(%q) = %v, want an error that mentions %q", target, err, want)
		}
	}
	if _, err := detector.New("m1:5050", detector.Options{Scheme: "ftp"}); err == nil {
		t.Error("New accepts the scheme ftp")
	}
}

func TestSuspectedMastersTakeTurns(t *testing.T) {
	t.Parallel()
	d := newDetector(t, "m1:1, m2:2,m3:3", detector.Options{})
	first := leader(t, d, detector.Master{})
	var got []string
	for m := first; len(got) < 7; {
		got = append(got, m.Address)
		d.Suspect(m)
		d.Suspect(m) // the second caller's suspicion is stale already
		d.Suspect(first)
		m = leader(t, d, m)
	}
	want := []string{"m1:1", "m2:2", "m3:3", "m1:1", "m2:2", "m3:3", "m1:1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order differs (-want +got):\n%s", diff)
	}
}

func TestSingleMasterIsNamedAgainAfterSuspicion(t *testing.T) {
	t.Parallel()
	d := newDetector(t, "m1:1", detector.Options{})
	first := leader(t, d, detector.Master{})
	d.Suspect(first)
	again := leader(t, d, first)
	if again.Address != first.Address || again.Seen != first.Seen+1 {
		t.Errorf("leader after suspicion = %+v, want the one of %+v, seen once more", again, first)
	}
}

func TestRedirectionIsFollowed(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{
		"//10.0.0.9:5050/api/v1/scheduler": "https://10.0.0.9:5050",
		"http://m9:5051/api/v1/scheduler":  "http://m9:5051",
		"https://m9/":                      "https://m9:443",
	} {
		d := newDetector(t, "https://m1:1,https://m2:2", detector.Options{})
		first := leader(t, d, detector.Master{})
		if err := d.Redirected(first, location); err != nil {
			t.Fatalf("Redirected: %v", err)
		}
		next := leader(t, d, first)
		if next.URL() != want {
			t.Errorf("leader after a redirection to %q is %s, want %s", location, next.URL(), want)
		}
		if err := d.Redirected(first, "//stale:1/"); err != nil {
			t.Fatalf("Redirected: %v", err)
		}
		d.Suspect(next)
		if got := leader(t, d, next).Address; got != "m2:2" {
			t.Errorf("after the redirection failed the leader is %s, want the next of the list", got)
		}
	}
}

func TestUselessRedirectionIsAnError(t *testing.T) {
	t.Parallel()
	d := newDetector(t, "m1:1", detector.Options{})
	m := leader(t, d, detector.Master{})
	for _, location := range []string{"", "/api/v1", "ftp://m2/", "http://", ":"} {
		if err := d.Redirected(m, location); err == nil || !strings.Contains(err.Error(), "m1:1") {
			t.Errorf("Redirected(%q) = %v, want an error that names the master", location, err)
		}
	}
	if got := leader(t, d, detector.Master{}); got != m {
		t.Errorf("leader = %+v, want still %+v", got, m)
	}
}

func TestLeaderWaitsForALaterFinding(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDetector(t, "m1:1,m2:2", detector.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- d.Run(ctx) }()
		first := leader(t, d, detector.Master{})
		found := make(chan detector.Master)
		go func() {
			m, _ := d.Leader(ctx, first)
			found <- m
		}()
		synctest.Wait()
		select {
		case m := <-found:
			t.Fatalf("Leader returned %+v without a later finding", m)
		default:
		}
		d.Suspect(first)
		if m := <-found; m.Address != "m2:2" {
			t.Errorf("leader = %+v, want m2", m)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
		if _, err := d.Leader(ctx, detector.Master{Seen: 99}); !errors.Is(err, context.Canceled) {
			t.Errorf("Leader with an ended context = %v, want context.Canceled", err)
		}
	})
}
