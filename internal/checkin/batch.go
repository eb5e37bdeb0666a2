package checkin

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
	"foyer/internal/ticket/rule"
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
	event   *catalog.Sellable
	opening *catalog.Admission // nil: a plain ticket
	part    int                // the entitlement that is used, by its place in the ticket
	ruled   bool               // it is judged by rule
	rule    rule.Rule
	at      time.Time // when it took place without a network; zero: now

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
		sums, flows := map[int64]Figures{}, map[PrecinctDay]Flow{}
		for _, i := range byTicket(batch) {
			v := batch[i]
			answers[i] = tx.Try(func() error { return c.pass(tx, v) })
			if answers[i] == nil {
				if entered, inside := v.done.moves(); v.done.Session != 0 {
					f := sums[v.done.Session]
					sums[v.done.Session] = Figures{f.Entered + entered, f.Inside + inside}
				}
				v.done.flow(v.event.Venue.BusinessDay(v.done.At), flows, 1)
			}
		}
		if err := c.count(tx, sums); err != nil {
			return err
		}
		return c.countFlows(tx, flows)
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
	switch {
	case ci.Moved:
		return 0, 0
	case ci.Direction == Exit:
		return 0, -ci.N
	}
	return ci.Counted, ci.Here
}

// flow adds a check-in, or with times −1 takes it back, to what precincts and the venue as
// a whole (0) have seen on a day.
func (ci *CheckIn) flow(day int, flows map[PrecinctDay]Flow, times int) {
	add := func(precinct int64, entered, gone int) {
		k := PrecinctDay{ci.Venue, precinct, day}
		f := flows[k]
		flows[k] = Flow{f.Entered + entered*times, f.Gone + gone*times}
	}
	switch {
	case ci.Direction == Entry && ci.OutOf == 0:
		add(0, ci.N, 0)
	case ci.Direction == Exit && ci.Into == 0:
		add(0, 0, ci.N)
	}
	if ci.Into != 0 {
		add(ci.Into, ci.N, 0)
	}
	if ci.OutOf != 0 {
		add(ci.OutOf, 0, ci.N)
	}
}

func (c *CheckIns) countFlows(tx *sqldb.Tx, flows map[PrecinctDay]Flow) error {
	keys := make([]PrecinctDay, 0, len(flows))
	for k := range flows {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b PrecinctDay) int {
		return cmp.Or(cmp.Compare(a.Venue, b.Venue), cmp.Compare(a.Precinct, b.Precinct),
			cmp.Compare(a.Day, b.Day))
	})
	for _, k := range keys {
		if err := c.store.AddPrecinct(tx, k, flows[k].Entered, flows[k].Gone); err != nil {
			return err
		}
	}
	return nil
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
	take := c.takePlain
	if v.ruled {
		take = c.takeRuled
	}
	ci, err := take(tx, v)
	if err != nil {
		return err
	}
	if err := c.store.Insert(tx, &ci); err != nil {
		return err
	}
	pos := c.note(tx, v.who, &ci, "checkin."+ci.Direction.String())
	v.done = ci
	return c.bookShare(tx, pos, v, &ci)
}

// use is the use of an entitlement that a scan asks for.
func (v *scan) use() ticket.Use {
	return ticket.Use{Organization: v.ticket.Organization, Ticket: v.ticket.ID,
		Number: v.ticket.Entitlements[v.part].Number, CodeVersion: v.version, N: v.ask.N}
}

// takePlain lets people through with a plain ticket: one guarded update.
func (c *CheckIns) takePlain(tx *sqldb.Tx, v *scan) (CheckIn, error) {
	use := v.use()
	guard := c.cfg.Tickets.EnterIfAllowed
	if v.ask.Direction == Exit {
		guard = c.cfg.Tickets.LeaveIfInside
	}
	ok, err := guard(tx, use)
	if err != nil {
		return CheckIn{}, err
	}
	if !ok {
		return CheckIn{}, c.whyNot(tx, v)
	}
	e, err := c.cfg.Tickets.Entitlement(tx, use)
	ci := v.checkIn(tx, &e)
	ci.Counted, ci.Here = v.ask.N, v.ask.N
	if v.ask.Direction == Exit {
		ci.Counted, ci.Here = 0, -v.ask.N
	}
	return ci, err
}

// checkIn is the row of a scan that was accepted; e is the entitlement just after.
func (v *scan) checkIn(tx *sqldb.Tx, e *ticket.Entitlement) CheckIn {
	t := v.ticket
	ci := CheckIn{ID: v.id, Organization: t.Organization, Venue: t.Venue, Session: e.Session,
		Ticket: t.ID, Entitlement: e.Number, Device: v.station.device, Staff: v.station.staff,
		Gate: v.station.gate, Direction: v.ask.Direction, N: v.ask.N, Used: e.Used,
		Allowed: e.Allowed, Inside: e.Inside, Seq: e.Seq, At: tx.Now}
	ci.OutOf, ci.Into = v.station.post.passed(v.ask.Direction)
	if !v.at.IsZero() {
		ci.At, ci.ReceivedAt = v.at, tx.Now
	}
	return ci
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
func (c *CheckIns) note(tx *sqldb.Tx, who actor.Actor, ci *CheckIn, action string,
) journal.Position {
	data := make([]byte, 0, 96)
	data = append(data, `{"n":`...)
	data = strconv.AppendInt(data, int64(ci.N), 10)
	data = append(data, `,"used":`...)
	data = strconv.AppendInt(data, int64(ci.Used), 10)
	data = append(data, `,"inside":`...)
	data = strconv.AppendInt(data, int64(ci.Inside), 10)
	data = append(data, '}')
	objects := []journal.Object{{Kind: string(KindCheckIn), ID: ci.ID},
		{Kind: string(ticket.KindTicket), ID: ci.Ticket}}
	if ci.Session != 0 {
		objects = append(objects, journal.Object{Kind: "ses", ID: ci.Session})
	}
	if ci.Gate != 0 {
		objects = append(objects, journal.Object{Kind: string(KindGate), ID: ci.Gate})
	}
	return c.cfg.Journal.Append(tx, journal.Entry{Actor: who, Organization: ci.Organization,
		Action: action, Objects: objects, Data: data})
}
