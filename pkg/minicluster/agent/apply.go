package agent

import (
	"errors"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

func applyTo(_ []mesos.Resource, _ mesos.Offer_Operation) (total, converted []mesos.Resource, err error) {
	return nil, nil, errors.New("operation is not supported")
}
