package docker

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/api/types/registry"
)

func TestCredentials_come_from_docker_s_files(t *testing.T) {
	dir := t.TempDir()
	helper := "#!/bin/sh\nread server\ncase $server in\nhelped.example) echo '{\"Username\":\"h\",\"Secret\":\"s\"}';;\n*) echo 'credentials not found in native keychain'; exit 1;;\nesac\n"
	if err := os.WriteFile(filepath.Join(dir, "docker-credential-test"), []byte(helper), 0o700); err != nil { // it must be executable
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	both := base64.StdEncoding.EncodeToString([]byte("me:pass:word"))
	files := []string{filepath.Join(dir, "missing.json"), filepath.Join(dir, "config.json"), filepath.Join(dir, ".dockercfg")}
	write(t, files[1], `{"auths":{"https://index.docker.io/v1/":{"auth":"`+both+`"},"r.example:5000":{"identitytoken":"tok"},"empty.example":{}},
		"credHelpers":{"helped.example":"test"},"credsStore":"test"}`)
	write(t, files[2], `{"old.example":{"auth":"`+both+`"}}`)

	rows := map[string]*registry.AuthConfig{
		"web:1":               {Username: "me", Password: "pass:word", ServerAddress: "https://index.docker.io/v1/"},
		"r.example:5000/web":  {IdentityToken: "tok", ServerAddress: "r.example:5000"},
		"helped.example/w":    {Username: "h", Password: "s", ServerAddress: "helped.example"},
		"old.example/web":     {Username: "me", Password: "pass:word", ServerAddress: "old.example"},
		"unknown.example/web": nil,
		"empty.example/web":   nil,
	}
	for ref, want := range rows {
		header, err := credentials(t.Context(), ref, files)
		if err != nil {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		if want == nil {
			if header != "" {
				t.Errorf("%s: got %q, want none", ref, header)
			}
			continue
		}
		text, err := base64.URLEncoding.DecodeString(header)
		if err != nil {
			t.Fatal(err)
		}
		var got registry.AuthConfig
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&got, want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", ref, diff)
		}
	}
}

func TestCredentials_name_a_broken_file(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config.json")
	for text, want := range map[string]string{"{": file, `{"auths":{"r.example":{"auth":"%"}}}`: "not base64", `{"auths":{"r.example":{"auth":"bWU="}}}`: "user:password"} {
		write(t, file, text)
		if _, err := credentials(t.Context(), "r.example/web", []string{file}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", text, err, want)
		}
	}
	if _, err := credentials(t.Context(), "Not An Image", nil); err == nil {
		t.Error("a bad image name: got no error")
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
