package election

import (
	"encoding/json"
	"fmt"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// quotaV2 is a capability that the message library does not know by name.
const quotaV2 = mesos.MasterInfo_Capability_Type(3)

// member is MasterInfo as the JSON that masters write into their znode.
type member struct {
	ID           string             `json:"id"`
	IP           uint32             `json:"ip"`
	Port         uint32             `json:"port"`
	PID          string             `json:"pid,omitempty"`
	Hostname     string             `json:"hostname,omitempty"`
	Version      string             `json:"version,omitempty"`
	Address      *memberAddress     `json:"address,omitempty"`
	Domain       *mesos.DomainInfo  `json:"domain,omitempty"`
	Capabilities []memberCapability `json:"capabilities,omitempty"`
}

type memberAddress struct {
	Hostname string `json:"hostname,omitempty"`
	IP       string `json:"ip,omitempty"`
	Port     int32  `json:"port"`
}

type memberCapability struct {
	Type string `json:"type,omitempty"`
}

// encodeMember is the content of a json.info_ znode.
func encodeMember(info mesos.MasterInfo) ([]byte, error) {
	m := member{
		ID: info.ID, IP: info.IP, Port: info.GetPort(), PID: info.GetPID(), Hostname: info.GetHostname(),
		Version: info.GetVersion(), Domain: info.Domain,
	}
	if a := info.Address; a != nil {
		m.Address = &memberAddress{Hostname: a.GetHostname(), IP: a.GetIP(), Port: a.Port}
	}
	for _, c := range info.Capabilities {
		name := mesos.MasterInfo_Capability_Type_name[int32(c.Type)]
		if c.Type == quotaV2 {
			name = "QUOTA_V2"
		}
		m.Capabilities = append(m.Capabilities, memberCapability{Type: name})
	}
	b, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode master %s: %w", info.ID, err)
	}
	return b, nil
}

// decodeMember reads the content of a json.info_ znode; capabilities that are not known are left out.
func decodeMember(data []byte) (*mesos.MasterInfo, error) {
	var m member
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("decode master: %w", err)
	}
	info := &mesos.MasterInfo{ID: m.ID, IP: m.IP, Port: &m.Port, Domain: m.Domain}
	for _, field := range []struct {
		to   **string
		text string
	}{{&info.PID, m.PID}, {&info.Hostname, m.Hostname}, {&info.Version, m.Version}} {
		if field.text != "" {
			*field.to = &field.text
		}
	}
	if a := m.Address; a != nil {
		info.Address = &mesos.Address{Hostname: &a.Hostname, IP: &a.IP, Port: a.Port}
	}
	for _, c := range m.Capabilities {
		t, ok := mesos.MasterInfo_Capability_Type_value[c.Type]
		if c.Type == "QUOTA_V2" {
			t, ok = int32(quotaV2), true
		}
		if ok {
			info.Capabilities = append(info.Capabilities, mesos.MasterInfo_Capability{Type: mesos.MasterInfo_Capability_Type(t)})
		}
	}
	return info, nil
}
