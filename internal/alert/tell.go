package alert

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/journal"
	"foyer/internal/notify"
	"foyer/internal/sqldb"
)

// Tell is the job of a session that somebody waits for. It comes back until nobody waits,
// or nothing can be told any more.
func (a *Alerts) Tell(ctx context.Context, j journal.Job) (time.Duration, error) {
	s, err := a.Sessions.Sellable(ctx, j.ObjectID)
	if err != nil {
		return 0, err
	}
	now := a.Clock.Now()
	switch s.SaleAt(now) {
	case catalog.SaleNotYet: // it was put off
		return max(s.SaleFrom.Sub(now), time.Second), nil
	case catalog.SalePaused:
		return look, nil
	case catalog.SaleOpen:
	default:
		return 0, nil
	}
	told, err := a.tell(ctx, s, OnSale, batch)
	if err != nil {
		return 0, err
	}
	if told > 0 {
		return betweenOnSale, nil
	}
	return a.tellOfReturned(ctx, s)
}

// tellOfReturned tells no more than there are places, and then gives them a head start.
func (a *Alerts) tellOfReturned(ctx context.Context, s *catalog.Sellable) (time.Duration, error) {
	waiting, err := a.Store.Next(ctx, s.ID, Returned, 1)
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	left, err := a.Left.Remaining(ctx, []*catalog.Session{&s.Session})
	if err != nil {
		return 0, err
	}
	free := left[s.ID].Free
	if free == 0 {
		return look, nil
	}
	if _, err := a.tell(ctx, s, Returned, min(free, batch)); err != nil {
		return 0, err
	}
	return headStart, nil
}

// tell tells the first who wait. Each is marked before he is told: a message that is lost
// is better than one that comes twice.
func (a *Alerts) tell(ctx context.Context, s *catalog.Sellable, k Kind, limit int) (int, error) {
	list, err := a.Store.Next(ctx, s.ID, k, limit)
	if err != nil {
		return 0, err
	}
	for _, al := range list {
		var mine bool
		err := a.DB.InTx(ctx, func(tx *sqldb.Tx) (err error) {
			mine, err = a.Store.MarkTold(tx, actor.Scope{Organization: al.Organization}, al.ID)
			if mine {
				a.record(tx, actor.SystemActor, "alert.told", al.Organization, al.ID, al.Session)
			}
			return err
		})
		if err != nil {
			return 0, err
		}
		if mine {
			a.send(ctx, s, al)
		}
	}
	return len(list), nil
}

// send hands the message over; what cannot be sent is not tried again.
func (a *Alerts) send(ctx context.Context, s *catalog.Sellable, al Alert) {
	phone, language, ok, err := a.Contact(ctx, al.Member)
	if err != nil || !ok {
		return
	}
	lang := notify.LanguageOf(language)
	title := s.Event.Title
	if lang == notify.English && s.Event.TitleEn != "" {
		title = s.Event.TitleEn
	}
	when := s.StartsAt.In(s.Venue.Location()).Format("2006-01-02 15:04")
	m := notify.Message{Channel: notify.SMS, To: phone, Topic: notify.TopicOnSale,
		Text: notify.NowOnSale(lang, title, when, a.Link(al.Session))}
	if al.Kind == Returned {
		m.Topic, m.Text = notify.TopicReturned, notify.PlacesReturned(lang, title, when,
			a.Link(al.Session))
	}
	_ = a.Sender.Send(ctx, m) // a sender counts and logs its own failures
}
