package codec

import (
	"strconv"
	"strings"

	"github.com/gogo/protobuf/proto"
)

// Format is an encoding of messages.
type Format int

// The formats.
const (
	JSON Format = iota + 1
	Protobuf
)

// The media types of the formats, as they must be spelled in Content-Type.
const (
	MediaTypeJSON     = "application/json"
	MediaTypeProtobuf = "application/x-protobuf"
)

// MediaType returns the media type of the format.
func (f Format) MediaType() string {
	if f == Protobuf {
		return MediaTypeProtobuf
	}
	return MediaTypeJSON
}

// Marshal encodes a message.
func (f Format) Marshal(m proto.Message) ([]byte, error) {
	if f == Protobuf {
		return proto.Marshal(m)
	}
	return MarshalJSON(m)
}

// Unmarshal decodes a message; m must be empty.
func (f Format) Unmarshal(data []byte, m proto.Message) error {
	if f == Protobuf {
		return proto.Unmarshal(data, m)
	}
	return UnmarshalJSON(data, m)
}

// Negotiate chooses the format of the answer from the Accept headers: JSON if acceptable, else protobuf. It is not ok
// if neither is acceptable.
func Negotiate(accept []string) (f Format, ok bool) {
	header := strings.Join(accept, ",")
	if Accepts(header, MediaTypeJSON) {
		return JSON, true
	}
	if Accepts(header, MediaTypeProtobuf) {
		return Protobuf, true
	}
	return 0, false
}

// Accepts tells whether an Accept header allows a media type. An empty header allows all; q=0 excludes.
func Accepts(header, mediaType string) bool {
	if strings.TrimSpace(header) == "" {
		return true
	}
	kind, _, _ := strings.Cut(mediaType, "/")
	for candidate := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(candidate, ";")
		name = strings.TrimSpace(name)
		if name != mediaType && name != "*/*" && name != kind+"/*" {
			continue
		}
		if quality(params) > 0 {
			return true
		}
	}
	return false
}

func quality(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(p), "q="); ok {
			q, err := strconv.ParseFloat(v, 64)
			if err != nil {
				return 0
			}
			return q
		}
	}
	return 1
}
