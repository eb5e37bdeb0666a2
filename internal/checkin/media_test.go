package checkin_test

import (
	"bytes"
	"testing"
	"time"

	"foyer/internal/checkin"
	"foyer/internal/checkin/checkintest"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
	"foyer/internal/ticket/tickettest"
)

// A ticket is exchanged for a wristband: no code of it enters any more, the wristband does
// by the same rules. A lost one is replaced and opens nothing; one that came back goes to
// the next visitor.
func TestWristbandInPlaceOfTheCode(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		gate, _ := w.Enrol(tickettest.Venue, "东")
		s := w.Session(tickettest.Venue, 30*time.Minute)
		made := w.Issue(s, tickettest.Units(2))
		paper, other := w.Code(&made[0]), w.Code(&made[1])
		band := func(text string, d checkin.Direction) checkin.Ask {
			ask := w.Ask("", d, 1)
			ask.Medium = text
			return ask
		}
		refused := func(ask checkin.Ask, why *fault.Definition) {
			t.Helper()
			_, err := w.Module.Admit(ctx, gate, ask)
			want(t, err, why)
		}
		for _, bad := range []string{"", "04A1B2C3", "nfc:04A1", "bar:x", "nfc:04A1B2C3Z4"} {
			_, err := w.Module.Bind(ctx, gate, checkin.MediumAsk{Medium: bad, Code: paper})
			want(t, err, fault.BadInput)
		}
		refused(band("nfc:04A1B2C3D4", checkin.Entry), checkin.ErrMediumUnknown)
		first, err := w.Module.Bind(ctx, gate, checkin.MediumAsk{Medium: "nfc:04:a1:b2:c3:d4",
			Code: paper})
		if err != nil || first.State != checkin.MediumBound || first.Ticket != made[0].ID {
			t.Fatal(first, err)
		}
		refused(w.Ask(paper, checkin.Entry, 1), checkin.ErrExchanged)
		now := w.Find(made[0].ID)
		refused(w.Ask(w.Code(now), checkin.Entry, 1), checkin.ErrExchanged)
		_, err = w.Module.Bind(ctx, gate, checkin.MediumAsk{Medium: "nfc:04A1B2C3D4", Code: other})
		want(t, err, checkin.ErrMediumTaken)
		_, err = w.Module.Bind(ctx, checkintest.Manager(), checkin.MediumAsk{Medium: "bar:BAND-7",
			Ticket: made[0].ID})
		want(t, err, checkin.ErrMediumBefore)
		if a, err := w.Module.Admit(ctx, gate, band("nfc:04A1B2C3D4", checkin.Entry)); err != nil ||
			a.Holder.ID != made[0].ID {
			t.Fatal(a, err)
		}
		refused(band("nfc:04A1B2C3D4", checkin.Entry), checkin.ErrAlreadyUsed)
		if _, err := w.Module.Admit(ctx, gate, band("nfc:04A1B2C3D4", checkin.Exit)); err != nil {
			t.Fatal(err)
		}
		second, err := w.Module.Bind(ctx, checkintest.Manager(), checkin.MediumAsk{
			Medium: "bar:BAND-7", Ticket: made[0].ID, Replace: true})
		if err != nil || second.Kind != checkin.MediumBarcode {
			t.Fatal(second, err)
		}
		refused(band("nfc:04A1B2C3D4", checkin.Exit), checkin.ErrMediumUnknown)
		_, err = w.Module.Bind(ctx, gate, checkin.MediumAsk{Medium: "nfc:04A1B2C3D4", Code: other})
		want(t, err, checkin.ErrMediumTaken) // it was lost, and somebody has it
		if _, err = w.Module.Unbind(ctx, gate,
			checkin.MediumAsk{Medium: "bar:BAND-7"}); err == nil {
			t.Fatal("a gate frees a wristband")
		}
		for _, m := range []string{"nfc:04A1B2C3D4", "bar:BAND-7"} {
			free, err := w.Module.Unbind(ctx, checkintest.Manager(), checkin.MediumAsk{Medium: m})
			if err != nil || free.State != checkin.MediumFree || free.Ticket != 0 {
				t.Fatal(free, err)
			}
		}
		refused(w.Ask(w.Code(w.Find(made[0].ID)), checkin.Entry, 1), checkin.ErrAlreadyUsed)
		if _, err := w.Module.Bind(ctx, gate, checkin.MediumAsk{Medium: "nfc:04A1B2C3D4",
			Code: other}); err != nil {
			t.Fatal("it came back, and the next visitor does not get it:", err)
		}
		l, list := all(t, w, gate, checkin.ListMark{})
		if len(list) != 2 || len(l.Media) != 1 || !bytes.Equal(l.Media[made[1].ID],
			checkin.MediumHash(l.MediaKey, "nfc:04A1B2C3D4")) {
			t.Fatalf("%x of %d tickets", l.Media, len(list))
		}
		clean(t, w)
	})
}

// One wristband is bound once, however many counters take it at one instant.
func TestOneWristbandAtManyCounters(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		made := w.Issue(w.Session(tickettest.Venue, 0), tickettest.Units(8))
		done := make(chan error)
		for i := range made {
			go func() {
				_, err := w.Module.Bind(ctx, checkintest.Manager(), checkin.MediumAsk{
					Medium: "bar:ONE-BAND", Ticket: made[i].ID})
				done <- err
			}()
		}
		bound := 0
		for range made {
			if err := <-done; err == nil {
				bound++
			} else if k := fault.KindOf(err); k != fault.Conflict {
				t.Error(err)
			}
		}
		var raised int
		if err := w.DB.InTx(ctx, func(tx *sqldb.Tx) error {
			return tx.QueryRow(`SELECT COUNT(*) FROM ticket WHERE code_version > 1`).Scan(&raised)
		}); err != nil {
			t.Fatal(err)
		}
		if bound != 1 || raised != 1 {
			t.Fatalf("bound %d times, %d codes were replaced", bound, raised)
		}
	})
}
