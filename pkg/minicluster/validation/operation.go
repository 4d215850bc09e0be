package validation

import (
	"fmt"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// Operation returns what a reservation or volume operation of an ACCEPT does, or why it cannot be done. It brings the
// resources of the operation into form.
func (b *Books) Operation(op *mesos.Offer_Operation) (resources.Conversion, string) {
	if refused := b.apply(operationRules, 0, subject{operation: op}); refused != nil {
		return resources.Conversion{}, refused.Text
	}
	return converted(op)
}

// operationRules are those for reservation and volume operations.
var operationRules = []rule{
	{"form", 0, func(b *Books, s subject) string { return unformed(s.operation, b.prepare) }},
	{"authorization", 0, func(b *Books, s subject) string {
		return prefixed("Not authorized to ", b.MayConvert(s.operation.Type))
	}},
	{"resources", 0, func(_ *Books, s subject) string { return unsound(s.operation) }},
	{"source", 0, withSource},
	{"kind", 0, func(b *Books, s subject) string { return impossible(s.operation, b.Total, b.Framework.Principal) }},
	{"shared volumes", 0, (*Books).mayNotShare},
	{"volumes in use", 0, (*Books).destroysUsed},
	{"available resources", 0, (*Books).notOffered},
}

// OperatorOperation is [Books.Operation] for an operator, without what depends on the operator's permissions and on the
// resources that are free.
func OperatorOperation(op *mesos.Offer_Operation, total resources.List, principal *string) (resources.Conversion, string) {
	for _, text := range []func() string{
		func() string { return unformed(op, resources.UpgradeAll) },
		func() string { return unsound(op) },
		func() string { return impossible(op, total, principal) },
	} {
		if problem := text(); problem != "" {
			return resources.Conversion{}, problem
		}
	}
	return converted(op)
}

// withSource tells of a reservation on top of others that a framework names itself: only operators may do that.
func withSource(_ *Books, s subject) string {
	if s.operation.Type == mesos.Offer_Operation_RESERVE && len(s.operation.Reserve.GetSource()) > 0 {
		return "The `source` field of a RESERVE operation can only be set by operators"
	}
	return ""
}

// converted computes what an operation does, or says that the master does not do it.
func converted(op *mesos.Offer_Operation) (resources.Conversion, string) {
	c, err := resources.Convert(op)
	if err != nil {
		return c, "Resource is not managed by a resource provider"
	}
	return c, ""
}

// unformed brings all resources of an operation into form, and tells why that cannot be done.
func unformed(op *mesos.Offer_Operation, form func([]mesos.Resource) ([]mesos.Resource, error)) string {
	lists := resourcesOf(op)
	if op.Type == mesos.Offer_Operation_RESERVE && len(op.Reserve.GetSource()) > 0 {
		lists = append(lists, &op.Reserve.Source)
	}
	for _, list := range lists {
		rs, err := form(*list)
		if err != nil {
			return err.Error()
		}
		*list = rs
	}
	for _, r := range singleResourcesOf(op) {
		rs, err := form([]mesos.Resource{*r})
		if err != nil {
			return err.Error()
		}
		*r = rs[0]
	}
	return ""
}

// unsound tells what is wrong with the resources of an operation, whatever it is.
func unsound(op *mesos.Offer_Operation) string {
	all := allResourcesOf(op)
	if err := resources.ValidateAll(slices.Concat(all, op.Reserve.GetSource())); err != nil {
		return "Invalid resources: " + err.Error()
	}
	if len(all) == 0 {
		return "No resources specified"
	}
	return ""
}

// impossible applies the rules for the kind of the operation.
func impossible(op *mesos.Offer_Operation, total resources.List, principal *string) string {
	switch all := allResourcesOf(op); op.Type {
	case mesos.Offer_Operation_RESERVE:
		return invalidReserve(all, principal)
	case mesos.Offer_Operation_UNRESERVE:
		return invalidUnreserve(all)
	case mesos.Offer_Operation_CREATE:
		return invalidCreate(all, total, principal)
	case mesos.Offer_Operation_DESTROY:
		return invalidDestroy(all)
	case mesos.Offer_Operation_GROW_VOLUME:
		return invalidGrow(&op.GrowVolume.Volume, &op.GrowVolume.Addition)
	case mesos.Offer_Operation_SHRINK_VOLUME:
		return invalidShrink(&op.ShrinkVolume.Volume, op.ShrinkVolume.Subtract)
	case mesos.Offer_Operation_CREATE_DISK, mesos.Offer_Operation_DESTROY_DISK, mesos.Offer_Operation_LAUNCH,
		mesos.Offer_Operation_LAUNCH_GROUP, mesos.Offer_Operation_UNKNOWN:
	}
	_, text := converted(op)
	return text
}

// mayNotShare tells of shared volumes made by a framework that does not know them.
func (b *Books) mayNotShare(s subject) string {
	if s.operation.Type != mesos.Offer_Operation_CREATE || Has(b.Framework, mesos.FrameworkInfo_Capability_SHARED_RESOURCES) {
		return ""
	}
	for i := range s.operation.Create.Volumes {
		if v := &s.operation.Create.Volumes[i]; v.Shared != nil {
			return fmt.Sprintf("Create volume operation for '%s' has been attempted by framework '%s' with no "+
				"SHARED_RESOURCES capability", text(v), b.Framework.ID.GetValue())
		}
	}
	return ""
}

func (b *Books) destroysUsed(s subject) string {
	if s.operation.Type == mesos.Offer_Operation_DESTROY && b.InUse(s.operation.Destroy.Volumes) {
		return "Persistent volumes in use"
	}
	return ""
}

// notOffered tells of an operation on resources that the offers do not have, or no more.
func (b *Books) notOffered(s subject) string {
	c, text := converted(s.operation)
	if text == "" && !b.Available.Contains(c.Consumed) {
		text = fmt.Sprintf("%s does not contain %s", b.Available, c.Consumed)
	}
	return text
}

// resourcesOf returns the lists of resources in an operation, to be brought into form in place.
func resourcesOf(op *mesos.Offer_Operation) []*[]mesos.Resource {
	switch {
	case op.Reserve != nil && op.Type == mesos.Offer_Operation_RESERVE:
		return []*[]mesos.Resource{&op.Reserve.Resources}
	case op.Unreserve != nil && op.Type == mesos.Offer_Operation_UNRESERVE:
		return []*[]mesos.Resource{&op.Unreserve.Resources}
	case op.Create != nil && op.Type == mesos.Offer_Operation_CREATE:
		return []*[]mesos.Resource{&op.Create.Volumes}
	case op.Destroy != nil && op.Type == mesos.Offer_Operation_DESTROY:
		return []*[]mesos.Resource{&op.Destroy.Volumes}
	}
	return nil
}

// singleResourcesOf returns the single resources in an operation.
func singleResourcesOf(op *mesos.Offer_Operation) []*mesos.Resource {
	switch {
	case op.GrowVolume != nil && op.Type == mesos.Offer_Operation_GROW_VOLUME:
		return []*mesos.Resource{&op.GrowVolume.Volume, &op.GrowVolume.Addition}
	case op.ShrinkVolume != nil && op.Type == mesos.Offer_Operation_SHRINK_VOLUME:
		return []*mesos.Resource{&op.ShrinkVolume.Volume}
	}
	return nil
}

func allResourcesOf(op *mesos.Offer_Operation) []mesos.Resource {
	var all []mesos.Resource
	for _, list := range resourcesOf(op) {
		all = append(all, *list...)
	}
	for _, r := range singleResourcesOf(op) {
		all = append(all, *r)
	}
	return all
}
