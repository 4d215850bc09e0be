package master

import (
	"encoding/binary"
	"fmt"
	"net"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

func address(c Config) string { return fmt.Sprintf("%s:%d", c.IP, c.Port) }

// capabilityQuotaV2 is MasterInfo.Capability.Type QUOTA_V2, which mesos-go does not know yet.
const capabilityQuotaV2 mesos.MasterInfo_Capability_Type = 3

func masterInfo(c Config) mesos.MasterInfo {
	port := uint32(c.Port)
	var ip uint32
	if b := net.ParseIP(c.IP).To4(); b != nil {
		ip = binary.LittleEndian.Uint32(b) // network order, read on a little-endian host
	}
	pid := "master@" + address(c)
	version := Version
	return mesos.MasterInfo{
		ID: c.ID, IP: ip, Port: &port, PID: &pid, Hostname: &c.Hostname, Version: &version, Domain: c.Domain,
		Address: &mesos.Address{Hostname: &c.Hostname, IP: &c.IP, Port: int32(c.Port)},
		Capabilities: []mesos.MasterInfo_Capability{
			{Type: mesos.MasterInfo_Capability_AGENT_UPDATE}, {Type: mesos.MasterInfo_Capability_AGENT_DRAINING},
			{Type: capabilityQuotaV2},
		},
	}
}
