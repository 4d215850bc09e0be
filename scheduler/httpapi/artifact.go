package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// artifact is the executor's binary, read once, so that an upgrade on disk
// never mixes two versions in one download.
type artifact struct {
	data []byte
	hash string
}

func newArtifact(path string) (*artifact, error) {
	if path == "" {
		return &artifact{}, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the executor to serve: %w; --executor-path names it", err)
	}
	sum := sha256.Sum256(data)
	return &artifact{data: data, hash: hex.EncodeToString(sum[:])}, nil
}

// serve answers with the binary. Its content's hash is the ETag, so that
// agents and caches keep it until it changes.
func (a *artifact) serve(w http.ResponseWriter, r *http.Request) error {
	if a.data == nil {
		return &api.Error{Status: http.StatusNotFound, Message: "This scheduler serves no executor; see --executor-path"}
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("ETag", `"`+a.hash+`"`)
	h.Set("Cache-Control", "public, max-age=0, must-revalidate")
	h.Del("Pragma")
	h.Del("Expires")
	http.ServeContent(w, r, "gantry-executor", time.Time{}, bytes.NewReader(a.data))
	return nil
}

// ExecutorHash is the SHA-256 of the executor served, in hex, "" when there is
// none. A URI that holds it makes an agent's cache safe.
func (s *Server) ExecutorHash() string { return s.artifact.hash }
