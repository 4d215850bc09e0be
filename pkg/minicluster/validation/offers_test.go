package validation

import (
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

func TestOffersAreCheckedTogetherInMesosOrder(t *testing.T) {
	t.Parallel()
	all := map[string]Offer{
		"mine": {"F", "r", "A"}, "more": {"F", "r", "A"}, "foreign": {"G", "s", "B"}, "role": {"F", "s", "B"}, "agent": {"F", "r", "B"},
	}
	known := func(id string) (Offer, bool) {
		o, ok := all[id]
		return o, ok
	}
	rows := []struct {
		name string
		ids  []string
		want string
	}{
		{"none", nil, "No offers specified"},
		{"one", []string{"mine"}, ""},
		{"two of one agent", []string{"mine", "more"}, ""},
		{"twice, and unknown", []string{"gone", "gone"}, "Duplicate offer gone in offer list"},
		{"unknown, and foreign", []string{"foreign", "gone"}, "Offer gone is no longer valid"},
		{"foreign, and of another role", []string{"mine", "role", "foreign"},
			"Offer foreign has invalid framework G while framework F is expected"},
		{"of another role, and of another agent", []string{"mine", "agent", "role"},
			"Aggregated offers must be allocated to the same role. Offer role uses role 's' but another is using role 'r'"},
		{"of another agent", []string{"mine", "agent"},
			"Aggregated offers must belong to one single agent. Offer agent uses agent B and agent A"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			ids := make([]mesos.OfferID, len(row.ids))
			for i, id := range row.ids {
				ids[i].Value = id
			}
			if got := Offers("F", ids, known); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
