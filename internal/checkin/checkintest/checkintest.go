// Package checkintest gives tests gates on their database, and an auditor of what the
// gates did.
package checkintest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"testing"

	"foyer/internal/actor"
	"foyer/internal/checkin"
	"foyer/internal/checkin/checkindb"
	"foyer/internal/clock"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
	"foyer/internal/ticket/tickettest"
)

// World is the module on a database, with tickets to check in.
type World struct {
	*tickettest.World
	Store   *checkindb.Store
	Module  *checkin.CheckIns
	Seen    func(outcome string) // hears what the module observes; set before use
	scanned int
}

// New makes the module; change may alter its configuration.
func New(t testing.TB, db *sqldb.DB, clk clock.Clock, change func(*checkin.Config)) *World {
	t.Helper()
	w := &World{World: tickettest.New(t, db, clk), Store: checkindb.New(db)}
	cfg := checkin.Config{DB: db, Store: w.Store, Tickets: w.World.Store, Openings: w.Tickets,
		Sessions: w.Programme,
		Venues:   w.Programme, Journal: w.Journal, Ledger: w.Ledger, IDs: w.IDs, Clock: clk,
		Keys: w.Keys,
		MACs: macs{}, Log: slog.New(slog.DiscardHandler), Observe: func(o string) {
			if w.Seen != nil {
				w.Seen(o)
			}
		}}
	if change != nil {
		change(&cfg)
	}
	w.Module = checkin.New(cfg)
	return w
}

// Each runs fn on a fresh world on every engine, each with a fake clock of its own that
// the database shares.
func Each(t *testing.T, change func(*checkin.Config), fn func(t *testing.T, w *World)) {
	t.Helper()
	var mu sync.Mutex
	clocks := map[int64]*clock.Fake{} // by where they began, a day apart
	start := func() clock.Clock {
		mu.Lock()
		defer mu.Unlock()
		clk := clock.NewFake(sqldbtest.Start.AddDate(0, 0, len(clocks)))
		clocks[clk.Now().UnixMilli()] = clk
		return clk
	}
	sqldbtest.Each(t, start, func(t *testing.T, db *sqldb.DB) {
		var now int64
		if err := db.InTx(context.Background(), func(tx *sqldb.Tx) error {
			now = tx.Now.UnixMilli()
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		clk := clocks[now]
		mu.Unlock()
		fn(t, New(t, db, clk, change))
	})
}

// macs is a digest that needs no key ring.
type macs struct{}

func (macs) MAC(purpose string, message []byte) []byte {
	sum := sha256.Sum256(append([]byte(purpose+"\n"), message...))
	return sum[:]
}

// Manager is staff who may do everything at gates.
func Manager() actor.Actor {
	return tickettest.Staff(checkin.PermDevice, checkin.PermScan, checkin.PermView)
}

// Enrol makes a gate and an enrolled device at a venue of Organization, and its token.
func (w *World) Enrol(venue int64, name string) (actor.Actor, string) {
	w.T.Helper()
	return w.EnrolAt(checkin.Gate{Organization: tickettest.Organization, Venue: venue,
		Name: name + "口", NameEn: "Gate " + name}, name)
}

// EnrolAt makes a gate, an enrolled device at it, and its token.
func (w *World) EnrolAt(g checkin.Gate, name string) (actor.Actor, string) {
	w.T.Helper()
	ctx, d := context.Background(), w.Module.Devices()
	gate, err := d.CreateGate(ctx, Manager(), g)
	if err != nil {
		w.T.Fatal(err)
	}
	_, code, err := d.Create(ctx, Manager(), checkin.Device{
		Organization: g.Organization, Venue: g.Venue, Gate: gate.ID, Name: name})
	if err != nil {
		w.T.Fatal(err)
	}
	_, token, err := d.Enrol(ctx, code, "")
	if err != nil {
		w.T.Fatal(err)
	}
	who, err := d.Authenticate(ctx, token)
	if err != nil {
		w.T.Fatal(err)
	}
	return who, token
}

// Ask is a scan of a code with a fresh nonce.
func (w *World) Ask(code string, d checkin.Direction, n int) checkin.Ask {
	w.scanned++
	return checkin.Ask{Code: code, Direction: d, N: n, Nonce: "n" + strconv.Itoa(w.scanned)}
}

// Audit compares what gates wrote with what tickets and counts say, and returns every
// disagreement: more used than allowed, entries that do not add up, wrong counts.
func Audit(db *sqldb.DB) ([]string, error) {
	var found []string
	for what, query := range map[string]string{
		"used more than allowed": `SELECT ticket_id, used, allowed FROM entitlement
			WHERE used > allowed OR inside < 0 OR inside > CASE WHEN people > 0
			THEN people ELSE allowed END`,
		"used is not the entries": `SELECT e.ticket_id, e.used, COALESCE((SELECT SUM(c.counted)
			FROM checkin c WHERE c.ticket_id = e.ticket_id AND c.entitlement = e.number
			AND c.undone_at = 0), 0) AS entries FROM entitlement e WHERE e.used <>
			COALESCE((SELECT SUM(c.counted) FROM checkin c WHERE c.ticket_id = e.ticket_id
			AND c.entitlement = e.number AND c.undone_at = 0), 0)`,
		"inside is not the check-ins": `SELECT e.ticket_id, e.inside, COALESCE((SELECT
			SUM(c.here) FROM checkin c WHERE c.ticket_id = e.ticket_id
			AND c.entitlement = e.number AND c.undone_at = 0), 0) AS here FROM entitlement e
			WHERE e.inside <> COALESCE((SELECT SUM(c.here) FROM checkin c
			WHERE c.ticket_id = e.ticket_id AND c.entitlement = e.number
			AND c.undone_at = 0), 0)`,
		"inside is not the count": `SELECT s.session_id, s.inside, COALESCE((SELECT SUM(e.inside)
			FROM entitlement e WHERE e.session_id = s.session_id), 0) AS inside_now
			FROM session_count s WHERE s.inside <> COALESCE((SELECT SUM(e.inside)
			FROM entitlement e WHERE e.session_id = s.session_id), 0)`,
		"entered is not the count": `SELECT s.session_id, s.entered, COALESCE((SELECT SUM(e.used)
			FROM entitlement e WHERE e.session_id = s.session_id), 0) AS used_now
			FROM session_count s WHERE s.entered <> COALESCE((SELECT SUM(e.used)
			FROM entitlement e WHERE e.session_id = s.session_id), 0)`,
		"a check-in without its nonce": `SELECT c.id, c.device_id, c.staff_id FROM checkin c
			WHERE NOT EXISTS (SELECT 1 FROM scan_nonce n WHERE n.checkin_id = c.id)`,
	} {
		rows, err := db.Query(context.Background(), query)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		for rows.Next() {
			var id, a, b int64
			if err := rows.Scan(&id, &a, &b); err != nil {
				rows.Close()
				return nil, err
			}
			found = append(found, fmt.Sprintf("%s: %d: %d and %d", what, id, a, b))
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	return found, nil
}
