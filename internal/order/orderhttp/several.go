package orderhttp

import (
	"context"

	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/order"
)

const kindSeason idgen.Kind = "sea"

// SeveralBody is what an order over several sessions tells besides. It is exported since
// answers show their exported embedded fields only.
type SeveralBody struct {
	Season   *seasonBody   `json:"season,omitempty" doc:"the season that it was bought as"`
	Sessions []sessionBody `json:"sessions,omitempty" doc:"of an order over several: what was agreed to for each"`
}

type seasonBody struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	NameEn string `json:"name_en,omitempty"`
}

type sessionBody struct {
	Session string     `json:"session_id"`
	Agreed  agreedBody `json:"agreed"`
}

func (wr wire) several(o *order.Order) (b SeveralBody) {
	if o.Terms != nil && o.Terms.Run != nil {
		r := o.Terms.Run
		b.Season = &seasonBody{wr.keys.Public(kindSeason, r.Season), r.Name, r.NameEn}
	}
	return b
}

// agreedIn adds what was agreed to in each session of an order over several.
func (h *handler) agreedIn(ctx context.Context, o *order.Order, out *orderBody) error {
	ids, list, err := h.orders.AgreedIn(ctx, o)
	for i, a := range list {
		out.Sessions = append(out.Sessions, sessionBody{h.keys.Public(kindSession, ids[i]),
			*h.agreed(a)})
	}
	return err
}

// everyLine refuses lines without a session where the order names none.
func (wr wire) everyLine(ask *order.PlaceAsk, lines []lineBody) error {
	for i, l := range lines {
		if l.Session == "" {
			return fault.BadInput.At(path("lines", i, "session_id"), "name the session / 请指定场次")
		}
	}
	ask.Session = ask.Lines[0].Session
	return nil
}
