package minicluster

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAgentsOfOneMachineShareNoPortsWithEachOtherOrTheKernel(t *testing.T) {
	t.Parallel()
	for _, kernel := range []portSpan{{32768, 60999}, {1024, 40000}, {15000, 61000}, {10000, 65535}} {
		for _, n := range []int{1, 2, 5, 13, 300, 1000} {
			span := freeSpan(kernel, n)
			ranges, err := AgentPorts(n, fmt.Sprintf("%d-%d", span.from, span.to))
			if err != nil {
				t.Errorf("kernel %v, %d agents: %v", kernel, n, err)
				continue
			}
			taken := map[int]bool{}
			for i, text := range ranges {
				var from, to int
				if _, err := fmt.Sscanf(text, "[%d-%d]", &from, &to); err != nil || from > to {
					t.Fatalf("range %q of agent %d: %v", text, i, err)
				}
				for port := from; port <= to; port++ {
					if taken[port] {
						t.Fatalf("kernel %v, %d agents: port %d is of two", kernel, n, port)
					}
					taken[port] = true
					if port >= kernel.from && port <= kernel.to && kernel.to < portMax {
						t.Fatalf("kernel %v, %d agents: port %d is the kernel's", kernel, n, port)
					}
				}
			}
		}
	}
}

func TestTheFirstAgentsKeepTheirPortsWhenOthersAreAdded(t *testing.T) {
	t.Parallel()
	few, err := AgentPorts(2, "20000-32767")
	if err != nil {
		t.Fatal(err)
	}
	more, err := AgentPorts(5, "20000-32767")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(few, more[:2]); diff != "" {
		t.Errorf("ports of the first two of five (-two +five):\n%s", diff)
	}
}

func TestSpansThatCannotBeSharedOutAreRefused(t *testing.T) {
	t.Parallel()
	for span, n := range map[string]int{"20000": 1, "a-b": 1, "30000-20000": 1, "0-10": 1, "60000-70000": 1, "20000-20001": 3} {
		if ranges, err := AgentPorts(n, span); err == nil {
			t.Errorf("AgentPorts(%d, %q) = %v, want an error", n, span, ranges)
		}
	}
}

func TestTheKernelsRangeIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]portSpan{"32768\t60999\n": {32768, 60999}, "1024 65535": {1024, 65535}, "": {ephemeralFrom, ephemeralTo}} {
		if got := kernelSpan(text); got != want {
			t.Errorf("kernelSpan(%q) = %v, want %v", text, got, want)
		}
	}
}
