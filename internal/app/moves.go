package app

import (
	"cmp"
	"context"

	"foyer/internal/catalog"
	"foyer/internal/idgen"
	"foyer/internal/notify"
	"foyer/internal/order"
	"foyer/internal/seating"
	"foyer/internal/seating/seatingdb"
)

// buildMoves joins what moves a session that has buyers.
func (a *App) buildMoves() {
	a.Orders.SetMoves(order.MoveParts{Catalog: a.Catalog,
		Seats:   seating.NewStock(seatingdb.New(a.DB), a.plans, a.Board),
		Tickets: a.Tickets, Halls: a.Catalog.Stores().Halls, Tell: a.tellMoved})
	a.Jobs.Handle(order.JobMove, a.Orders.RunMove)
}

// tellMoved hands the notice of a move to its channel; what cannot be sent is not tried again.
func (a *App) tellMoved(ctx context.Context, n order.MovedNews) {
	phone, language, ok, err := a.contact(ctx, n.Member)
	if err != nil || !ok {
		return
	}
	lang := notify.LanguageOf(language)
	m := n.Move
	title, notice, was, now := n.Event, m.Doc.Notice, m.Doc.Was.HallName, m.Doc.Now.HallName
	if lang == notify.English {
		title, notice = cmp.Or(n.EventEn, title), cmp.Or(m.Doc.NoticeEn, notice)
		was, now = cmp.Or(m.Doc.Was.HallEn, was), cmp.Or(m.Doc.Now.HallEn, now)
	}
	zone := (&catalog.Venue{VenueInfo: catalog.VenueInfo{TimeZone: n.TimeZone}}).Location()
	const layout = "2006-01-02 15:04"
	link := a.Config.PublicURL + "/orders/" + a.Codec.Encode(idgen.Kind("ord"), n.Order)
	_ = a.Inbox.Send(ctx, notify.Message{Channel: notify.SMS, To: phone,
		Topic: notify.TopicSessionMoved, Text: notify.SessionMoved(lang, title,
			m.Doc.Was.StartsAt.In(zone).Format(layout)+" "+was,
			m.Doc.Now.StartsAt.In(zone).Format(layout)+" "+now, notice,
			m.Deadline.In(zone).Format(layout), link, m.Default == order.ChoiceRefunded),
	}) // a sender counts and logs its own failures
}
