package checkinhttp

import (
	"context"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/checkin"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/ticket"
	"foyer/internal/ticket/code"
)

func (h *handler) mountMedia() {
	scanner := httpx.AnyOf(httpx.DeviceOnly, httpx.StaffOnly(checkin.PermScan))
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: "/api/v1/gate/media", Tag: tag,
		OperationID: "bind-medium", Summary: "Exchange a ticket for a wristband or card",
		Description: "From then on the medium enters and exits in place of the code, by the " +
			"same rules, and no code of the ticket does. With `replace` the one that was lost " +
			"opens nothing any more.",
		Access: scanner, Rate: httpx.ScanRate, Status: 200, Refusals: []*fault.Definition{
			code.ErrUnreadable, code.ErrForged, checkin.ErrTicketUnknown, checkin.ErrOtherVenue,
			checkin.ErrRefunded, checkin.ErrCodeReplaced, checkin.ErrMediumTaken,
			checkin.ErrMediumBefore, checkin.ErrDeviceRevoked}}, h.bindMedium)
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: "/api/v1/gate/media/unbind", Tag: tag,
		OperationID: "unbind-medium", Summary: "Free a wristband or card for the next visitor",
		Access: httpx.StaffOnly(checkin.PermScan), Status: 200,
		Refusals: []*fault.Definition{checkin.ErrMediumUnknown}}, h.unbindMedium)
}

// MediumFields is embedded, as PrecinctFields.
type MediumFields struct {
	Medium string `json:"medium" minLength:"8" maxLength:"64" doc:"nfc: and the chip's number in hex, or bar: and the printed text"`
}

type bindMediumIn struct {
	Body struct {
		MediumFields
		Code     string `json:"code,omitempty" maxLength:"304" doc:"of the ticket"`
		TicketID string `json:"ticket_id,omitempty" maxLength:"64" doc:"staff: instead of the code"`
		Replace  bool   `json:"replace,omitempty" doc:"the ticket's medium was lost"`
	}
}

type mediumBody struct {
	ID        string    `json:"id"`
	Medium    string    `json:"medium"`
	Kind      string    `json:"kind" enum:"nfc,barcode"`
	State     string    `json:"state" enum:"free,bound,lost"`
	VenueID   string    `json:"venue_id"`
	TicketID  string    `json:"ticket_id,omitempty"`
	ChangedAt time.Time `json:"changed_at"`
}

type mediumOut struct{ Body mediumBody }

func (h *handler) medium(m *checkin.Medium, err error) (*mediumOut, error) {
	if err != nil {
		return nil, err
	}
	return &mediumOut{mediumBody{h.keys.Public(checkin.KindMedium, m.ID), m.UID, string(m.Kind),
		string(m.State), h.keys.Public(catalog.KindVenue, m.Venue),
		h.keys.Public(ticket.KindTicket, m.Ticket), m.ChangedAt.UTC()}}, nil
}

func (h *handler) bindMedium(ctx context.Context, in *bindMediumIn) (*mediumOut, error) {
	ask := checkin.MediumAsk{Medium: in.Body.Medium, Code: code.Normalize(in.Body.Code),
		Replace: in.Body.Replace}
	if (in.Body.Code == "") == (in.Body.TicketID == "") {
		return nil, fault.BadInput.At("code", "or ticket_id is required, not both / 请填写票码或票号之一")
	}
	if in.Body.TicketID != "" {
		var err error
		if ask.Ticket, err = h.keys.Parse(ticket.KindTicket, in.Body.TicketID); err != nil {
			return nil, checkin.ErrTicketUnknown
		}
	}
	return h.medium(h.module.Bind(ctx, httpx.ActorOf(ctx), ask))
}

type unbindMediumIn struct{ Body MediumFields }

func (h *handler) unbindMedium(ctx context.Context, in *unbindMediumIn) (*mediumOut, error) {
	return h.medium(h.module.Unbind(ctx, httpx.ActorOf(ctx),
		checkin.MediumAsk{Medium: in.Body.Medium}))
}
