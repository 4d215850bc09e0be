package conformance

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gogo/protobuf/proto"
	"github.com/mesos/mesos-go/api/v1/lib/agent"
	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"github.com/mesos/mesos-go/api/v1/lib/master"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
)

const protobufType = "application/x-protobuf"

// jsonMessage is what all mesos-go messages are.
type jsonMessage interface {
	proto.Message
	json.Marshaler
	json.Unmarshaler
}

// api is one of the four protocols, told by process and path.
type api struct {
	call  func() jsonMessage
	event func() jsonMessage
	reply func() jsonMessage
}

func apiOf(to, path string) api {
	path, _, _ = strings.Cut(path, "?")
	switch {
	case strings.HasSuffix(path, "/api/v1/scheduler"):
		return api{
			call:  func() jsonMessage { return &scheduler.Call{} },
			event: func() jsonMessage { return &scheduler.Event{} },
			reply: func() jsonMessage { return &scheduler.Response{} },
		}
	case strings.HasSuffix(path, "/api/v1/executor"):
		return api{
			call:  func() jsonMessage { return &executor.Call{} },
			event: func() jsonMessage { return &executor.Event{} },
		}
	case strings.HasPrefix(to, "agent"):
		return api{
			call:  func() jsonMessage { return &agent.Call{} },
			reply: func() jsonMessage { return &agent.Response{} },
		}
	default:
		return api{
			call:  func() jsonMessage { return &master.Call{} },
			event: func() jsonMessage { return &master.Event{} },
			reply: func() jsonMessage { return &master.Response{} },
		}
	}
}

// encodeBody makes the bytes of a request's body.
func encodeBody(req *Request, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode body: %w", err)
	}
	switch req.Encoding {
	case "":
		return text, nil
	case "gzip":
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write(text); err != nil {
			return nil, fmt.Errorf("compress body: %w", err)
		}
		if err := w.Close(); err != nil {
			return nil, fmt.Errorf("compress body: %w", err)
		}
		return b.Bytes(), nil
	case "protobuf":
		call := apiOf(req.To, req.Path).call()
		if err := json.Unmarshal(text, call); err != nil {
			return nil, fmt.Errorf("body as a Call: %w", err)
		}
		b, err := proto.Marshal(call)
		if err != nil {
			return nil, fmt.Errorf("body as protobuf: %w", err)
		}
		return b, nil
	default:
		return nil, fmt.Errorf("unknown encoding %q of a request", req.Encoding)
	}
}

// decodeMessage reads a JSON object, or a protobuf message as the JSON object that it stands for.
func decodeMessage(contentType string, message func() jsonMessage, raw []byte) (map[string]any, error) {
	if contentType == protobufType {
		if message == nil {
			return nil, errors.New("no protobuf message is known for this answer")
		}
		m := message()
		if err := proto.Unmarshal(raw, m); err != nil {
			return nil, fmt.Errorf("decode protobuf: %w", err)
		}
		text, err := json.Marshal(m)
		if err != nil {
			return nil, fmt.Errorf("protobuf as JSON: %w", err)
		}
		raw = text
	}
	v, err := decodeJSON(raw)
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("got %s, want a JSON object", show(v))
	}
	return object, nil
}

// gunzip undoes a Content-Encoding of gzip.
func gunzip(raw []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("decompress answer: %w", err)
	}
	return io.ReadAll(r)
}
