// Package codec brings Mesos v1 messages to and from the wire: protobuf, and JSON by the mapping that Mesos itself
// uses (which differs from mesos-go's), RecordIO framing of event streams, and the choice of the encoding from HTTP
// headers.
//
// The JSON mapping works on the struct tags of gogo/protobuf's generated code, so it also takes hand-written messages
// with such tags. Input: unknown fields are ignored, null means unset, numbers and booleans may be quoted, bytes are
// base64, enums go by name and an unknown name leaves an optional field unset, a single value stands for a list of
// one. Output: snake_case names, unset fields are left out except scalars with a declared default.
package codec
