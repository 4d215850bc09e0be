package why_test

import (
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/why"
)

func facts(f ...why.Fact) why.Misfit { return why.Misfit{Facts: f} }

func miss(m why.Miss) why.Misfit {
	return why.Misfit{Miss: &m, Facts: []why.Fact{{Kind: why.TooSmall, Agents: 12}}}
}

// TestEveryCauseHasItsWords goes through all causes, and through all kinds and numbers in them.
func TestEveryCauseHasItsWords(t *testing.T) {
	t.Parallel()
	home := why.Home{Instance: "web.instance-1", Task: "web.instance-1._app.2", Agent: "a1", Hostname: "h1", Paths: []string{"data"}, Made: true, Lack: why.HomeSilent}
	with := func(change func(h *why.Home)) why.Home {
		h := home
		change(&h)
		return h
	}
	const waits = "instance web.instance-1 waits for agent a1 (h1), which "
	for _, c := range []struct {
		cause why.Cause
		want  string
	}{
		{nil, ""},
		{why.Disconnected{}, "the scheduler is not connected to a Mesos master"},
		{why.BackOff{Left: 90 * time.Second}, "backs off for 1m30s: its last task ended by itself and without an error; an app's command has to go on running"},
		{why.BackOff{Left: 400 * time.Millisecond, State: mesos.TaskFailed}, "backs off for 1s after TASK_FAILED"},
		{why.BackOff{Left: 12 * time.Second, State: mesos.TaskFailed, Message: "Command exited with status 1\nmore"}, "backs off for 12s after TASK_FAILED: Command exited with status 1"},
		{why.Limit{Queue: "/prod", Resource: why.CPUs, Need: 4000, Used: 8000, Limit: 10_000}, "the limit of queue /prod is reached: 8 of 10 cpus are in use, an instance needs 4"},
		{why.Limit{Queue: "/prod", Resource: why.Disk, Need: 4000, Used: 8000, Limit: 10_000}, "the limit of queue /prod is reached: 8 of 10 MiB of disk are in use, an instance needs 4"},
		{why.Limit{Queue: "/prod", Resource: why.Memory, Need: 64_000}, "needs 64 MiB of memory, more than the limit of queue /prod, which is 0"},
		{why.Limit{Queue: "/prod", Resource: why.GPUs, Need: 2000, Limit: 1000}, "needs 2 gpus, more than the limit of queue /prod, which is 1"},
		{why.NothingOffered{}, "no agent offers anything at present"},
		{why.NoOffers{}, "no agent has offered anything since the scheduler began: there is none, or others use all"},
		{why.NoOffers{For: 10*time.Second + time.Millisecond}, "no agent has offered anything for 10s: others may use all"},
		{home, waits + "holds its volume data: it offers nothing at present"},
		{with(func(h *why.Home) { h.Paths, h.Lack = []string{"data", "logs"}, why.HomeDraining }), waits + "holds its volumes data, logs: it is in or before maintenance"},
		{
			with(func(h *why.Home) { h.Made, h.Lack, h.Wipe = false, why.HomeShort, true }),
			waits + "was to hold its volume data: its offer lacks the volume or something else that the instance needs; to start without the data, kill task web.instance-1._app.2 with wipe",
		},
		{miss(why.Miss{Resource: why.CPUs, Need: 4000, Largest: 3500}), "needs 4 cpus; the largest free agent has 3.5: 12 agents too small"},
		{miss(why.Miss{Resource: why.CPUs, Need: 4100, Largest: 3500, Executor: true}), "needs 4.1 cpus with its executor; the largest free agent has 3.5: 12 agents too small"},
		{miss(why.Miss{Resource: why.Memory, Need: 128_000, Largest: 100_000, Executor: true}), "needs 128 MiB of memory with its executor; the largest free agent has 100: 12 agents too small"},
		{miss(why.Miss{Resource: why.Disk, Need: 128_000}), "needs 128 MiB of disk; the largest free agent has 0: 12 agents too small"},
		{miss(why.Miss{Resource: why.GPUs, Need: 1000}), "needs 1 gpus; the largest free agent has 0: 12 agents too small"},
		{miss(why.Miss{Resource: why.HostPorts, Need: 2000, Largest: 1000}), "needs 2 host ports; the agent with the most free has 1: 12 agents too small"},
		{
			why.Misfit{Miss: &why.Miss{Resource: why.HostPorts, Need: resource.Units(1), Fixed: []uint16{8080, 9090}}, Facts: []why.Fact{{Kind: why.PortsTaken, Agents: 1}, {Kind: why.Maintenance, Agents: 2}}},
			"needs 1 host port (8080, 9090): not free on 1 agent (in use there, or outside of the ports on offer), 2 agents in or before maintenance",
		},
		{facts(why.Fact{Kind: why.ShortOf, Agents: 1, Resource: why.CPUs}), "1 agent short of cpus"},
		{facts(why.Fact{Kind: why.ShortOf, Agents: 2, Resource: why.Memory}), "2 agents short of memory"},
		{facts(why.Fact{Kind: why.ShortOf, Agents: 2, Resource: why.Disk}), "2 agents short of disk"},
		{facts(why.Fact{Kind: why.ShortOf, Agents: 2, Resource: why.GPUs}), "2 agents short of gpus"},
		{facts(why.Fact{Kind: why.ShortOf, Agents: 2, Resource: why.HostPorts}), "2 agents short of host ports"},
		{facts(why.Fact{Kind: why.Excluded, Agents: 3, Constraint: constraint.Constraint{Field: "rack", Operator: constraint.Like, Value: "r1"}}), "3 excluded by rack LIKE r1"},
		{facts(why.Fact{Kind: why.OtherRegion, Agents: 1}), "1 agent in another region"},
		{facts(why.Fact{Kind: why.OtherRole, Agents: 1}), "1 agent offered to another role"},
		{facts(why.Fact{Kind: why.NotAccepted, Agents: 1}), "1 agent without unreserved resources"},
		{facts(why.Fact{Kind: why.NotAccepted, Agents: 2, Role: "db"}), "2 agents without resources reserved for db"},
		{facts(why.Fact{Kind: why.NoReservation, Agents: 2}), "2 agents without the instance's reservation"},
		{facts(why.Fact{Kind: why.SparesGPUs, Agents: 2}), "2 agents kept for Apps that need gpus"},
		{facts(why.Fact{Kind: why.Held, Agents: 2}), "2 agents held for another App"},
		{
			why.Misfit{Facts: []why.Fact{{Kind: why.Maintenance, Agents: 1}, {Kind: why.Held, Agents: 1}}, HeldFor: []app.ID{"/a/large", "/b/large"}},
			"1 agent in or before maintenance, 1 agent held for /a/large and /b/large",
		},
	} {
		if got := why.Words(c.cause); got != c.want {
			t.Errorf("%#v:\ngot  %q\nwant %q", c.cause, got, c.want)
		}
	}
}

// TestAWaitSaysItsAgeAndWhatIsHeld puts together what is said around a cause.
func TestAWaitSaysItsAgeAndWhatIsHeld(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		wait why.Wait
		want string
	}{
		{why.Wait{}, ""},
		{why.Wait{Kept: "h1"}, "agent h1 is held for it until an instance fits there"},
		{why.Wait{Cause: why.NothingOffered{}}, "no agent offers anything at present"},
		{
			why.Wait{Cause: why.NothingOffered{}, Age: 5*time.Minute + time.Millisecond, Kept: "h1"},
			"no agent offers anything at present (5m0s ago, when the last offers came); agent h1 is held for it until an instance fits there",
		},
	} {
		if got := c.wait.Words(); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}
