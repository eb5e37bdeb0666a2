package seatingdb

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

// Book is the truth of who has which place. Its methods work inside the writer's
// transaction and tell the board after the commit.
type Book struct {
	feed    seating.Feed
	inserts []string // by number of rows
	seq     int64    // of deltas; counted by hooks, on the writer's goroutine alone
	known   owned
}

// NewBook makes a book that tells feed of every committed change, in commit order.
func NewBook(feed seating.Feed) *Book {
	b := &Book{feed: feed, inserts: make([]string, rowsAtOnce+1)}
	for n := 1; n <= rowsAtOnce; n++ {
		b.inserts[n] = insertClaims + sqldb.Values(n, 6)
	}
	return b
}

var _ seating.Book = (*Book)(nil)

const (
	// rowsAtOnce is how many claims one statement inserts at the most.
	rowsAtOnce   = 32
	insertClaims = `INSERT INTO claim (session_id, place, owner_kind, owner_id, state, held_until)
		VALUES `
	takenOf = `SELECT place FROM claim WHERE session_id = ? AND place IN `
)

// Claim gives the owner places and area units, all or nothing; what allotments of c.From
// have is taken from them. Refused with ErrPlaceTaken,
// whose details name the places that are gone, ErrAreaFull and ErrUnknownPlace; the caller
// undoes what was done before the refusal by failing too.
func (b *Book) Claim(tx *sqldb.Tx, c seating.Claim) error {
	places := slices.Clone(c.Places)
	slices.Sort(places) // one order for all, so that two processes cannot deadlock
	rest, err := takeAllotted(tx, c, places)
	if err != nil {
		return err
	}
	for wanted := rest; len(rest) > 0; {
		n := min(len(rest), rowsAtOnce)
		if err := b.insert(tx, c, rest[:n]); err != nil {
			if sqldb.IsDuplicate(err) {
				return placesTaken(tx, c, wanted)
			}
			return err
		}
		rest = rest[n:]
	}
	areas, err := b.takeUnits(tx, c)
	if err != nil {
		return err
	}
	b.tell(tx, seating.Delta{Kind: seating.Begun, Session: c.Session, Owner: c.Owner,
		State: c.State, Until: c.Until, Places: places, Areas: areas})
	return nil
}

func (b *Book) insert(tx *sqldb.Tx, c seating.Claim, places []int32) error {
	args := make([]any, 0, 6*len(places))
	until := millis(c.Until)
	for _, p := range places {
		args = append(args, c.Session, p, int(c.Owner.Kind), c.Owner.ID, int(c.State), until)
	}
	_, err := tx.Exec(b.inserts[len(places)], args...)
	return err
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Millis(t)
}

// placesTaken reads which of the places are gone.
func placesTaken(tx *sqldb.Tx, c seating.Claim, places []int32) error {
	var taken []int32
	for chunk := range slices.Chunk(places, longestList) {
		query, args := inList(takenOf, " ORDER BY place", []any{c.Session}, chunk)
		rows, err := tx.Query(query, args...)
		if err != nil {
			return err
		}
		for rows.Next() {
			var p int32
			if err := rows.Scan(&p); err != nil {
				rows.Close()
				return err
			}
			taken = append(taken, p)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	// What this very statement inserted before it met the duplicate is undone by then.
	return seating.ErrPlaceTaken.With("places", taken)
}

// Sell turns the held claims of the owner into sold ones. There must be exactly n of them,
// places and units together; anything else is a mistake of ours and undoes the caller.
func (b *Book) Sell(tx *sqldb.Tx, session int64, owner seating.Owner, n int) error {
	units, err := b.sellUnits(tx, session, owner)
	if err != nil {
		return err
	}
	sold, err := b.sellPlaces(tx, session, owner, n-units)
	if err != nil {
		return err
	}
	if sold+units != n {
		return mismatch("sell", session, owner, sold+units, n)
	}
	b.tell(tx, seating.Delta{Kind: seating.Turned, Session: session, Owner: owner})
	return nil
}

func mismatch(what string, session int64, owner seating.Owner, got, want int) error {
	return fault.Unexpected.Wrap(fmt.Errorf("seatingdb: %s: owner %d/%d has %d places "+
		"in session %d, not %d", what, owner.Kind, owner.ID, got, session, want))
}

// sellPlaces marks want places. Memory knows which they are, most often; the rows matched
// decide, and the whole session is looked through when they are not all.
func (b *Book) sellPlaces(tx *sqldb.Tx, session int64, owner seating.Owner, want int) (int, error) {
	if want <= 0 {
		return b.sellAll(tx, session, owner)
	}
	if places := b.known.of(owner); len(places) == want && want <= longestList {
		query, args := inList(`UPDATE claim SET state = 2, held_until = 0
			WHERE session_id = ? AND owner_kind = ? AND owner_id = ? AND state = 1 AND place IN `,
			"", []any{session, int(owner.Kind), owner.ID}, places)
		n, err := tx.Exec(query, args...)
		if err != nil || int(n) == want {
			return int(n), err
		}
		more, err := b.sellAll(tx, session, owner)
		return int(n) + more, err
	}
	return b.sellAll(tx, session, owner)
}

func (b *Book) sellAll(tx *sqldb.Tx, session int64, owner seating.Owner) (int, error) {
	n, err := tx.Exec(`UPDATE claim SET state = 2, held_until = 0 WHERE session_id = ?
		AND owner_kind = ? AND owner_id = ? AND state = 1`,
		session, int(owner.Kind), owner.ID)
	return int(n), err
}

// Release frees places and area units of the owner, which must have every one of them; nil
// and nil frees all that it has, which may be nothing.
func (b *Book) Release(tx *sqldb.Tx, session int64, owner seating.Owner, places []int32,
	areas []seating.AreaQty,
) error {
	d := seating.Delta{Kind: seating.Ended, Session: session, Owner: owner, Places: places}
	returned, states, err := b.returnPlaces(tx, session, owner, places)
	if err != nil {
		return err
	}
	if places == nil && areas == nil {
		if _, err = tx.Exec(`DELETE FROM claim WHERE session_id = ? AND owner_kind = ?
			AND owner_id = ?`, session, int(owner.Kind), owner.ID); err != nil {
			return err
		}
		if areas, err = b.unitsOf(tx, session, owner); err != nil {
			return err
		}
	} else {
		if err := b.releasePlaces(tx, session, owner, without(places, returned)); err != nil {
			return err
		}
		if d.Places == nil {
			d.Places = []int32{} // none, not all
		}
	}
	if d.Areas, err = b.giveUnits(tx, session, owner, areas); err != nil {
		return err
	}
	b.tell(tx, d)
	for to, back := range returned {
		b.tell(tx, seating.Delta{Kind: seating.Begun, Session: session, Owner: to,
			State: states[to], Places: back})
	}
	return nil
}

// without are the places that did not go back to an allotment.
func without(places []int32, returned map[seating.Owner][]int32) []int32 {
	for _, back := range returned {
		places = slices.DeleteFunc(slices.Clone(places), func(p int32) bool {
			return slices.Contains(back, p)
		})
	}
	return places
}

func (b *Book) releasePlaces(tx *sqldb.Tx, session int64, owner seating.Owner, places []int32,
) error {
	gone := 0
	for chunk := range slices.Chunk(places, longestList) {
		query, args := inList(`DELETE FROM claim WHERE session_id = ? AND owner_kind = ?
			AND owner_id = ? AND place IN `, "", []any{session, int(owner.Kind), owner.ID}, chunk)
		n, err := tx.Exec(query, args...)
		if err != nil {
			return err
		}
		gone += int(n)
	}
	if gone != len(places) {
		return mismatch("release", session, owner, gone, len(places))
	}
	return nil
}

// Extend moves the end of what the owner holds.
func (b *Book) Extend(tx *sqldb.Tx, session int64, owner seating.Owner, until time.Time) error {
	if _, err := tx.Exec(`UPDATE claim SET held_until = ? WHERE session_id = ?
		AND owner_kind = ? AND owner_id = ? AND state = 1`,
		millis(until), session, int(owner.Kind), owner.ID); err != nil {
		return err
	}
	if err := b.extendUnits(tx, session, owner, until); err != nil {
		return err
	}
	b.tell(tx, seating.Delta{Kind: seating.Extended, Session: session, Owner: owner, Until: until})
	return nil
}

// tell hands the change to the board once it is committed. Hooks run on the writer's
// goroutine in commit order, so their count is the order of commits.
func (b *Book) tell(tx *sqldb.Tx, d seating.Delta) {
	tx.AfterCommit(func() {
		b.seq++
		d.Seq = b.seq
		b.known.note(d)
		b.feed.Apply(d)
	})
}

// owned remembers which places an owner was given, so that paying need not look through a
// whole session. It only proposes. Two generations bound it.
type owned struct {
	mu       sync.Mutex
	now, old map[seating.Owner][]int32
}

const ownedKept = 32_768

func (o *owned) of(owner seating.Owner) []int32 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if p, ok := o.now[owner]; ok {
		return p
	}
	return o.old[owner]
}

func (o *owned) note(d seating.Delta) {
	o.mu.Lock()
	defer o.mu.Unlock()
	had, ok := o.now[d.Owner]
	if !ok {
		had = o.old[d.Owner]
	}
	switch {
	case d.Kind == seating.Begun && d.State == seating.Held:
		if len(o.now) >= ownedKept || o.now == nil {
			o.now, o.old = make(map[seating.Owner][]int32, ownedKept/16), o.now
		}
		o.now[d.Owner] = append(slices.Clip(had), d.Places...)
	case d.Kind == seating.Turned, d.Kind == seating.Ended && d.Places == nil:
		delete(o.now, d.Owner)
		delete(o.old, d.Owner)
	case d.Kind == seating.Ended && ok:
		o.now[d.Owner] = slices.DeleteFunc(slices.Clone(had), func(p int32) bool {
			return slices.Contains(d.Places, p)
		})
	case d.Kind == seating.Ended:
		delete(o.old, d.Owner)
	}
}
