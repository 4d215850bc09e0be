package minicluster

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

const (
	// portsEach is how many host ports an agent offers if there are enough.
	portsEach = 1000
	// portsFrom leaves what lies below to services of the machine.
	portsFrom = 20000
	portMax   = 65535
	// What Linux gives to connections by default.
	ephemeralFrom, ephemeralTo = 32768, 60999
)

// portSpan is a range of ports, both ends included.
type portSpan struct{ from, to int }

func (s portSpan) count() int { return max(0, s.to-s.from+1) }

// AgentPorts returns the host ports that each of n agents on one machine offers, as the value of the resource: no two
// agents have one in common, and none is of those that the kernel gives to connections (ip_local_port_range), which
// tasks would now and then find taken. Agents count down from the kernel's range, so that the first ones keep theirs
// when others are added. The span "from-to" takes the place of that; empty: none.
func AgentPorts(n int, span string) ([]string, error) {
	all := freeSpan(kernelPorts(), n)
	if span != "" {
		var err error
		if all, err = parseSpan(span); err != nil {
			return nil, err
		}
	}
	each := min(portsEach, all.count()/max(n, 1))
	if each == 0 {
		return nil, fmt.Errorf("%d-%d: fewer ports than the %d agents", all.from, all.to, n)
	}
	ranges := make([]string, n)
	for i := range ranges {
		to := all.to - i*each
		ranges[i] = fmt.Sprintf("[%d-%d]", to-each+1, to)
	}
	return ranges, nil
}

func parseSpan(text string) (portSpan, error) {
	first, last, ok := strings.Cut(text, "-")
	from, err := strconv.Atoi(strings.TrimSpace(first))
	to, err2 := strconv.Atoi(strings.TrimSpace(last))
	if !ok || err != nil || err2 != nil || from < 1 || to > portMax || from > to {
		return portSpan{}, fmt.Errorf("%q: use from-to, such as 20000-29999", text)
	}
	return portSpan{from, to}, nil
}

// kernelPorts are the ports that the kernel gives to connections.
func kernelPorts() portSpan {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return portSpan{ephemeralFrom, ephemeralTo}
	}
	return kernelSpan(string(text))
}

func kernelSpan(text string) portSpan {
	var s portSpan
	if _, err := fmt.Sscan(text, &s.from, &s.to); err != nil {
		return portSpan{ephemeralFrom, ephemeralTo}
	}
	return s
}

// freeSpan is where n agents find ports beside the kernel's: below if there are enough of them, else where there are
// more. If the kernel has all, nothing can be done.
func freeSpan(kernel portSpan, n int) portSpan {
	below, above := portSpan{portsFrom, kernel.from - 1}, portSpan{max(kernel.to+1, portsFrom), portMax}
	switch {
	case below.count() >= n*portsEach || below.count() >= above.count() && below.count() >= n:
		return below
	case above.count() >= n:
		return above
	default:
		return portSpan{portsFrom, portMax}
	}
}

// PortFree tells whether nobody has a TCP port of this machine at the moment.
func PortFree(ip string, number int) bool {
	p, err := reservePort(ip, number)
	if err != nil {
		return false
	}
	p.release()
	return true
}
