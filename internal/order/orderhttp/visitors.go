package orderhttp

import (
	"context"
	"strconv"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/document"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/order"
	"foyer/internal/visitor"
)

const kindCompanion = "cmp"

// PersonBody is somebody as a buyer names him: by name and document, by a birth date
// alone where only the age matters, or as one of the buyer's companions.
type PersonBody struct {
	Name      string        `json:"name,omitempty" maxLength:"64" doc:"as in the document"`
	Kind      document.Kind `json:"document_kind,omitempty" maxLength:"32" doc:"id_card, household_register, passport, hk_macau_permit, taiwan_permit, residence_permit_hmt or foreign_permanent_resident"`
	Number    string        `json:"document_number,omitempty" maxLength:"64"`
	Birth     string        `json:"birth_date,omitempty" maxLength:"10" doc:"e.g. 2016-05-31; counts where the document tells none"`
	Companion string        `json:"companion_id,omitempty" maxLength:"64" doc:"instead of all that"`
}

// VisitorBody is a person of an order, masked.
type VisitorBody struct {
	Person int           `json:"person" doc:"which of those who enter with the unit, from 1"`
	Name   string        `json:"name"`
	Kind   document.Kind `json:"document_kind"`
	Number string        `json:"document_number" doc:"masked"`
}

// VisitorsBody is what an order says of who enters. It is exported since bodies are read by
// their exported embedded fields only.
type VisitorsBody struct {
	Buyer     *VisitorBody `json:"buyer,omitempty" doc:"who answers for the order, masked"`
	Missing   int          `json:"visitors_missing,omitempty" doc:"people still to be named"`
	NameUntil *time.Time   `json:"visitors_until,omitempty" doc:"until when they can be"`
}

func visitorBody(n visitor.Named) VisitorBody {
	return VisitorBody{n.Person, n.Name, n.Kind, n.Number}
}

// showVisitors fills in who enters, as far as the order in hand knows.
func showVisitors(b *orderBody, o *order.Order) {
	if o.Visitors == nil {
		return
	}
	b.Missing = o.Visitors.Missing
	if b.Missing > 0 {
		b.NameUntil = timeOrNil(o.Visitors.NameUntil)
	}
	for _, n := range o.Visitors.Named {
		if n.Person == 0 {
			shown := visitorBody(n)
			b.Buyer = &shown
		}
	}
	showNamed(b.Lines, o.Visitors.Named)
}

// showNamed writes people at the units that they enter with.
func showNamed(lines []orderLine, list []visitor.Named) {
	for _, n := range list {
		for i := range lines {
			if n.Person > 0 && lines[i].Line == n.Line && n.Unit >= 1 &&
				n.Unit <= len(lines[i].Units) {
				u := &lines[i].Units[n.Unit-1]
				u.Visitors = append(u.Visitors, visitorBody(n))
			}
		}
	}
}

// person turns a body into somebody; field is where the request names him.
func (wr wire) person(b PersonBody, field string) (p visitor.Person, err error) {
	p = visitor.Person{Name: b.Name, Kind: b.Kind, Number: b.Number, Field: field}
	if b.Birth != "" {
		if p.Birth, err = time.Parse(time.DateOnly, b.Birth); err != nil || p.Birth.Year() < 1900 {
			return p, fault.BadInput.At(field+".birth_date",
				"is no date like 2016-05-31 / 日期格式应为 2016-05-31")
		}
	}
	if b.Companion != "" {
		if p.Companion, err = wr.keys.Parse(kindCompanion, b.Companion); err != nil {
			return p, visitor.ErrCompanion.At(field+".companion_id", "names nobody / 不存在")
		}
	}
	return p, nil
}

// persons are those of one line.
func (wr wire) persons(list []PersonBody, line int) ([]visitor.Person, error) {
	if len(list) > order.MaxPlaces {
		return nil, fault.BadInput.At(path("lines", line, "visitors"), "at most 100 people")
	}
	var out []visitor.Person
	for i, b := range list {
		p, err := wr.person(b, path("lines", line, "visitors["+strconv.Itoa(i)+"]"))
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// limitBody is one limit and what is left of it.
type limitBody struct {
	Kind     string `json:"kind" enum:"member,phone,device,document,document_event,member_event"`
	Max      int    `json:"max"`
	Have     int    `json:"have" doc:"counted before this order"`
	Left     int    `json:"left"`
	Document string `json:"document,omitempty" doc:"masked, for those of documents"`
}

// BuyersBody is what a price tells of who may buy. It is exported since bodies are read by
// their exported embedded fields only.
type BuyersBody struct {
	RealName    *catalog.RealName `json:"real_name,omitempty" doc:"whose names are asked for"`
	Limits      []limitBody       `json:"limits,omitempty" doc:"what this buyer may still take"`
	NoRebooking bool              `json:"no_rebooking_same_day,omitempty" doc:"after giving back"`
	RefundsLeft *int              `json:"refunds_left,omitempty" doc:"how often this buyer may give tickets of the session back"`
}

func buyersOf(t *order.BuyersTold) (b BuyersBody) {
	if t == nil {
		return b
	}
	b.RealName, b.NoRebooking = t.RealName, t.NoRebooking
	if t.OneRefund {
		b.RefundsLeft = &t.RefundsLeft
	}
	for _, l := range t.Limits {
		b.Limits = append(b.Limits, limitBody{l.Kind, l.Max, l.Have, l.Left, l.Document})
	}
	return b
}

type nameBody struct {
	Line int `json:"line" minimum:"1" maximum:"100"`
	Unit int `json:"unit" minimum:"1" maximum:"100"`
	Nth  int `json:"person,omitempty" minimum:"0" maximum:"100" doc:"of the unit; empty: 1"`
	PersonBody
}

type namesIn struct {
	IDParam
	Body struct {
		Visitors []nameBody `json:"visitors" minItems:"1" maxItems:"100"`
	}
}

// mountVisitors adds the route that names people later.
func (h *handler) mountVisitors(buyer httpx.Access) {
	httpx.Register(h.api, httpx.Op{Method: "PUT", Path: "/api/v1/orders/{id}/visitors", Tag: tag,
		OperationID: "name-visitors", Summary: "Name who enters, after the order was placed",
		Description: "Only people who were not named yet, and until the time that the order's " +
			"`visitors_until` says.", Access: buyer, Status: 200,
		Refusals: append(visitorRefusals(), order.ErrNotPending, order.ErrUnit,
			order.ErrUnitReturned, visitor.ErrNotAsked, visitor.ErrNameLate, visitor.ErrNamed)},
		h.nameVisitors)
}

func (h *handler) nameVisitors(ctx context.Context, in *namesIn) (*orderOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	asks := make([]order.NameAsk, len(in.Body.Visitors))
	for i, b := range in.Body.Visitors {
		asks[i] = order.NameAsk{Line: b.Line, Unit: b.Unit, Number: max(b.Nth, 1)}
		asks[i].Who, err = h.person(b.PersonBody, "visitors["+strconv.Itoa(i)+"]")
		if err != nil {
			return nil, err
		}
	}
	o, err := h.orders.NameVisitors(ctx, httpx.ActorOf(ctx), id, asks)
	if err != nil {
		return nil, err
	}
	return h.answer(ctx, o)
}

// visitorRefusals are those of who may buy, for the document.
func visitorRefusals() []*fault.Definition {
	return []*fault.Definition{visitor.ErrNames, visitor.ErrTooMany, visitor.ErrBuyer,
		visitor.ErrBuyerStays, visitor.ErrDocumentKind, visitor.ErrBirth, visitor.ErrAge,
		visitor.ErrAdult, visitor.ErrCompanion, visitor.ErrDevice, visitor.ErrPhone,
		visitor.ErrDeviceLimit, visitor.ErrDocument, visitor.ErrDocumentEvent,
		visitor.ErrMemberEvent, visitor.ErrRebooking, document.ErrKind, document.ErrLength,
		document.ErrOldForm, document.ErrCharacters, document.ErrRegion, document.ErrDate,
		document.ErrCheckDigit, document.ErrOtherKind}
}
