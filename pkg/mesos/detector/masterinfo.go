package detector

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Names under which masters announce themselves below the ZooKeeper path; the
// number that ZooKeeper appends follows (Mesos, master contender).
const (
	jsonPrefix     = "json.info_"
	protobufPrefix = "info_"
)

// lowest returns the member with the lowest number: the leader. Nodes of other
// kinds, such as log_replicas, are none of its business.
func lowest(names []string) (leader string, ok bool) {
	var best int64
	for _, name := range names {
		digits := strings.TrimPrefix(strings.TrimPrefix(name, "json."), protobufPrefix)
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			continue
		}
		if !ok || n < best {
			leader, best, ok = name, n, true
		}
	}
	return leader, ok
}

// info is the part of Mesos' MasterInfo that tells where the master is. The
// rest is ignored, so that additions do no harm.
type info struct {
	ID       string   `json:"id"`
	IP       uint32   `json:"ip"` // first byte of the address lowest
	Port     uint32   `json:"port"`
	PID      string   `json:"pid"`
	Hostname string   `json:"hostname"`
	Address  *address `json:"address"`
}

type address struct {
	Hostname string `json:"hostname"`
	IP       string `json:"ip"`
	Port     uint32 `json:"port"`
}

// parseMaster reads the content of the znode name.
func parseMaster(name string, data []byte, scheme string) (Master, error) {
	var in info
	var err error
	if strings.HasPrefix(name, jsonPrefix) {
		err = json.Unmarshal(data, &in)
	} else {
		in, err = parseProtobuf(data)
	}
	if err != nil {
		return Master{}, fmt.Errorf("master's node %s: %w", name, err)
	}
	host, port := in.location(scheme)
	if host == "" || !validPort(port) {
		return Master{}, fmt.Errorf("master's node %s names no address, only host %q and port %q", name, host, port)
	}
	m := Master{ID: in.ID, Hostname: in.Hostname, Address: net.JoinHostPort(host, port), Scheme: scheme}
	if m.Hostname == "" && in.Address != nil {
		m.Hostname = in.Address.Hostname
	}
	if m.Hostname == "" {
		m.Hostname = host
	}
	return m, nil
}

// location picks the best of the places where MasterInfo keeps an address:
// the address field of masters since 0.24, else the fields before it.
func (in *info) location(scheme string) (host, port string) {
	if a := in.Address; a != nil && a.Port != 0 && (a.IP != "" || a.Hostname != "") {
		host = a.IP
		if host == "" || scheme == "https" && a.Hostname != "" {
			host = a.Hostname
		}
		return host, strconv.FormatUint(uint64(a.Port), 10)
	}
	if _, hostport, ok := strings.Cut(in.PID, "@"); ok {
		if host, port, err := net.SplitHostPort(hostport); err == nil {
			return host, port
		}
	}
	if in.IP == 0 {
		return in.Hostname, strconv.FormatUint(uint64(in.Port), 10)
	}
	var ip [4]byte
	binary.LittleEndian.PutUint32(ip[:], in.IP)
	return netip.AddrFrom4(ip).String(), strconv.FormatUint(uint64(in.Port), 10)
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

var errTruncated = errors.New("the message ends too early")

// parseProtobuf reads MasterInfo (Mesos, mesos.proto) as masters before 0.24 wrote it.
func parseProtobuf(data []byte) (info, error) {
	in := info{Port: 5050} // the field's default
	err := fields(data, func(number int, n uint64, b []byte) error {
		switch number {
		case 1:
			in.ID = string(b)
		case 2:
			in.IP = uint32(n)
		case 3:
			in.Port = uint32(n)
		case 4:
			in.PID = string(b)
		case 5:
			in.Hostname = string(b)
		case 7:
			in.Address = &address{}
			return parseAddressProtobuf(b, in.Address)
		}
		return nil
	})
	return in, err
}

func parseAddressProtobuf(data []byte, a *address) error {
	return fields(data, func(number int, n uint64, b []byte) error {
		switch number {
		case 1:
			a.Hostname = string(b)
		case 2:
			a.IP = string(b)
		case 3:
			a.Port = uint32(n)
		}
		return nil
	})
}

// fields calls f for each field of a protobuf message, with its number and
// either its integer or its bytes.
func fields(data []byte, f func(number int, n uint64, b []byte) error) error {
	for len(data) > 0 {
		tag, size := binary.Uvarint(data)
		if size <= 0 || tag>>3 == 0 || tag>>3 > 1<<29 {
			return errTruncated
		}
		data = data[size:]
		n, b, rest, err := field(data, int(tag&7))
		if err != nil {
			return err
		}
		if err := f(int(tag>>3), n, b); err != nil {
			return err
		}
		data = rest
	}
	return nil
}

func field(data []byte, wireType int) (n uint64, b, rest []byte, err error) {
	var fixed int
	switch wireType {
	case 0, 2:
		var size int
		if n, size = binary.Uvarint(data); size <= 0 {
			return 0, nil, nil, errTruncated
		}
		data = data[size:]
		if wireType == 0 {
			return n, nil, data, nil
		}
		if n > uint64(len(data)) {
			return 0, nil, nil, errTruncated
		}
		return 0, data[:n], data[n:], nil
	case 1:
		fixed = 8
	case 5:
		fixed = 4
	default:
		return 0, nil, nil, fmt.Errorf("unknown wire type %d", wireType)
	}
	if len(data) < fixed {
		return 0, nil, nil, errTruncated
	}
	return 0, nil, data[fixed:], nil
}
