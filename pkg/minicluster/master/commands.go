package master

import (
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/maintenance"
	"github.com/mesos/mesos-go/api/v1/lib/quota"
)

func (s *actor) operatorTeardown(principal *string, id string) *CallError { return refuse(501, "") }
func (s *actor) operatorDrain(principal *string, id string, grace *time.Duration, markGone bool) *CallError {
	return refuse(501, "")
}
func (s *actor) operatorDeactivate(principal *string, id string) *CallError { return refuse(501, "") }
func (s *actor) operatorReactivate(principal *string, id string) *CallError { return refuse(501, "") }
func (s *actor) operatorGone(principal *string, id string) *CallError       { return refuse(501, "") }
func (s *actor) operatorApply(principal *string, id string, op mesos.Offer_Operation) *CallError {
	return refuse(501, "")
}
func (s *actor) operatorSchedule(principal *string, sch maintenance.Schedule) *CallError {
	return refuse(501, "")
}
func (s *actor) operatorMachinesDown(principal *string, ms []mesos.MachineID) *CallError {
	return refuse(501, "")
}
func (s *actor) operatorMachinesUp(principal *string, ms []mesos.MachineID) *CallError {
	return refuse(501, "")
}
func (s *actor) operatorWeights(principal *string, w []mesos.WeightInfo) *CallError {
	return refuse(501, "")
}
func (s *actor) operatorQuota(principal *string, force bool, c []quota.QuotaConfig) *CallError {
	return refuse(501, "")
}
