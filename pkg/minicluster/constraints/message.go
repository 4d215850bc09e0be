// Package constraints is offer constraints of Mesos 1.11: the messages, which mesos-go lacks, their validation, and the
// decision whether an agent passes.
package constraints

import (
	"github.com/gogo/protobuf/proto"
)

// OfferConstraints restricts by role which agents a framework is offered.
type OfferConstraints struct {
	RoleConstraints map[string]*RoleConstraints `protobuf:"bytes,1,rep,name=role_constraints" protobuf_key:"bytes,1,opt,name=key" protobuf_val:"bytes,2,opt,name=value"`
}

// RoleConstraints passes if any of its groups passes.
type RoleConstraints struct {
	Groups []*Group `protobuf:"bytes,1,rep,name=groups"`
}

// Group passes if all its constraints pass.
type Group struct {
	AttributeConstraints []*AttributeConstraint `protobuf:"bytes,1,rep,name=attribute_constraints"`
}

// AttributeConstraint applies a predicate to what the selector selects.
type AttributeConstraint struct {
	Selector  *Selector  `protobuf:"bytes,1,req,name=selector"`
	Predicate *Predicate `protobuf:"bytes,2,req,name=predicate"`
}

// PseudoattributeType names a property of an agent that is not an attribute.
type PseudoattributeType int32

// The pseudoattributes.
const (
	PseudoattributeUnknown PseudoattributeType = iota
	PseudoattributeHostname
	PseudoattributeRegion
	PseudoattributeZone
)

// Selector selects attributes by name, or a pseudoattribute. Exactly one field is set.
type Selector struct {
	PseudoattributeType *PseudoattributeType `protobuf:"varint,1,opt,name=pseudoattribute_type,enum=mesos.v1.scheduler.AttributeConstraint_Selector_PseudoattributeType"`
	AttributeName       *string              `protobuf:"bytes,2,opt,name=attribute_name"`
}

// Predicate is a condition. Exactly one field is set.
type Predicate struct {
	Exists         *Empty `protobuf:"bytes,1,opt,name=exists"`
	NotExists      *Empty `protobuf:"bytes,2,opt,name=not_exists"`
	TextEquals     *Text  `protobuf:"bytes,3,opt,name=text_equals"`
	TextNotEquals  *Text  `protobuf:"bytes,4,opt,name=text_not_equals"`
	TextMatches    *Regex `protobuf:"bytes,5,opt,name=text_matches"`
	TextNotMatches *Regex `protobuf:"bytes,6,opt,name=text_not_matches"`
}

// Empty has no fields.
type Empty struct{}

// Text holds the text to compare with.
type Text struct {
	Value *string `protobuf:"bytes,1,req,name=value"`
}

// Regex holds an RE2 expression that must match the whole text.
type Regex struct {
	Regex *string `protobuf:"bytes,1,req,name=regex"`
}

// Reset implements proto.Message.
func (m *OfferConstraints) Reset() { *m = OfferConstraints{} }

// String implements proto.Message.
func (m *OfferConstraints) String() string { return proto.CompactTextString(m) }

// ProtoMessage implements proto.Message.
func (*OfferConstraints) ProtoMessage() {}

// EnumValues names the values for JSON.
func (PseudoattributeType) EnumValues() map[string]int32 {
	return map[string]int32{
		"UNKNOWN": int32(PseudoattributeUnknown), "HOSTNAME": int32(PseudoattributeHostname),
		"REGION": int32(PseudoattributeRegion), "ZONE": int32(PseudoattributeZone),
	}
}
