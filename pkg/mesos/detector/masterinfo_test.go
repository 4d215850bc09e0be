package detector

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLowestNumberLeads(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		names []string
		want  string
	}{
		{"none", nil, ""},
		{"only the replicated log", []string{"log_replicas"}, ""},
		{"as current masters register", []string{"json.info_0000000003", "log_replicas", "json.info_0000000002"}, "json.info_0000000002"},
		{"old and new forms together", []string{"json.info_0000000009", "info_0000000004", "0000000007"}, "info_0000000004"},
		{"by number, not by text", []string{"json.info_10000000000", "json.info_9999999999"}, "json.info_9999999999"},
		{"after an overflow of the counter", []string{"json.info_0000000001", "json.info_-2147483648"}, "json.info_-2147483648"},
		{"strangers", []string{"json.info_", "json.info_x", "info", "json.0x1", "json.info_0000000005"}, "json.info_0000000005"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := lowest(tt.names)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("lowest = %q, %v, want %q", got, ok, tt.want)
			}
		})
	}
}

// message builds a protobuf message from its fields.
type message []byte

func (m message) num(field int, n uint64) message {
	return binary.AppendUvarint(binary.AppendUvarint(m, uint64(field)<<3), n)
}

func (m message) bytes(field int, b []byte) message {
	m = binary.AppendUvarint(binary.AppendUvarint(m, uint64(field)<<3|2), uint64(len(b)))
	return append(m, b...)
}

func (m message) text(field int, s string) message { return m.bytes(field, []byte(s)) }

func TestMasterIsReadFromItsNode(t *testing.T) {
	t.Parallel()
	const current = `{"address":{"hostname":"m1.example.com","ip":"10.0.0.1","port":5051},"capabilities":[{"type":"QUOTA_V2"},{"type":"TO_COME"}],
		"domain":{"fault_domain":{}},"hostname":"m1.example.com","id":"id-1","ip":16777226,"pid":"master@10.0.0.1:5051","port":5051,"version":"1.12.0"}`
	oldFields := message(nil).text(1, "id-2").num(2, 67305985).num(3, 5052).text(4, "master@1.2.3.4:5052").text(5, "m2").text(6, "0.23.0")
	withAddress := oldFields.bytes(7, message(nil).text(1, "m3").text(2, "10.0.0.3").num(3, 5053)).
		bytes(8, []byte{10, 0}).text(9, "x")
	withAddress = append(withAddress, 10<<3|1, 0, 0, 0, 0, 0, 0, 0, 0, 11<<3|5, 0, 0, 0, 0)
	tests := []struct {
		name, node, data, scheme string
		want                     Master
	}{
		{"current master", "json.info_1", current, "http", Master{ID: "id-1", Hostname: "m1.example.com", Address: "10.0.0.1:5051", Scheme: "http"}},
		{"with https by its name", "json.info_1", current, "https", Master{ID: "id-1", Hostname: "m1.example.com", Address: "m1.example.com:5051", Scheme: "https"}},
		{"without address field", "json.info_1", `{"id":"a","ip":67305985,"port":5050,"hostname":"h"}`, "http", Master{ID: "a", Hostname: "h", Address: "1.2.3.4:5050", Scheme: "http"}},
		{"by its pid", "json.info_1", `{"id":"a","ip":1,"port":5050,"pid":"master@[::1]:5055"}`, "http", Master{ID: "a", Hostname: "::1", Address: "[::1]:5055", Scheme: "http"}},
		{"address without ip", "json.info_1", `{"id":"a","address":{"hostname":"h","port":1}}`, "http", Master{ID: "a", Hostname: "h", Address: "h:1", Scheme: "http"}},
		{"IPv6", "json.info_1", `{"id":"a","address":{"ip":"fe80::1","port":1}}`, "http", Master{ID: "a", Hostname: "fe80::1", Address: "[fe80::1]:1", Scheme: "http"}},
		{"old protobuf", "info_1", string(oldFields), "http", Master{ID: "id-2", Hostname: "m2", Address: "1.2.3.4:5052", Scheme: "http"}},
		{"oldest form", "0000000001", string(oldFields), "http", Master{ID: "id-2", Hostname: "m2", Address: "1.2.3.4:5052", Scheme: "http"}},
		{"protobuf with address and fields to come", "info_1", string(withAddress), "http", Master{ID: "id-2", Hostname: "m2", Address: "10.0.0.3:5053", Scheme: "http"}},
		{"protobuf with the default port", "info_1", string(message(nil).text(1, "x").num(2, 67305985)), "http", Master{ID: "x", Hostname: "1.2.3.4", Address: "1.2.3.4:5050", Scheme: "http"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseMaster(tt.node, []byte(tt.data), tt.scheme)
			if err != nil {
				t.Fatalf("parseMaster: %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("master differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnusableNodesAreNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, node, data string }{
		{"no JSON", "json.info_7", "hello"},
		{"no address", "json.info_7", `{"id":"a"}`},
		{"port out of range", "json.info_7", `{"id":"a","address":{"ip":"1.2.3.4","port":70000}}`},
		{"empty protobuf", "info_7", ""},
		{"cut protobuf", "info_7", string(message(nil).text(1, "id")[:3])},
		{"cut number", "info_7", "\x10\x80"},
		{"field zero", "info_7", "\x02\x00"},
		{"cut fixed field", "info_7", "\x51\x00"},
		{"unknown wire type", "info_7", "\x0b\x00"},
		{"broken address", "info_7", string(message(nil).text(7, "\x0a\xff"))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, err := parseMaster(tt.node, []byte(tt.data), "http")
			if err == nil || !strings.Contains(err.Error(), tt.node) {
				t.Errorf("parseMaster = %+v, %v, want an error that names %s", m, err, tt.node)
			}
		})
	}
}

func FuzzParseMaster(f *testing.F) {
	f.Add("info_1", []byte(message(nil).text(1, "id").num(2, 1).bytes(7, message(nil).num(3, 5))))
	f.Add("json.info_1", []byte(`{"address":{"ip":"::","port":1}}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		m, err := parseMaster(name, data, "http")
		if err == nil && m.Address == "" {
			t.Errorf("no error and no address from %q", data)
		}
	})
}
