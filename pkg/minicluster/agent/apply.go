package agent

import (
	"errors"
	"fmt"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// errNotHere means that an operation uses resources that the agent does not have.
var errNotHere = errors.New("the agent does not have the resources of the operation")

// applyTo returns the agent's resources after an operation and what the operation made.
func applyTo(total []mesos.Resource, op mesos.Offer_Operation) (after, converted []mesos.Resource, err error) {
	c, err := resources.Convert(&op)
	if err != nil {
		return nil, nil, err
	}
	rest, ok := resources.Of(total...).Take(c.Consumed)
	if !ok {
		return nil, nil, fmt.Errorf("%v of %v: %w", op.Type, c.Consumed, errNotHere)
	}
	return rest.Plus(c.Made), c.Made, nil
}
