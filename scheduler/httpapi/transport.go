package httpapi

import (
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// headers sets what every answer carries ("Marathon, transport and request filters").
func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-cache, no-store, must-revalidate")
		h.Set("Pragma", "no-cache")
		h.Set("Expires", "0")
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-XSS-Protection", "1; mode=block")
		h.Set("X-Content-Type-Options", "nosniff")
		if self, _ := s.cfg.Leadership.Leader(); self {
			h.Set("X-Marathon-Leader", s.scheme()+"://"+s.cfg.Address)
		}
		next.ServeHTTP(w, r)
	})
}

// compressMin is the size from which an answer is worth compressing.
const compressMin = 1024

var gzips = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err)
	}
	return z
}}

// compress compresses answers for clients that accept gzip. What may last, such as
// event streams and logs, and artifacts pass as they are.
func compress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !acceptsGzip(r) || r.Method == http.MethodHead || strings.HasPrefix(r.URL.Path, "/artifacts/") || strings.HasPrefix(r.URL.Path, "/v3/tasks/") ||
			streams(split(r.URL.Path)) {
			next.ServeHTTP(w, r)
			return
		}
		z := &gzipWriter{ResponseWriter: w, status: http.StatusOK}
		w.Header().Add("Vary", "Accept-Encoding")
		next.ServeHTTP(z, r)
		z.finish()
	})
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, "gzip") {
			q := strings.ReplaceAll(quality, " ", "")
			return q != "q=0" && q != "q=0.0"
		}
	}
	return false
}

// gzipWriter holds back the first bytes until it is clear whether compressing pays.
type gzipWriter struct {
	http.ResponseWriter
	status int
	held   []byte
	z      *gzip.Writer
}

func (g *gzipWriter) WriteHeader(status int) { g.status = status }

func (g *gzipWriter) Write(p []byte) (int, error) {
	if g.z == nil && len(g.held)+len(p) < compressMin {
		g.held = append(g.held, p...)
		return len(p), nil
	}
	if g.z == nil {
		if err := g.start(); err != nil {
			return 0, err
		}
	}
	return g.z.Write(p)
}

// start begins the compressed body with what was held back.
func (g *gzipWriter) start() error {
	h := g.Header()
	h.Set("Content-Encoding", "gzip")
	h.Del("Content-Length")
	g.ResponseWriter.WriteHeader(g.status)
	g.z, _ = gzips.Get().(*gzip.Writer)
	g.z.Reset(g.ResponseWriter)
	_, err := g.z.Write(g.held)
	return err
}

func (g *gzipWriter) finish() {
	if g.z == nil {
		g.ResponseWriter.WriteHeader(g.status)
		if len(g.held) > 0 {
			_, _ = g.ResponseWriter.Write(g.held) // the client is gone; nobody to tell
		}
		return
	}
	_ = g.z.Close() // the client is gone; nobody to tell
	gzips.Put(g.z)
}
