package master

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gogo/protobuf/proto"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/minicluster/constraints"
)

// extension is the part of a call that mesos-go's messages lack. It is decoded from the same bytes a second time.
type extension struct {
	Type            *scheduler.Call_Type `protobuf:"varint,2,opt,name=type,enum=mesos.scheduler.Call_Type"`
	Subscribe       *constraintsPart     `protobuf:"bytes,3,opt,name=subscribe"`
	UpdateFramework *constraintsPart     `protobuf:"bytes,19,opt,name=update_framework"`
}

type constraintsPart struct {
	OfferConstraints *constraints.OfferConstraints `protobuf:"bytes,3,opt,name=offer_constraints"`
}

// Reset implements proto.Message.
func (e *extension) Reset() { *e = extension{} }

// String implements proto.Message.
func (e *extension) String() string { return proto.CompactTextString(e) }

// ProtoMessage implements proto.Message.
func (*extension) ProtoMessage() {}

// constraints returns the offer constraints of the call, nil if there are none.
func (e *extension) constraints() *constraints.OfferConstraints {
	switch {
	case e == nil:
		return nil
	case e.Subscribe != nil:
		return e.Subscribe.OfferConstraints
	case e.UpdateFramework != nil:
		return e.UpdateFramework.OfferConstraints
	}
	return nil
}

func decodeExtension(f codec.Format, body []byte, t scheduler.Call_Type) (*extension, *codec.Refusal) {
	if t != scheduler.Call_SUBSCRIBE && t != scheduler.Call_UPDATE_FRAMEWORK && t != scheduler.Call_UNKNOWN {
		return nil, nil
	}
	e := new(extension)
	if err := f.Unmarshal(body, e); err != nil {
		if f == codec.Protobuf {
			return nil, &codec.Refusal{Status: http.StatusBadRequest, Text: "Failed to parse body into Call protobuf"}
		}
		return nil, &codec.Refusal{Status: http.StatusBadRequest,
			Text: "Failed to convert JSON into Call protobuf: " + err.Error()}
	}
	return e, nil
}

// validateCall checks a call without looking at the state (Mesos, scheduler HTTP API, calls).
func validateCall(c *scheduler.Call, ext *extension, principal *string) *codec.Refusal {
	if c.Type == scheduler.Call_UNKNOWN && ext != nil && ext.Type != nil && c.FrameworkID != nil {
		return &codec.Refusal{Status: http.StatusNotImplemented, Text: "501 Not Implemented."}
	}
	if text := invalidCall(c, ext, principal); text != "" {
		return &codec.Refusal{Status: http.StatusBadRequest, Text: "Failed to validate scheduler::Call: " + text}
	}
	return nil
}

func expecting(field string) string { return fmt.Sprintf("Expecting '%s' to be present", field) }

func invalidCall(c *scheduler.Call, ext *extension, principal *string) string {
	switch c.Type {
	case scheduler.Call_UNKNOWN:
		if ext != nil && ext.Type != nil {
			return expecting("framework_id")
		}
		return expecting("type")
	case scheduler.Call_SUBSCRIBE:
		return invalidSubscribe(c, principal)
	case scheduler.Call_TEARDOWN, scheduler.Call_ACCEPT, scheduler.Call_DECLINE, scheduler.Call_ACCEPT_INVERSE_OFFERS,
		scheduler.Call_DECLINE_INVERSE_OFFERS, scheduler.Call_REVIVE, scheduler.Call_KILL, scheduler.Call_SHUTDOWN,
		scheduler.Call_ACKNOWLEDGE, scheduler.Call_ACKNOWLEDGE_OPERATION_STATUS, scheduler.Call_RECONCILE,
		scheduler.Call_RECONCILE_OPERATIONS, scheduler.Call_MESSAGE, scheduler.Call_REQUEST, scheduler.Call_SUPPRESS,
		scheduler.Call_UPDATE_FRAMEWORK:
	}
	if c.FrameworkID == nil {
		return expecting("framework_id")
	}
	return invalidBody(c)
}

func invalidSubscribe(c *scheduler.Call, principal *string) string {
	if c.Subscribe == nil {
		return expecting("subscribe")
	}
	info := c.Subscribe.FrameworkInfo
	if c.FrameworkID.GetValue() != info.ID.GetValue() || (c.FrameworkID == nil) != (info.ID == nil) {
		return "'framework_id' differs from 'subscribe.framework_info.id'"
	}
	if principal != nil && info.Principal != nil && *info.Principal != *principal {
		return fmt.Sprintf("Authenticated principal '%s' does not match principal '%s' set in `FrameworkInfo`",
			*principal, *info.Principal)
	}
	return ""
}

// invalidBody checks that the sub-message belonging to the type is there and sound.
func invalidBody(c *scheduler.Call) string {
	if !hasBody(c) {
		return expecting(bodyName(c.Type))
	}
	switch {
	case c.Type == scheduler.Call_ACKNOWLEDGE:
		return codec.InvalidUUID(c.Acknowledge.UUID)
	case c.Type == scheduler.Call_ACKNOWLEDGE_OPERATION_STATUS && c.AcknowledgeOperationStatus.AgentID == nil:
		return expecting("agent_id")
	case c.Type == scheduler.Call_ACKNOWLEDGE_OPERATION_STATUS:
		return codec.InvalidUUID(c.AcknowledgeOperationStatus.UUID)
	case c.Type == scheduler.Call_UPDATE_FRAMEWORK && c.UpdateFramework.FrameworkInfo.ID.GetValue() != c.FrameworkID.GetValue():
		return "'framework_id' differs from 'update_framework.framework_info.id'"
	}
	return ""
}

// hasBody tells whether the sub-message of the type is there or not needed.
func hasBody(c *scheduler.Call) bool {
	switch c.Type {
	case scheduler.Call_ACCEPT:
		return c.Accept != nil
	case scheduler.Call_DECLINE:
		return c.Decline != nil
	case scheduler.Call_ACCEPT_INVERSE_OFFERS:
		return c.AcceptInverseOffers != nil
	case scheduler.Call_DECLINE_INVERSE_OFFERS:
		return c.DeclineInverseOffers != nil
	case scheduler.Call_KILL:
		return c.Kill != nil
	case scheduler.Call_SHUTDOWN:
		return c.Shutdown != nil
	case scheduler.Call_ACKNOWLEDGE:
		return c.Acknowledge != nil
	case scheduler.Call_ACKNOWLEDGE_OPERATION_STATUS:
		return c.AcknowledgeOperationStatus != nil
	case scheduler.Call_RECONCILE:
		return c.Reconcile != nil
	case scheduler.Call_RECONCILE_OPERATIONS:
		return c.ReconcileOperations != nil
	case scheduler.Call_MESSAGE:
		return c.Message != nil
	case scheduler.Call_REQUEST:
		return c.Request != nil
	case scheduler.Call_UPDATE_FRAMEWORK:
		return c.UpdateFramework != nil
	case scheduler.Call_UNKNOWN, scheduler.Call_SUBSCRIBE, scheduler.Call_TEARDOWN, scheduler.Call_REVIVE,
		scheduler.Call_SUPPRESS:
	}
	return true
}

func bodyName(t scheduler.Call_Type) string { return strings.ToLower(t.String()) }
