package checkin

import (
	"cmp"
	"errors"
	"slices"
	"strconv"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// scan is one admission on its way through the writer.
type scan struct {
	who     actor.Actor
	station station
	ask     Ask
	nonce   Nonce
	id      int64
	version int // of the code that was scanned
	ticket  *ticket.Ticket

	done CheckIn
}

// errRepeated means that the nonce stands already; the caller reads what it was answered.
var errRepeated = errors.New("checkin: the nonce was used before")

// apply admits a batch. Tickets are taken in the order of their ids, so that the batches of
// two processes cannot wait for each other in a circle; scans of one ticket keep the order
// in which they came. A session's row of counts is hot, so that it is written once, last.
func (c *CheckIns) apply(tx *sqldb.Tx, batch []*scan) []error {
	answers := make([]error, len(batch))
	err := tx.Try(func() error {
		sums := map[int64]Figures{}
		for _, i := range byTicket(batch) {
			v := batch[i]
			answers[i] = tx.Try(func() error { return c.pass(tx, v) })
			if answers[i] == nil {
				f := sums[v.done.Session]
				entered, inside := v.done.moves()
				sums[v.done.Session] = Figures{f.Entered + entered, f.Inside + inside}
			}
		}
		return c.count(tx, sums)
	})
	if err != nil { // nothing of the batch stands
		for i := range answers {
			answers[i] = err
		}
	}
	return answers
}

func byTicket(batch []*scan) []int {
	order := make([]int, len(batch))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(batch[a].ticket.ID, batch[b].ticket.ID)
	})
	return order
}

func (c *CheckIns) count(tx *sqldb.Tx, sums map[int64]Figures) error {
	sessions := make([]int64, 0, len(sums))
	for id := range sums {
		sessions = append(sessions, id)
	}
	slices.Sort(sessions)
	for _, id := range sessions {
		if err := c.store.AddCount(tx, id, sums[id].Entered, sums[id].Inside); err != nil {
			return err
		}
	}
	return nil
}

// moves is what a check-in adds to the people who entered and who are inside.
func (ci *CheckIn) moves() (entered, inside int) {
	if ci.Direction == Exit {
		return 0, -ci.N
	}
	return ci.N, ci.N
}

// pass is one admission: the nonce, the guarded update, the row and the journal.
func (c *CheckIns) pass(tx *sqldb.Tx, v *scan) error {
	fresh, err := c.store.TakeNonce(tx, v.nonce, v.id)
	if err != nil {
		return err
	}
	if !fresh {
		return errRepeated
	}
	t := v.ticket
	use := ticket.Use{Organization: t.Organization, Ticket: t.ID,
		Number: t.Entitlements[0].Number, CodeVersion: v.version, N: v.ask.N}
	guard := c.cfg.Tickets.EnterIfAllowed
	if v.ask.Direction == Exit {
		guard = c.cfg.Tickets.LeaveIfInside
	}
	ok, err := guard(tx, use)
	if err != nil {
		return err
	}
	if !ok {
		return c.whyNot(tx, v)
	}
	e, err := c.cfg.Tickets.Entitlement(tx, use)
	if err != nil {
		return err
	}
	ci := CheckIn{ID: v.id, Organization: t.Organization, Venue: t.Venue, Session: t.Session,
		Ticket: t.ID, Entitlement: use.Number, Device: v.station.device, Staff: v.station.staff,
		Gate: v.station.gate, Direction: v.ask.Direction, N: v.ask.N, Used: e.Used,
		Allowed: e.Allowed, Inside: e.Inside, At: tx.Now}
	if err := c.store.Insert(tx, &ci); err != nil {
		return err
	}
	c.note(tx, v.who, &ci, "checkin."+ci.Direction.String())
	v.done = ci
	return nil
}

// whyNot says what changed between examine and the guarded update.
func (c *CheckIns) whyNot(tx *sqldb.Tx, v *scan) error {
	t, err := c.cfg.Tickets.FindIn(tx, v.ticket.ID)
	if err != nil {
		return err
	}
	if err := standing(t, v.version); err != nil {
		return err
	}
	if err := room(t, v.ask); err != nil {
		return err
	}
	return fault.Stale
}

// note writes the journal row of a check-in.
func (c *CheckIns) note(tx *sqldb.Tx, who actor.Actor, ci *CheckIn, action string) {
	data := make([]byte, 0, 96)
	data = append(data, `{"n":`...)
	data = strconv.AppendInt(data, int64(ci.N), 10)
	data = append(data, `,"used":`...)
	data = strconv.AppendInt(data, int64(ci.Used), 10)
	data = append(data, `,"inside":`...)
	data = strconv.AppendInt(data, int64(ci.Inside), 10)
	data = append(data, '}')
	objects := []journal.Object{{Kind: string(KindCheckIn), ID: ci.ID},
		{Kind: string(ticket.KindTicket), ID: ci.Ticket}, {Kind: "ses", ID: ci.Session}}
	if ci.Gate != 0 {
		objects = append(objects, journal.Object{Kind: string(KindGate), ID: ci.Gate})
	}
	c.cfg.Journal.Append(tx, journal.Entry{Actor: who, Organization: ci.Organization,
		Action: action, Objects: objects, Data: data})
}
