package codec

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/gogo/protobuf/proto"
)

// MaxCallBytes bounds the body of a call, after decompression.
const MaxCallBytes = 256 << 20

// Refusal is the answer to a request that cannot be served.
type Refusal struct {
	Status int
	Text   string
}

// Write answers with the refusal, as Mesos does.
func (r *Refusal) Write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(r.Status)
	_, _ = io.WriteString(w, r.Text) // the client may be gone
}

// CheckMethod refuses everything but POST. On refusal the header Allow is set.
func CheckMethod(w http.ResponseWriter, r *http.Request) *Refusal {
	if r.Method == http.MethodPost {
		return nil
	}
	w.Header().Set("Allow", http.MethodPost)
	return &Refusal{http.StatusMethodNotAllowed, fmt.Sprintf(
		"405 Method Not Allowed. Expecting one of { 'POST' }, but received '%s'.", r.Method)}
}

// ReadCall reads the body of a request into a call, in the order of checks that all v1 endpoints share: Content-Type
// present, known, body decodable. It also returns the raw body and its format.
func ReadCall(r *http.Request, call proto.Message) (body []byte, f Format, refusal *Refusal) {
	types := r.Header.Values("Content-Type")
	if len(types) == 0 {
		return nil, 0, &Refusal{http.StatusBadRequest, "Expecting 'Content-Type' to be present"}
	}
	switch types[0] {
	case MediaTypeJSON:
		f = JSON
	case MediaTypeProtobuf:
		f = Protobuf
	default:
		return nil, 0, &Refusal{http.StatusUnsupportedMediaType,
			"Expecting 'Content-Type' of application/json or application/x-protobuf"}
	}
	body, err := readBody(r)
	if err != nil {
		return nil, 0, &Refusal{http.StatusBadRequest, "Failed to read body: " + err.Error()}
	}
	return body, f, decodeCall(f, body, call)
}

func decodeCall(f Format, body []byte, call proto.Message) *Refusal {
	err := f.Unmarshal(body, call)
	var syntax *SyntaxError
	switch {
	case err == nil:
		return nil
	case f == Protobuf:
		return &Refusal{http.StatusBadRequest, "Failed to parse body into Call protobuf"}
	case errors.As(err, &syntax):
		return &Refusal{http.StatusBadRequest, "Failed to parse body into JSON: " + err.Error()}
	}
	return &Refusal{http.StatusBadRequest, "Failed to convert JSON into Call protobuf: " + err.Error()}
}

func readBody(r *http.Request) ([]byte, error) {
	var in io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		in = z
	}
	body, err := io.ReadAll(io.LimitReader(in, MaxCallBytes+1))
	if err != nil {
		return nil, err
	}
	if len(body) > MaxCallBytes {
		return nil, fmt.Errorf("more than %d bytes", MaxCallBytes)
	}
	return body, nil
}
