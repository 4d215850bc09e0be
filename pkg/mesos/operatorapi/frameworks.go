package operatorapi

import (
	"context"
	"fmt"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// Framework is one that a master knows.
type Framework struct {
	ID        mesos.FrameworkID
	Name      string
	Principal string
	// Active says that it gets offers, Connected that a scheduler is subscribed,
	// Completed that it is gone for good: its id is never taken again.
	Active, Connected, Completed bool
}

// frameworkJSON is a framework as GET_FRAMEWORKS writes it.
type frameworkJSON struct {
	Active    bool `json:"active"`
	Connected bool `json:"connected"`
	Info      struct {
		ID        valueJSON `json:"id"`
		Name      string    `json:"name"`
		Principal string    `json:"principal"`
	} `json:"framework_info"`
}

// Frameworks lists the frameworks that the master at "ip:port" knows, those that are
// gone last. It fails with ErrDenied; of what the credentials may not see it tells nothing.
func (c *Client) Frameworks(ctx context.Context, master string) ([]Framework, error) {
	var answer struct {
		Get struct {
			Frameworks []frameworkJSON `json:"frameworks"`
			Completed  []frameworkJSON `json:"completed_frameworks"`
		} `json:"get_frameworks"`
	}
	if err := c.call(ctx, master, map[string]any{"type": "GET_FRAMEWORKS"}, &answer); err != nil {
		return nil, fmt.Errorf("list the frameworks of master %s: %w", master, err)
	}
	out := make([]Framework, 0, len(answer.Get.Frameworks)+len(answer.Get.Completed))
	add := func(f frameworkJSON, completed bool) {
		out = append(out, Framework{
			ID: mesos.FrameworkID(f.Info.ID.Value), Name: f.Info.Name, Principal: f.Info.Principal,
			Active: f.Active, Connected: f.Connected, Completed: completed,
		})
	}
	for _, f := range answer.Get.Frameworks {
		add(f, false)
	}
	for _, f := range answer.Get.Completed {
		add(f, true)
	}
	return out, nil
}
