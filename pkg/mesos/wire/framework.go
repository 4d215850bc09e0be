package wire

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"strconv"

	mesosgo "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// ToFrameworkInfo converts a framework's description to its message. With
// MULTI_ROLE it fills roles, without it role with the first one, as the master
// demands. A capability that the protocol does not know is left out.
func ToFrameworkInfo(f mesos.FrameworkInfo) mesosgo.FrameworkInfo {
	out := mesosgo.FrameworkInfo{
		User:            f.User,
		Name:            f.Name,
		ID:              toFrameworkID(f.ID),
		FailoverTimeout: toSeconds(f.FailoverTimeout),
		Checkpoint:      &f.Checkpoint,
		Hostname:        optional(f.Hostname),
		Principal:       optional(f.Principal),
		WebUiURL:        optional(f.WebUIURL),
		Labels:          toLabels(f.Labels),
	}
	if f.Has(mesos.MultiRole) {
		out.Roles = copyStrings(f.Roles)
	} else if len(f.Roles) > 0 {
		out.Role = optional(f.Roles[0])
	}
	for _, c := range f.Capabilities {
		if n, ok := mesosgo.FrameworkInfo_Capability_Type_value[string(c)]; ok {
			out.Capabilities = append(out.Capabilities,
				mesosgo.FrameworkInfo_Capability{Type: mesosgo.FrameworkInfo_Capability_Type(n)})
		}
	}
	return out
}

// FromFrameworkInfo is the inverse of ToFrameworkInfo.
func FromFrameworkInfo(f *mesosgo.FrameworkInfo) mesos.FrameworkInfo {
	out := mesos.FrameworkInfo{
		ID:              fromFrameworkID(f.ID),
		User:            f.User,
		Name:            f.Name,
		FailoverTimeout: fromSeconds(f.GetFailoverTimeout()),
		Checkpoint:      f.GetCheckpoint(),
		Roles:           copyStrings(f.Roles),
		Hostname:        f.GetHostname(),
		Principal:       f.GetPrincipal(),
		WebUIURL:        f.GetWebUiURL(),
		Labels:          fromLabels(f.Labels),
	}
	for _, c := range f.Capabilities {
		name, ok := mesosgo.FrameworkInfo_Capability_Type_name[int32(c.Type)]
		if ok && c.Type != mesosgo.FrameworkInfo_Capability_UNKNOWN {
			out.Capabilities = append(out.Capabilities, mesos.Capability(name))
		}
	}
	if len(out.Roles) == 0 && f.Role != nil && !out.Has(mesos.MultiRole) {
		out.Roles = []string{*f.Role}
	}
	return out
}

// masterPort is the port of a master that does not name one; the protocol requires one.
const masterPort = uint32(5050)

// ToMasterInfo converts a master's description to its message.
func ToMasterInfo(m mesos.MasterInfo) mesosgo.MasterInfo {
	port := masterPort
	out := mesosgo.MasterInfo{
		ID:       m.ID,
		Port:     &port,
		Hostname: optional(m.Hostname),
		Version:  optional(m.Version),
		Domain:   toDomain(m.Domain),
	}
	host, portText, err := net.SplitHostPort(m.Address)
	if err != nil {
		return out
	}
	number, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return out
	}
	port = uint32(number)
	out.Address = &mesosgo.Address{Hostname: optional(m.Hostname), Port: int32(port)}
	if ip, err := netip.ParseAddr(host); err == nil {
		out.Address.IP = optional(host)
		if ip.Is4() {
			out.IP = binary.LittleEndian.Uint32(ip.AsSlice())
		}
	} else {
		out.Address.Hostname = &host
	}
	return out
}

// FromMasterInfo is the inverse of ToMasterInfo. The address is taken from the
// address message, its IP first, then from the older ip and port fields, which
// hold the IP in network byte order.
func FromMasterInfo(m *mesosgo.MasterInfo) mesos.MasterInfo {
	if m == nil {
		return mesos.MasterInfo{}
	}
	out := mesos.MasterInfo{
		ID:       m.ID,
		Hostname: m.GetHostname(),
		Version:  m.GetVersion(),
		Domain:   fromDomain(m.Domain),
	}
	host, port := "", int(m.GetPort())
	if m.Address != nil {
		port = int(m.Address.Port)
		host = m.Address.GetIP()
		if host == "" {
			host = m.Address.GetHostname()
		}
	}
	if host == "" && m.IP != 0 {
		host = netip.AddrFrom4([4]byte(binary.LittleEndian.AppendUint32(nil, m.IP))).String()
	}
	if host == "" {
		host = out.Hostname
	}
	if host != "" {
		out.Address = net.JoinHostPort(host, strconv.Itoa(port))
	}
	return out
}

// ToAgentInfo converts an agent's description to its message.
func ToAgentInfo(a mesos.AgentInfo) mesosgo.AgentInfo {
	return mesosgo.AgentInfo{
		ID:         toAgentID(a.ID),
		Hostname:   a.Hostname,
		Port:       optional(a.Port),
		Resources:  ToResources(a.Resources),
		Attributes: ToAttributes(a.Attributes),
		Domain:     toDomain(a.Domain),
	}
}

// FromAgentInfo is the inverse of ToAgentInfo.
func FromAgentInfo(a *mesosgo.AgentInfo) mesos.AgentInfo {
	return mesos.AgentInfo{
		ID:         fromAgentID(a.ID),
		Hostname:   a.Hostname,
		Port:       value(a.Port),
		Resources:  FromResources(a.Resources),
		Attributes: FromAttributes(a.Attributes),
		Domain:     fromDomain(a.Domain),
	}
}

// withoutEmpty returns the roles that are not "".
func withoutEmpty(roles []string) []string {
	out := slices.DeleteFunc(slices.Clone(roles), func(r string) bool { return r == "" })
	if len(out) == 0 {
		return nil
	}
	return out
}
