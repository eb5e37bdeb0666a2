package order

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/journal"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// JobMove changes the tickets of a moved session and tells their buyers, some orders at a
// time, and at the deadline does what holds for whoever said nothing. It is resumable at any
// point: an order is dealt with in one transaction, after which what it agreed to names the
// move.
const JobMove = "order.move"

// moveSlice is how many orders one run of the job deals with, each in its own transaction.
const moveSlice = 10

// RunMove is the handler of JobMove.
func (o *Orders) RunMove(ctx context.Context, j journal.Job) (time.Duration, error) {
	m, err := o.Store.FindMove(ctx, j.ObjectID)
	if err != nil {
		return 0, err
	}
	switch m.State {
	case MoveRunning:
		return o.tellSlice(ctx, m)
	case MoveOpen:
		if left := m.Deadline.Sub(o.Clock.Now()); left > 0 {
			return left, nil
		}
		return o.defaultSlice(ctx, m)
	}
	return 0, nil
}

// tellSlice takes the next orders along.
func (o *Orders) tellSlice(ctx context.Context, m *SessionMove) (time.Duration, error) {
	s, err := o.Sessions.Sellable(ctx, m.Session)
	if err != nil {
		return 0, err
	}
	if s.Session.Moved != m.ID { // the catalogue's memory is a moment behind
		o.moves.Catalog.CatchUp()
		return time.Second, nil
	}
	if err := o.stopChanges(ctx, m); err != nil {
		return 0, err
	}
	list, err := o.ownersPage(ctx, m.Session, seating.OwnerOrder, m.After, moveSlice)
	if err != nil {
		return 0, err
	}
	waiting := o.eachOf(list, "an order of a moved session waits", func(id int64) (bool, error) {
		return o.moveOrder(ctx, m, s, id)
	})
	return o.sliceDone(ctx, m, MoveOpen, list, waiting)
}

func (o *Orders) ownersPage(ctx context.Context, session int64, kind seating.OwnerKind,
	after int64, limit int,
) (list []int64, err error) {
	err = o.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		list, err = o.Book.Owners(tx, session, kind, after, limit)
		return err
	})
	return list, err
}

// stopChanges ends changes that were to come to the session as it was.
func (o *Orders) stopChanges(ctx context.Context, m *SessionMove) error {
	list, err := o.ownersPage(ctx, m.Session, seating.OwnerChange, 0, mostReseatedOwner)
	if err != nil {
		return err
	}
	for _, id := range list {
		if err := o.inChange(ctx, id, func(tx *sqldb.Tx, ord *Order, c *Change) error {
			a, err := o.agreedIn(tx, c.Organization, c.Snapshot)
			if err != nil || c.State != ChangePending || a.Moved == m.ID {
				return err
			}
			return o.stopChange(tx, actor.SystemActor, ord, c, ChangeCancelled)
		}); err != nil {
			return err
		}
	}
	return nil
}

// sliceDone notes how far the job came and when it goes on: at the rate, after a pause when
// something of the round must wait, or as the next state has it.
func (o *Orders) sliceDone(ctx context.Context, m *SessionMove, next MoveState, list []int64,
	waiting int,
) (again time.Duration, err error) {
	err = o.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		now, err := o.Store.MoveIn(tx, m.ID)
		if err != nil || now.State != m.State {
			again = time.Millisecond // it was replaced: the next look says so
			return err
		}
		again = max(time.Second*time.Duration(len(list))/time.Duration(o.cfg.RefundsPerSecond),
			time.Millisecond)
		now.Waiting += waiting
		if len(list) == moveSlice {
			now.After = list[len(list)-1]
			return o.Store.SaveMove(tx, now, m.State)
		}
		if again = giveBackPause; now.Waiting == 0 {
			now.State = next
			if next == MoveOpen {
				now.ToldAt, again = tx.Now, max(now.Deadline.Sub(tx.Now), time.Millisecond)
			} else {
				now.EndedAt, again = tx.Now, 0
			}
		}
		now.After, now.Waiting = 0, 0
		return o.Store.SaveMove(tx, now, m.State)
	})
	return again, err
}

// moveOrder takes one order along: what is unpaid ends, of what is paid the tickets change, and
// the buyer is asked and told. wait says that its provider is being asked first.
func (o *Orders) moveOrder(ctx context.Context, m *SessionMove, s *catalog.Sellable,
	id int64,
) (wait bool, err error) {
	var news *MovedNews
	err = o.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		wait, news = false, nil
		ord, err := o.Store.Get(tx, id)
		if err != nil || ord.Organization != m.Organization {
			return err
		}
		lines, err := o.linesBefore(tx, ord, m)
		if err != nil || len(lines) == 0 {
			return err
		}
		switch ord.State {
		case Pending, Requested:
			wait = ord.OpenPayments > 0
			return o.end(tx, actor.SystemActor, ord, EndedByHouse)
		case Closing:
			wait = true // it ends by its own job; its money is refused
		case Paid:
			news, err = o.movePaid(tx, m, s, ord, lines)
		}
		return err
	})
	if err == nil && news != nil && news.Member != 0 && o.moves.Tell != nil {
		o.moves.Tell(ctx, *news)
	}
	return wait, err
}

// linesBefore are the lines of a moved session that were agreed to before it moved.
func (o *Orders) linesBefore(tx *sqldb.Tx, ord *Order, m *SessionMove) ([]*Line, error) {
	var list []*Line
	for i := range ord.Lines {
		l := &ord.Lines[i]
		if l.Session != m.Session || unitsLeft(l) == 0 {
			continue
		}
		a, err := o.agreedIn(tx, ord.Organization, l.snapshot(ord))
		if err != nil {
			return nil, err
		}
		if a.Moved != m.ID {
			list = append(list, l)
		}
	}
	return list, nil
}

func (o *Orders) movePaid(tx *sqldb.Tx, m *SessionMove, s *catalog.Sellable, ord *Order,
	lines []*Line,
) (*MovedNews, error) {
	labels := map[ticket.UnitRef]string{}
	for _, l := range lines {
		for i, u := range l.Units {
			if !u.Returned {
				labels[ticket.UnitRef{Line: l.Number, Unit: i + 1}] = u.Label
			}
		}
	}
	if err := o.askBuyer(tx, m, ord, lines); err != nil {
		return nil, err
	}
	if err := o.reagree(tx, m, s, ord, lines); err != nil {
		return nil, err
	}
	from, until := s.GateWindow()
	if err := o.moves.Tickets.Move(tx, ticket.Moved{Organization: ord.Organization,
		Order: ord.ID, Session: m.Session, Venue: s.Venue.ID, ValidFrom: from, ValidUntil: until,
		Labels: labels}); err != nil {
		return nil, err
	}
	_, err := o.note(tx, actor.SystemActor, ord, "order.moved", map[string]any{
		"units": len(labels), "deadline": m.Deadline, "default": m.Default},
		journal.Object{Kind: KindMove, ID: m.ID}, journal.Object{Kind: "ses", ID: m.Session})
	return &MovedNews{Order: ord.ID, Member: ord.Member, Event: s.Event.Title,
		EventEn: s.Event.TitleEn, TimeZone: s.Venue.TimeZone, Move: m}, err
}

// askBuyer opens the buyer's choice, unless seating him anew has; what he was asked about an
// earlier move is over.
func (o *Orders) askBuyer(tx *sqldb.Tx, m *SessionMove, ord *Order, lines []*Line) error {
	if err := o.Store.ReplaceChoices(tx, ord.ID, m.Session, m.ID); err != nil {
		return err
	}
	c, err := o.Store.ChoiceIn(tx, ord.ID, m.ID)
	if err != nil || c != nil {
		return err
	}
	c = &OrderMove{Order: ord.ID, Move: m.ID, Session: m.Session, State: ChoiceOpen,
		Was: lines[0].snapshot(ord), Units: labelsOf(lines)}
	for i := range c.Units {
		c.Units[i].Now = c.Units[i].Was
	}
	return o.Store.InsertChoices(tx, c)
}

// labelsOf are the units of lines with their labels.
func labelsOf(lines []*Line) (list []MovedUnitLabel) {
	for _, l := range lines {
		for i, u := range l.Units {
			if !u.Returned {
				list = append(list, MovedUnitLabel{Line: l.Number, Unit: i + 1, Was: u.Label})
			}
		}
	}
	return list
}

// reagree lets lines agree to what is so now: the same terms, another time and place. What the
// whole order agreed to changes where all that rests on it moves along.
func (o *Orders) reagree(tx *sqldb.Tx, m *SessionMove, s *catalog.Sellable, ord *Order,
	lines []*Line,
) error {
	fresh := map[int64]int64{}
	for _, l := range lines {
		was := l.snapshot(ord)
		if fresh[was] != 0 {
			continue
		}
		a, err := o.agreedIn(tx, ord.Organization, was)
		if err != nil {
			return err
		}
		doc, err := json.Marshal(a.movedTo(&s.Session, m.Doc.Now, s.Venue))
		if err != nil {
			return err
		}
		if fresh[was], err = o.Store.SaveSnapshot(tx, ord.Organization, o.IDs.Next(),
			sha256.Sum256(doc), doc); err != nil {
			return err
		}
	}
	whole := true
	for i := range ord.Lines {
		l := &ord.Lines[i]
		whole = whole && (l.Snapshot != 0 || l.Session == m.Session)
	}
	base := ord.Snapshot
	for _, l := range lines {
		if l.Snapshot != 0 || !whole {
			l.Snapshot = fresh[l.snapshot(ord)]
		}
	}
	if whole && fresh[base] != 0 {
		ord.Snapshot = fresh[base]
	}
	ok, err := o.Store.Reagree(tx, ord)
	if err != nil || ok {
		return err
	}
	return orStale(nil)
}
