package wire

import (
	"fmt"

	mesosgo "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// DecodeSchedulerEvent decodes an event as FromSchedulerEvent does, from its
// bytes, which it does not keep. OFFERS events, which are the large ones, are
// read straight into the own types; everything that is rare in them, and all
// other events, goes through mesos-go. It may panic on crafted input, as
// mesos-go may.
func DecodeSchedulerEvent(data []byte) (mesos.SchedulerEvent, error) {
	if offers, ok := offersOf(data); ok {
		event, err := decodeOffers(offers)
		if err != nil {
			return nil, fmt.Errorf("decode event OFFERS: %w", err)
		}
		return event, nil
	}
	var message scheduler.Event
	if err := message.Unmarshal(data); err != nil {
		return nil, fmt.Errorf("decode event: %w", err)
	}
	return FromSchedulerEvent(&message)
}

// Field numbers of the messages that are read here ("Mesos, v1 scheduler.proto and mesos.proto").
const (
	eventType, eventOffers = 1, 3

	offersOffer = 1

	offerID, offerFramework, offerAgent, offerHostname, offerResource = 1, 2, 3, 4, 5
	offerExecutor, offerAttribute, offerUnavailability                = 6, 7, 9
	offerAllocation, offerDomain                                      = 10, 11

	resourceName, resourceType, resourceScalar, resourceRanges, resourceAllocation = 1, 2, 3, 4, 11

	attributeName, attributeType, attributeScalar, attributeText = 1, 2, 3, 5

	// single is the field of messages that have one: ids, scalars, texts, names and roles.
	single = 1

	rangeBegin, rangeEnd = 1, 2

	faultRegion, faultZone = 1, 2
)

// offersOf returns the content of an OFFERS event; ok is false for others and
// for one that is put together from pieces.
func offersOf(event []byte) (offers []byte, ok bool) {
	var kind uint64
	found := 0
	w := walker{rest: event}
	for w.next() {
		switch w.field {
		case eventType:
			kind = w.varint()
		case eventOffers:
			offers = w.bytes()
			found++
		}
	}
	return offers, w.err == nil && found == 1 && kind == uint64(scheduler.Event_OFFERS)
}

func decodeOffers(message []byte) (mesos.Offers, error) {
	n := count(message)[offersOffer]
	out := mesos.Offers{Offers: make([]mesos.Offer, 0, n)}
	names := make(interner, 64)
	w := walker{rest: message}
	for w.next() {
		if w.field != offersOffer {
			continue
		}
		out.Offers = append(out.Offers, mesos.Offer{})
		if err := names.offer(w.bytes(), &out.Offers[len(out.Offers)-1]); err != nil {
			return mesos.Offers{}, err
		}
	}
	return out, w.err
}

func (i interner) offer(message []byte, o *mesos.Offer) error {
	n := count(message)
	if n[offerResource] > 0 {
		o.Resources = make([]mesos.Resource, 0, n[offerResource])
	}
	if n[offerAttribute] > 0 {
		o.Attributes = make([]mesos.Attribute, 0, n[offerAttribute])
	}
	var unavailability []byte
	w := walker{rest: message}
	for w.next() && w.err == nil {
		switch w.field {
		case offerResource:
			o.Resources = append(o.Resources, mesos.Resource{})
			w.keep(i.resource(w.bytes(), &o.Resources[len(o.Resources)-1]))
		case offerAttribute:
			o.Attributes = append(o.Attributes, mesos.Attribute{})
			w.keep(i.attribute(w.bytes(), &o.Attributes[len(o.Attributes)-1]))
		case offerUnavailability:
			unavailability = append(unavailability, w.bytes()...)
		default:
			i.offerField(&w, o)
		}
	}
	if unavailability != nil && w.err == nil {
		var u mesosgo.Unavailability
		w.keep(u.Unmarshal(unavailability))
		from := fromUnavailability(u)
		o.Unavailability = &from
	}
	return w.err
}

// offerField reads the current field if it is one of an offer's names.
func (i interner) offerField(w *walker, o *mesos.Offer) {
	switch w.field {
	case offerID:
		o.ID = mesos.OfferID(w.only())
	case offerFramework:
		o.FrameworkID = mesos.FrameworkID(i.string(w.only()))
	case offerAgent:
		o.AgentID = mesos.AgentID(w.only())
	case offerHostname:
		o.Hostname = string(w.bytes())
	case offerExecutor:
		o.ExecutorIDs = append(o.ExecutorIDs, mesos.ExecutorID(w.only()))
	case offerAllocation:
		o.Role = i.string(w.only())
	case offerDomain:
		i.domain(w, &o.Domain)
	}
}

// domain reads the current field as a DomainInfo{FaultDomain{Region, Zone}}.
func (i interner) domain(w *walker, d *mesos.Domain) {
	fault := walker{rest: w.only()}
	for fault.next() {
		switch fault.field {
		case faultRegion:
			d.Region = i.string(fault.only())
		case faultZone:
			d.Zone = i.string(fault.only())
		}
	}
	w.keep(fault.err)
}

// resource reads plain resources itself; one with a reservation, a disk or
// anything else out of the ordinary is read by mesos-go.
func (i interner) resource(message []byte, r *mesos.Resource) error {
	r.Type = mesos.Scalar
	w := walker{rest: message}
	for w.next() {
		switch w.field {
		case resourceName:
			r.Name = i.string(w.bytes())
		case resourceType:
			r.Type = fromValueType(mesosgo.Value_Type(int32(w.varint())))
		case resourceScalar:
			r.Scalar = fromScalar(w.onlyDouble())
		case resourceRanges:
			if r.Ranges != nil {
				return rareResource(message, r)
			}
			r.Ranges = decodeRanges(&w)
		case resourceAllocation:
			r.AllocationRole = i.string(w.only())
		default:
			return rareResource(message, r)
		}
	}
	return w.err
}

func rareResource(message []byte, r *mesos.Resource) error {
	var rare mesosgo.Resource
	if err := rare.Unmarshal(message); err != nil {
		return err
	}
	*r = mesos.Resource{}
	fromResource(&rare, r)
	return nil
}

// attribute reads texts and scalars itself and leaves the rest to mesos-go.
func (i interner) attribute(message []byte, a *mesos.Attribute) error {
	a.Type = mesos.Scalar
	w := walker{rest: message}
	for w.next() {
		switch w.field {
		case attributeName:
			a.Name = i.string(w.bytes())
		case attributeType:
			a.Type = fromValueType(mesosgo.Value_Type(int32(w.varint())))
		case attributeScalar:
			a.Scalar = fromScalar(w.onlyDouble())
		case attributeText:
			a.Text = i.string(w.only())
		default:
			var rare mesosgo.Attribute
			if err := rare.Unmarshal(message); err != nil {
				return err
			}
			*a = FromAttributes([]mesosgo.Attribute{rare})[0]
			return nil
		}
	}
	return w.err
}

// decodeRanges reads the current field as Value.Ranges.
func decodeRanges(w *walker) resource.Ranges {
	message := w.bytes()
	n := count(message)[single]
	if n == 0 {
		return nil
	}
	out := make(resource.Ranges, 0, n)
	ranges := walker{rest: message}
	for ranges.next() {
		if ranges.field != single {
			continue
		}
		r, err := decodeRange(ranges.bytes())
		ranges.keep(err)
		if r.Begin <= r.End {
			out = append(out, r)
		}
	}
	w.keep(ranges.err)
	return normal(out)
}

func decodeRange(message []byte) (r resource.Range, err error) {
	w := walker{rest: message}
	for w.next() {
		switch w.field {
		case rangeBegin:
			r.Begin = w.varint()
		case rangeEnd:
			r.End = w.varint()
		}
	}
	return r, w.err
}

// keep takes over the error of a message within the current one.
func (w *walker) keep(err error) {
	if w.err == nil {
		w.err = err
	}
}

// only returns the field of the message in the current field that has just one.
func (w *walker) only() (out []byte) {
	in := walker{rest: w.bytes()}
	for in.next() {
		if in.field == single {
			out = in.bytes()
		}
	}
	w.keep(in.err)
	return out
}

// onlyDouble is only for a double.
func (w *walker) onlyDouble() (out float64) {
	in := walker{rest: w.bytes()}
	for in.next() {
		if in.field == single {
			out = in.double()
		}
	}
	w.keep(in.err)
	return out
}
