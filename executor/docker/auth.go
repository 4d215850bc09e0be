package docker

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/registry"
)

// hubServer is the name under which docker login keeps Docker Hub's credentials.
const hubServer = "https://index.docker.io/v1/"

// helperTimeout bounds a credential helper.
const helperTimeout = 10 * time.Second

// dockerConfig is the part of docker's config.json about credentials.
type dockerConfig struct {
	Auths       map[string]registry.AuthConfig `json:"auths"`
	CredsStore  string                         `json:"credsStore"`
	CredHelpers map[string]string              `json:"credHelpers"`
}

// credentials returns the X-Registry-Auth header for the image's registry from
// the first of the files that knows it, "" if none does.
func credentials(ctx context.Context, ref string, files []string) (string, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", fmt.Errorf("image %q: %w", ref, err)
	}
	domain := reference.Domain(named)
	for _, file := range files {
		auth, err := fromFile(ctx, file, domain)
		if err != nil {
			return "", fmt.Errorf("credentials of %s: %w", domain, err)
		}
		if auth != nil {
			text, err := json.Marshal(auth)
			if err != nil {
				return "", fmt.Errorf("credentials of %s: %w", domain, err)
			}
			return base64.URLEncoding.EncodeToString(text), nil
		}
	}
	return "", nil
}

func fromFile(ctx context.Context, file, domain string) (*registry.AuthConfig, error) {
	data, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return nil, nil // nil is documented as "not known here"
	case err != nil:
		return nil, err
	}
	var cfg dockerConfig
	if err := json.Unmarshal(data, &cfg); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	if strings.HasSuffix(file, ".dockercfg") { // the old form has no frame around the registries
		if err := json.Unmarshal(data, &cfg.Auths); err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
	}
	for _, server := range servers(domain) {
		if helper := cfg.CredHelpers[server]; helper != "" {
			return fromHelper(ctx, helper, server)
		}
		if auth, ok := cfg.Auths[server]; ok && (auth.Auth != "" || auth.Username != "" || auth.IdentityToken != "" || auth.RegistryToken != "") {
			return decoded(auth, server)
		}
	}
	if cfg.CredsStore != "" {
		return fromHelper(ctx, cfg.CredsStore, servers(domain)[0])
	}
	return nil, nil // nil is documented as "not known here"
}

// servers are the names that a registry's credentials may be kept under.
func servers(domain string) []string {
	names := []string{domain, "https://" + domain, "http://" + domain, "https://" + domain + "/v1/", "https://" + domain + "/v2/"}
	if domain == "docker.io" {
		return append([]string{hubServer, "index.docker.io"}, names...)
	}
	return names
}

// decoded splits auth, which is base64 of "user:password".
func decoded(auth registry.AuthConfig, server string) (*registry.AuthConfig, error) {
	auth.ServerAddress = server
	if auth.Auth == "" {
		return &auth, nil
	}
	text, err := base64.StdEncoding.DecodeString(auth.Auth)
	if err != nil {
		return nil, fmt.Errorf("auth of %s is not base64: %w", server, err)
	}
	user, password, ok := strings.Cut(string(text), ":")
	if !ok {
		return nil, fmt.Errorf("auth of %s is not user:password", server)
	}
	auth.Auth, auth.Username, auth.Password = "", user, strings.TrimRight(password, "\x00")
	return &auth, nil
}

// fromHelper asks the program docker-credential-<name>.
func fromHelper(ctx context.Context, name, server string) (*registry.AuthConfig, error) {
	ctx, cancel := context.WithTimeout(ctx, helperTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker-credential-"+name, "get")
	cmd.Stdin = strings.NewReader(server)
	out, err := cmd.Output()
	if err != nil {
		if strings.Contains(string(out), "credentials not found") {
			return nil, nil // nil is documented as "not known here"
		}
		return nil, fmt.Errorf("docker-credential-%s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	var answer struct{ Username, Secret string }
	if err := json.Unmarshal(out, &answer); err != nil {
		return nil, fmt.Errorf("docker-credential-%s: %w", name, err)
	}
	auth := &registry.AuthConfig{ServerAddress: server, Username: answer.Username, Password: answer.Secret}
	if answer.Username == "<token>" {
		auth.Username, auth.Password, auth.IdentityToken = "", "", answer.Secret
	}
	return auth, nil
}
