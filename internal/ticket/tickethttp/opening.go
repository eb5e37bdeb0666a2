package tickethttp

import (
	"context"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/ticket"
	"foyer/internal/ticket/rule"
)

func (h *handler) mountPhoto() {
	httpx.Register(h.api, httpx.Op{Method: "PUT", Path: "/api/v1/staff/tickets/{id}/photo",
		Tag: tag, OperationID: "keep-ticket-photo", Summary: "Keep the holder's photo",
		Description: "For passes that ask for one: the gate shows it at each scan. Upload the " +
			"picture as media first. Empty takes it away.",
		Access: httpx.StaffOnly(ticket.PermPrint), Status: 200, Refusals: []*fault.Definition{
			ticket.ErrNoTicket, ticket.ErrVoid, fault.Missing}}, h.photo)
}

// partBody is one entitlement of a ticket that is more than plain.
type partBody struct {
	Code        string    `json:"code,omitempty" doc:"of the part of a combined ticket"`
	Name        string    `json:"name,omitempty"`
	NameEn      string    `json:"name_en,omitempty"`
	Allowed     int       `json:"allowed" doc:"entries in all; 0: any number"`
	Used        int       `json:"used"`
	Inside      int       `json:"inside"`
	Share       int64     `json:"share_minor" doc:"its part of the price"`
	ValidFrom   time.Time `json:"valid_from"`
	ValidUntil  time.Time `json:"valid_until" doc:"the last possible moment"`
	ActivatedOn string    `json:"activated_on,omitempty" doc:"the day on which a pass began"`
}

// opened adds what a ticket opens to its body; of a plain ticket the session says it.
func (h *handler) opened(b *ticketBody, v *ticket.View) {
	if v.Photo != 0 {
		b.PhotoURL = "/api/v1/media/" + h.keys.Public(catalog.KindMedia, v.Photo)
	}
	if v.Opening == nil {
		return
	}
	b.Opens = v.Opening.Public()
	b.ValidFrom, b.ValidUntil = time.Time{}, time.Time{}
	for i := range v.Entitlements {
		e := &v.Entitlements[i]
		p := partBody{Allowed: e.Allowed, Used: e.Used, Inside: e.Inside, Share: int64(e.Share),
			ValidFrom: e.ValidFrom.UTC(), ValidUntil: e.ValidUntil.UTC()}
		if e.Allowed >= rule.Unlimited {
			p.Allowed = 0
		}
		if n := e.Number - 1; n < len(v.Opening.Parts) {
			part := v.Opening.Parts[n]
			p.Code, p.Name, p.NameEn = part.Code, part.Name, part.NameEn
		}
		if v.Opening.Pass != nil && e.Activated != 0 {
			p.ActivatedOn = catalog.DayText(e.Activated)
		}
		if i == 0 || p.ValidFrom.Before(b.ValidFrom) {
			b.ValidFrom = p.ValidFrom
		}
		if p.ValidUntil.After(b.ValidUntil) {
			b.ValidUntil = p.ValidUntil
		}
		b.Parts = append(b.Parts, p)
	}
}

type photoIn struct {
	ID   string `path:"id" doc:"the ticket's id"`
	Body struct {
		MediaID string `json:"media_id" maxLength:"64" doc:"empty: no photo"`
	}
}

func (h *handler) photo(ctx context.Context, in *photoIn) (*ticketOut, error) {
	id, err := h.keys.Parse(ticket.KindTicket, in.ID)
	if err != nil {
		return nil, ticket.ErrNoTicket
	}
	var media int64
	if in.Body.MediaID != "" {
		if media, err = h.keys.Parse(catalog.KindMedia, in.Body.MediaID); err != nil {
			return nil, err
		}
	}
	v, err := h.tickets.KeepPhoto(ctx, httpx.ActorOf(ctx), id, media)
	if err != nil {
		return nil, err
	}
	return &ticketOut{h.body(v)}, nil
}
