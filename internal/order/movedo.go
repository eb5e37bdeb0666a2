package order

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

// ApproveMove is moving a session that has buyers.
const ApproveMove approval.Kind = "session.move"

// KindMove is the kind of a move's public id.
const KindMove = "mov"

const (
	maxNotice   = 300 // characters
	moveTries   = 4   // looks at a session that sells meanwhile
	moveLongest = 90 * 24 * time.Hour
)

// MoveSession moves a session that has buyers: it takes place then and there from the commit
// on, in one transaction with everybody's places; a job then changes tickets and tells
// buyers. What is unpaid ends. Refused as PreviewMove, and with ErrMoveStale, ErrMoveUnfit and
// fault.BadInput; where the house wants two people for it, it is asked for.
func (o *Orders) MoveSession(ctx context.Context, who actor.Actor, ask MoveAsk) (
	*SessionMove, error,
) {
	p, err := o.moveReady(ctx, who, ask)
	if err != nil {
		return nil, err
	}
	if err := o.askMove(ctx, p); err != nil {
		return nil, err
	}
	return o.doMove(ctx, p, nil)
}

// moveReady plans a move as it was previewed, with everybody's orders at hand.
func (o *Orders) moveReady(ctx context.Context, who actor.Actor, ask MoveAsk) (*planned, error) {
	p, err := o.planMove(ctx, who, ask)
	if err != nil {
		return nil, err
	}
	if ask.Digest != p.preview.Digest {
		return nil, ErrMoveStale.With("digest", p.preview.Digest)
	}
	if err := p.checkTerms(o.Clock.Now()); err != nil {
		return nil, err
	}
	if r := p.preview.Seats; r != nil {
		if n := r.Count(seating.FateNone); n > 0 {
			return nil, ErrMoveUnfit.With("places", n)
		}
		return p, o.reseatOrders(ctx, p)
	}
	return p, nil
}

func (p *planned) checkTerms(now time.Time) error {
	var bad fault.Problems
	ask := &p.ask
	for _, n := range []struct {
		field    string
		text     *string
		required bool
	}{{"notice", &ask.Notice, true}, {"notice_en", &ask.NoticeEn, false}} {
		*n.text = strings.TrimSpace(*n.text)
		if *n.text == "" && n.required || utf8.RuneCountInString(*n.text) > maxNotice ||
			!utf8.ValidString(*n.text) || strings.ContainsFunc(*n.text, func(r rune) bool {
			return unicode.IsControl(r) && r != '\n'
		}) {
			bad.Add(n.field, "at most %d printable characters / 最多 %d 字", maxNotice, maxNotice)
		}
	}
	if ask.Default != ChoiceAccepted && ask.Default != ChoiceRefunded {
		bad.Add("default", "is accept or refund / 应为接受或退款")
	}
	ask.Deadline = ask.Deadline.UTC().Truncate(time.Millisecond)
	if !ask.Deadline.After(now) || ask.Deadline.After(p.next.StartsAt) ||
		ask.Deadline.Sub(now) > moveLongest {
		bad.Add("deadline", "is not between now and the new start / 应在现在与新的开始时间之间")
	}
	return bad.Err()
}

// reseatOrders reads the orders and waiting changes that sit anew, and gives them their places.
func (o *Orders) reseatOrders(ctx context.Context, p *planned) error {
	p.orders, p.changes = map[int64]*Order{}, map[int64]*Change{}
	r := p.preview.Seats
	for _, id := range r.Orders() {
		ord, err := o.Store.Find(ctx, id)
		if err != nil {
			return err
		}
		c := p.choice(ord)
		reseat(ord.Lines, p.was.ID, r)
		p.orders[id] = ord
		if c == nil {
			continue
		}
		for i := range c.Units {
			c.Units[i].Now = ord.Unit(c.Units[i].Line, c.Units[i].Unit).Label
		}
		p.choices = append(p.choices, c)
	}
	for _, s := range r.Seats {
		if s.Owner.Kind != seating.OwnerChange || p.changes[s.Owner.ID] != nil {
			continue
		}
		c, err := o.Store.FindChange(ctx, s.Owner.ID)
		if err != nil {
			return err
		}
		reseat(c.Lines, p.was.ID, r)
		p.changes[c.ID] = c
	}
	return nil
}

// choice is what the buyer of a paid order will be asked; nil for what is unpaid.
func (p *planned) choice(ord *Order) *OrderMove {
	if ord.State != Paid {
		return nil
	}
	var lines []*Line
	for i := range ord.Lines {
		if l := &ord.Lines[i]; l.Session == p.was.ID && unitsLeft(l) > 0 {
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return &OrderMove{Order: ord.ID, Move: p.move.ID, Session: p.was.ID, State: ChoiceOpen,
		Was: lines[0].snapshot(ord), Units: labelsOf(lines)}
}

// reseat gives the units of a session their new places. What went back has none any more: its
// old numbers mean other seats now.
func reseat(lines []Line, session int64, r *seating.Relocation) {
	labels := map[int32]string{}
	for _, s := range r.Seats {
		labels[s.To] = s.NewLabel
	}
	for i := range lines {
		if lines[i].Session != session {
			continue
		}
		for j := range lines[i].Units {
			u := &lines[i].Units[j]
			switch {
			case u.Returned:
				u.Taken, u.Places, u.Area = u.Count(), nil, 0
			case len(u.Places) > 0:
				u.Places = slices.Clone(u.Places)
				for k, place := range u.Places {
					u.Places[k] = r.Places[place]
				}
				u.Label = labelOf(u.Places, labels)
			case u.Area != 0:
				u.Area = r.Areas[u.Area]
				u.Label = labels[u.Area]
			}
		}
	}
}

// labelOf names the seats of a unit; of several the first whole, of others in its row the number.
func labelOf(places []int32, labels map[int32]string) string {
	names := make([]string, len(places))
	for i, p := range places {
		names[i] = labels[p]
		row := strings.LastIndex(names[i], "排") + len("排")
		if i > 0 && row >= len("排") && strings.HasPrefix(names[0], names[i][:row]) {
			names[i] = names[i][row:]
		}
	}
	return strings.Join(names, "+")
}

// askMove makes a request of a move where the house wants two people for it.
func (o *Orders) askMove(ctx context.Context, p *planned) error {
	if o.Approvals == nil {
		return nil
	}
	return o.Approvals.Pass(ctx, p.who, approval.Case{Kind: ApproveMove,
		Organization: p.ask.Organization}, func() (approval.Ask, error) {
		in, err := json.Marshal(p.ask)
		v := &p.preview
		out := approval.Ask{Venue: p.was.VenueID, Title: sessionTitle(p.sell), Input: in,
			Object: journal.Object{Kind: "ses", ID: p.was.ID, Revision: p.was.Revision},
			Changes: []approval.Change{
				{What: "starts_at", Before: v.Was.StartsAt.Format(time.RFC3339),
					After: v.Now.StartsAt.Format(time.RFC3339)},
				{What: "hall", Before: v.Was.HallName, After: v.Now.HallName},
				{What: "notice", After: p.ask.Notice},
				{What: "default", After: string(p.ask.Default)},
				{What: "deadline", After: p.ask.Deadline.Format(time.RFC3339)}}}
		return out, err
	})
}

// CarryMove moves a session as it was asked, if it is still what was previewed.
func (o *Orders) CarryMove(ctx context.Context, in approval.Carried, done approval.Once) error {
	var ask MoveAsk
	if err := json.Unmarshal(in.Request.Input, &ask); err != nil {
		return err
	}
	p, err := o.moveReady(ctx, in.As, ask)
	if err != nil {
		return err
	}
	_, err = o.doMove(ctx, p, done)
	return err
}

// doMove moves the session and everybody's places at once. When somebody bought or gave back
// since the look, it looks again, as long as what is paid is still what was previewed.
func (o *Orders) doMove(ctx context.Context, p *planned, done approval.Once) (*SessionMove,
	error,
) {
	for try := 1; ; try++ {
		var m *SessionMove
		err := o.DB.InTx(ctx, func(tx *sqldb.Tx) (err error) {
			if done != nil {
				if err := done(tx); err != nil {
					return err
				}
			}
			m, err = o.moveIn(tx, p)
			return err
		})
		o.moves.Catalog.CatchUp()
		if !errors.Is(err, errSeatsChanged) || try == moveTries {
			if errors.Is(err, errSeatsChanged) {
				err = ErrMoveStale
			}
			return m, err
		}
		if p, err = o.moveReady(ctx, p.who, p.ask); err != nil {
			return nil, err
		}
	}
}

// errSeatsChanged undoes a move whose session sold or freed places since it was planned.
var errSeatsChanged = errors.New("order: places changed hands while a move was planned")

func (o *Orders) moveIn(tx *sqldb.Tx, p *planned) (*SessionMove, error) {
	was, next, err := o.moves.Catalog.MoveSession(tx, p.who, p.move)
	if err != nil {
		return nil, err
	}
	if was.Moved != 0 {
		if err := o.replaceMove(tx, was.Moved); err != nil {
			return nil, err
		}
	}
	m := &SessionMove{ID: p.move.ID, Organization: p.ask.Organization, Session: was.ID,
		State: MoveRunning, By: p.who, Default: p.ask.Default, Deadline: p.ask.Deadline,
		StartedAt: tx.Now, Doc: MoveDoc{Was: p.preview.Was, Now: p.preview.Now,
			Notice: p.ask.Notice, NoticeEn: p.ask.NoticeEn}}
	if err := o.Store.InsertMove(tx, m); err != nil {
		return nil, err
	}
	if p.preview.Seats != nil {
		if err := o.moveSeats(tx, p, next); err != nil {
			return nil, err
		}
	}
	if err := o.Jobs.Enqueue(tx, journal.Job{Kind: JobMove, ObjectID: m.ID,
		Due: tx.Now}); err != nil {
		return nil, err
	}
	return m, o.noteMove(tx, p, next)
}

// replaceMove ends the move before: its buyers get a newer choice.
func (o *Orders) replaceMove(tx *sqldb.Tx, id int64) error {
	m, err := o.Store.MoveIn(tx, id)
	if err != nil {
		return err
	}
	switch from := m.State; from {
	case MoveRunning:
		return ErrMoveRunning
	case MoveOpen:
		m.State, m.EndedAt = MoveReplaced, tx.Now
		return o.Store.SaveMove(tx, m, from)
	}
	return nil
}

// moveSeats rewrites the book, and every order and change that has something in it.
func (o *Orders) moveSeats(tx *sqldb.Tx, p *planned, next *catalog.Session) error {
	have, err := o.moves.Seats.MoveClaims(tx, *next, p.preview.Seats)
	if errors.Is(err, fault.Stale) {
		return fmt.Errorf("%w: %w", errSeatsChanged, err)
	}
	if err != nil {
		return err
	}
	if err := o.Store.InsertChoices(tx, choicesOf(p.choices, have)...); err != nil {
		return err
	}
	for _, id := range have {
		seen := p.orders[id]
		if seen == nil {
			return errSeatsChanged
		}
		ord := *seen // the writer may run this twice
		ok, err := o.Store.Reseat(tx, &ord)
		if err != nil {
			return err
		}
		if !ok {
			return errSeatsChanged
		}
	}
	changes, err := o.Book.Owners(tx, next.ID, seating.OwnerChange, 0, mostReseatedOwner)
	if err != nil {
		return err
	}
	for _, id := range changes {
		seen := p.changes[id]
		if seen == nil {
			return errSeatsChanged
		}
		c := *seen
		if err := o.Store.ReseatChange(tx, &c); errors.Is(err, fault.Stale) {
			return errSeatsChanged
		} else if err != nil {
			return err
		}
	}
	return nil
}

// choicesOf are the choices of orders that still have something.
func choicesOf(all []*OrderMove, have []int64) (list []*OrderMove) {
	for _, c := range all {
		if _, ok := slices.BinarySearch(have, c.Order); ok {
			list = append(list, c)
		}
	}
	return list
}

func (o *Orders) noteMove(tx *sqldb.Tx, p *planned, next *catalog.Session) error {
	v := &p.preview
	data := map[string]any{"from": v.Was, "to": v.Now, "deadline": p.ask.Deadline,
		"default": p.ask.Default}
	if v.Seats != nil {
		data["kept"], data["proposed"] = v.Seats.Count(seating.FateKept),
			v.Seats.Count(seating.FateProposed)
		data["given"], data["dropped"] = v.Seats.Count(seating.FateGiven),
			v.Seats.Count(seating.FateDropped)
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	o.Journal.Append(tx, journal.Entry{Actor: p.who, Organization: p.ask.Organization,
		Action: "session.moved", Data: raw, Objects: []journal.Object{
			{Kind: "ses", ID: next.ID, Revision: next.Revision}, {Kind: KindMove, ID: p.move.ID}}})
	return nil
}
