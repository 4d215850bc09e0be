package placement_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// fleet is agents a0 to a4: a0 and a1 in rack r1, a2 in r2, a3 in r10, a4
// without any attribute and without a fault domain.
func fleet() []*mesos.Offer {
	attribute := func(name string, t mesos.ValueType) mesos.Attribute { return mesos.Attribute{Name: name, Type: t} }
	var out []*mesos.Offer
	for n, rack := range []string{"r1", "r1", "r2", "r10", ""} {
		o := offer(n, 8, 1024)
		out = append(out, o)
		if rack == "" {
			continue
		}
		text, number, ranges, set := attribute("rack", mesos.Text), attribute("cores", mesos.Scalar), attribute("vlan", mesos.RangeSet), attribute("disks", mesos.Set)
		text.Text = rack
		number.Scalar = resource.Scalar([]int64{4000, 4000, 500, 1125}[n])
		ranges.Ranges = resource.Ranges{{Begin: 5, End: 9}, {Begin: 1, End: uint64(2 + n/2)}}
		set.Set = []string{"ssd", []string{"hdd", "hdd", "nvme", "nvme"}[n]}
		o.Attributes = []mesos.Attribute{text, number, ranges, set}
		o.Domain = mesos.Domain{Region: []string{"eu", "eu", "eu", "us"}[n], Zone: []string{"eu-a", "eu-a", "eu-b", "us-a"}[n]}
	}
	return out
}

// TestConstraintsAdmit goes through Marathon's operators on every kind of
// field: which of the fleet's agents take one more instance, with instances
// running on the agents that are named.
func TestConstraintsAdmit(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ constraint, running, want string }{
		{"hostname UNIQUE", "", "01234"},
		{"hostname UNIQUE", "0 3", "124"},
		{"@hostname UNIQUE", "0 3", "124"},
		{"rack UNIQUE", "", "0123"},
		{"rack UNIQUE", "0", "23"},
		{"rack UNIQUE", "4", "0123"},
		{"cores UNIQUE", "1", "23"},
		{"vlan UNIQUE", "0", "23"},
		{"disks UNIQUE", "2", "01"},
		{"@zone UNIQUE", "0", "23"},
		{"@region UNIQUE", "0", "3"},

		{"rack CLUSTER r1", "", "01"},
		{"rack CLUSTER r1", "2", "01"},
		{"rack CLUSTER r", "", ""},
		{"rack CLUSTER", "", "0123"},
		{"rack CLUSTER", "1", "01"},
		{"rack CLUSTER", "1 2", "012"},
		{"rack CLUSTER", "4", "0123"},
		{"hostname CLUSTER h4", "", "4"},
		{"@region CLUSTER", "0", "012"},
		{"@region CLUSTER us", "0", "3"},
		{"@zone CLUSTER eu-b", "", "2"},
		{"cores CLUSTER 0.5", "", "2"},
		{"cores CLUSTER 0.50", "", ""},
		{"vlan CLUSTER [1-2,5-9]", "", "01"},
		{"disks CLUSTER {hdd,ssd}", "", "01"},
		{"disks CLUSTER {ssd,hdd}", "", ""},

		{"rack GROUP_BY", "", "0123"},
		{"rack GROUP_BY", "0", "0123"},
		{"rack GROUP_BY", "0 1", "0123"},
		{"rack GROUP_BY", "0 1 2", "23"},
		{"rack GROUP_BY", "0 2 3", "0123"},
		{"rack GROUP_BY 1", "0 1 2", "23"},
		{"rack GROUP_BY 2", "0", "23"},
		{"rack GROUP_BY 2", "0 2", "0123"},
		{"rack GROUP_BY 3", "0 2", "3"},
		{"rack GROUP_BY 4", "0 2 3", ""},
		{"rack GROUP_BY 3", "0 0 2 3", "23"},
		{"hostname GROUP_BY 5", "0 1", "234"},
		{"@zone GROUP_BY 3", "0 2", "3"},
		{"@region GROUP_BY 2", "0", "3"},
		{"cores GROUP_BY 3", "0 2", "3"},
		{"disks GROUP_BY 2", "2", "01"},

		{"hostname LIKE h[13]", "", "13"},
		{"rack LIKE r1", "", "01"},
		{"rack LIKE r1.*", "", "013"},
		{"rack LIKE r1|r2", "", "012"},
		{"rack LIKE R1", "", ""},
		{"rack LIKE (?i)R1", "", "01"},
		{"cores LIKE [0-9]+", "", "01"},
		{"cores LIKE .*\\.125", "", "3"},
		{"vlan LIKE .*[,\\[]5-9\\]", "", "0123"},
		{"disks LIKE .*nvme.*", "", "23"},
		{"@zone LIKE eu-.*", "", "012"},
		{"@region LIKE u", "", ""},

		{"hostname UNLIKE h[13]", "", "024"},
		{"rack UNLIKE r1", "", "234"},
		{"rack UNLIKE .*", "", "4"},
		{"@region UNLIKE eu", "", "34"},
		{"disks UNLIKE .*ssd.*", "", "4"},
		{"cores UNLIKE 4", "", "234"},

		{"hostname MAX_PER 1", "0", "1234"},
		{"hostname MAX_PER 2", "0 0 1", "1234"},
		{"rack MAX_PER 2", "0 1 2", "23"},
		{"rack MAX_PER 3", "0 1 2", "0123"},
		{"rack MAX_PER 99999999999", "0 1 2", "0123"},
		{"@region MAX_PER 2", "0 2", "3"},
		{"cores MAX_PER 1", "3", "012"},
		{"rack MAX_PER 1", "4", "0123"},

		{"hostname IS h2", "", "2"},
		{"rack IS r1", "2", "01"},
		{"cores IS 4", "", "01"},
		{"cores IS 4.0", "", "01"},
		{"cores IS 4.00000", "", "01"},
		{"cores IS 0.5", "", "2"},
		{"cores IS .5", "", "2"},
		{"cores IS 1.125", "", "3"},
		{"rack IS r", "", ""},
		{"@region IS eu", "", "012"},
		{"@zone IS us-a", "", "3"},

		{"missing UNIQUE", "", ""},
		{"missing CLUSTER", "", ""},
		{"missing CLUSTER x", "", ""},
		{"missing GROUP_BY", "", ""},
		{"missing GROUP_BY 2", "", ""},
		{"missing LIKE .*", "", ""},
		{"missing UNLIKE .*", "", "01234"},
		{"missing MAX_PER 1", "", ""},
		{"missing IS x", "", ""},

		{"rack UNLIKE r2; @zone MAX_PER 2", "0 1", "3"},
		{"rack CLUSTER; hostname UNIQUE", "0", "1"},
		{"@region GROUP_BY 2; hostname MAX_PER 1", "3", "012"},
		{"@region GROUP_BY; rack GROUP_BY 3", "0 3", "2"},
	} {
		t.Run(row.constraint+" with "+row.running, func(t *testing.T) {
			t.Parallel()
			s := spec(1, 64)
			for text := range strings.SplitSeq(row.constraint, "; ") {
				k, err := constraint.Parse(strings.SplitN(text, " ", 3))
				if err != nil {
					t.Fatal(err)
				}
				s.Constraints = append(s.Constraints, k)
			}
			c := placement.NewCluster(placement.Config{})
			var sites []mesos.Site
			for _, o := range fleet() {
				c.Add(o)
				sites = append(sites, o.Site())
			}
			var counted []mesos.Site
			for n := range strings.FieldsSeq(row.running) {
				counted = append(counted, sites[n[0]-'0'])
			}
			var got strings.Builder
			d := c.Demand(&s.Run, counted)
			for n, site := range sites {
				if ref, _ := c.Ref(site.AgentID); d.Fits(ref) {
					got.WriteByte(byte('0' + n))
				}
			}
			if diff := cmp.Diff(got.String(), row.want); diff != "" {
				t.Errorf("agents (-got +want):\n%s", diff)
			}
			if _, ok := c.Place(d); ok != (row.want != "") {
				t.Errorf("placed: got %v, want it only where an agent is admitted", ok)
			}
		})
	}
}
