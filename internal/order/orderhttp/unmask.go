package orderhttp

import (
	"context"
	"time"

	"foyer/internal/document"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/order"
	"foyer/internal/visitor"
)

// unmaskRate is how often one person may look at people in full, buyers and visitors
// together.
var unmaskRate = httpx.Rate{Name: "unmask", Count: 30, Per: time.Hour, Burst: 10}

func (h *handler) mountUnmask() {
	httpx.Register(h.api, httpx.Op{Method: "POST",
		Path: "/api/v1/staff/orders/{id}/visitors/unmask", Tag: tag,
		OperationID: "unmask-visitor", Summary: "One person of an order, in full",
		Description: "Each look is in the journal with its reason; 30 an hour.",
		Access:      httpx.StaffOnly(order.PermUnmask), Status: 200, Rate: unmaskRate,
		Refusals: []*fault.Definition{visitor.ErrNobody}}, h.unmask)
}

type unmaskIn struct {
	IDParam
	Body struct {
		Line   int    `json:"line,omitempty" minimum:"0" maximum:"1000" doc:"0: the buyer"`
		Unit   int    `json:"unit,omitempty" minimum:"0" maximum:"100"`
		Person int    `json:"person,omitempty" minimum:"0" maximum:"100"`
		Reason string `json:"reason" minLength:"4" maxLength:"200" doc:"kept in the journal"`
	}
}

type unmaskOut struct {
	Body struct {
		Line   int           `json:"line"`
		Unit   int           `json:"unit"`
		Person int           `json:"person"`
		Name   string        `json:"name"`
		Kind   document.Kind `json:"document_kind"`
		Number string        `json:"document_number"`
		Until  time.Time     `json:"erased_after" doc:"when it is erased"`
	}
}

func (h *handler) unmask(ctx context.Context, in *unmaskIn) (*unmaskOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	p, err := h.orders.UnmaskVisitor(ctx, httpx.ActorOf(ctx), id, order.UnmaskAsk{
		Line: in.Body.Line, Unit: in.Body.Unit, Person: in.Body.Person, Reason: in.Body.Reason})
	if err != nil {
		return nil, err
	}
	out := &unmaskOut{}
	b := &out.Body
	b.Line, b.Unit, b.Person = p.Line, p.Unit, p.Person
	b.Name, b.Kind, b.Number, b.Until = p.Name, p.Kind, p.Number, p.Until
	return out, nil
}
