package wire

import (
	mesosgo "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// ToOffer converts an offer to its message.
func ToOffer(o mesos.Offer) mesosgo.Offer {
	out := mesosgo.Offer{
		ID:          mesosgo.OfferID{Value: string(o.ID)},
		FrameworkID: mesosgo.FrameworkID{Value: string(o.FrameworkID)},
		AgentID:     mesosgo.AgentID{Value: string(o.AgentID)},
		Hostname:    o.Hostname,
		Domain:      toDomain(o.Domain),
		Resources:   ToResources(o.Resources),
		Attributes:  ToAttributes(o.Attributes),
		ExecutorIDs: convert(o.ExecutorIDs, func(id mesos.ExecutorID) mesosgo.ExecutorID {
			return mesosgo.ExecutorID{Value: string(id)}
		}),
	}
	if o.Unavailability != nil {
		u := toUnavailability(*o.Unavailability)
		out.Unavailability = &u
	}
	if o.Role != "" {
		out.AllocationInfo = &mesosgo.Resource_AllocationInfo{Role: optional(o.Role)}
	}
	return out
}

// FromOffer is the inverse of ToOffer.
func FromOffer(o *mesosgo.Offer) mesos.Offer {
	out := mesos.Offer{
		ID:          mesos.OfferID(o.ID.Value),
		FrameworkID: mesos.FrameworkID(o.FrameworkID.Value),
		AgentID:     mesos.AgentID(o.AgentID.Value),
		Hostname:    o.Hostname,
		Domain:      fromDomain(o.Domain),
		Resources:   FromResources(o.Resources),
		Attributes:  FromAttributes(o.Attributes),
		ExecutorIDs: convert(o.ExecutorIDs, func(id mesosgo.ExecutorID) mesos.ExecutorID {
			return mesos.ExecutorID(id.Value)
		}),
	}
	if o.AllocationInfo != nil {
		out.Role = o.AllocationInfo.GetRole()
	}
	if o.Unavailability != nil {
		u := fromUnavailability(*o.Unavailability)
		out.Unavailability = &u
	}
	return out
}

// ToInverseOffer converts an inverse offer made to the framework id to its message.
func ToInverseOffer(id mesos.FrameworkID, o mesos.InverseOffer) mesosgo.InverseOffer {
	return mesosgo.InverseOffer{
		OfferID:        mesosgo.OfferID{Value: string(o.ID)},
		FrameworkID:    mesosgo.FrameworkID{Value: string(id)},
		AgentID:        toAgentID(o.AgentID),
		Unavailability: toUnavailability(o.Unavailability),
	}
}

// FromInverseOffer is the inverse of ToInverseOffer.
func FromInverseOffer(o mesosgo.InverseOffer) mesos.InverseOffer {
	return mesos.InverseOffer{
		ID:             mesos.OfferID(o.OfferID.Value),
		AgentID:        fromAgentID(o.AgentID),
		Unavailability: fromUnavailability(o.Unavailability),
	}
}

// ToAttributes converts an agent's attributes to messages.
func ToAttributes(as []mesos.Attribute) []mesosgo.Attribute {
	return convert(as, func(a mesos.Attribute) mesosgo.Attribute {
		out := mesosgo.Attribute{Name: a.Name, Type: toValueType(a.Type)}
		switch a.Type {
		case mesos.Scalar:
			out.Scalar = &mesosgo.Value_Scalar{Value: toScalar(a.Scalar)}
		case mesos.RangeSet:
			out.Ranges = toRanges(a.Ranges)
		case mesos.Set:
			out.Set = &mesosgo.Value_Set{Item: copyStrings(a.Set)}
		case mesos.Text:
			out.Text = &mesosgo.Value_Text{Value: a.Text}
		}
		return out
	})
}

// FromAttributes is the inverse of ToAttributes.
func FromAttributes(as []mesosgo.Attribute) []mesos.Attribute {
	if len(as) == 0 {
		return nil
	}
	out := make([]mesos.Attribute, len(as))
	for i := range as {
		a := &as[i]
		out[i] = mesos.Attribute{Name: a.Name, Type: fromValueType(a.Type), Ranges: fromRanges(a.Ranges)}
		if a.Scalar != nil {
			out[i].Scalar = fromScalar(a.Scalar.Value)
		}
		if a.Set != nil {
			out[i].Set = copyStrings(a.Set.Item)
		}
		if a.Text != nil {
			out[i].Text = a.Text.Value
		}
	}
	return out
}

func toDomain(d mesos.Domain) *mesosgo.DomainInfo {
	if d == (mesos.Domain{}) {
		return nil
	}
	return &mesosgo.DomainInfo{FaultDomain: &mesosgo.DomainInfo_FaultDomain{
		Region: mesosgo.DomainInfo_FaultDomain_RegionInfo{Name: d.Region},
		Zone:   mesosgo.DomainInfo_FaultDomain_ZoneInfo{Name: d.Zone},
	}}
}

func fromDomain(d *mesosgo.DomainInfo) mesos.Domain {
	if d == nil || d.FaultDomain == nil {
		return mesos.Domain{}
	}
	return mesos.Domain{Region: d.FaultDomain.Region.Name, Zone: d.FaultDomain.Zone.Name}
}

func toUnavailability(u mesos.Unavailability) mesosgo.Unavailability {
	out := mesosgo.Unavailability{Start: mesosgo.TimeInfo{Nanoseconds: u.Start.UnixNano()}}
	if u.Duration != 0 {
		out.Duration = toDuration(u.Duration)
	}
	return out
}

func fromUnavailability(u mesosgo.Unavailability) mesos.Unavailability {
	return mesos.Unavailability{Start: fromTime(&u.Start), Duration: fromDuration(u.Duration)}
}
