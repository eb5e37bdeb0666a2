package doctor_test

import (
	"testing"

	"foyer/internal/catalog"
	"foyer/internal/doctor"
	"foyer/internal/document"
	"foyer/internal/order"
	"foyer/internal/order/ordertest"
	"foyer/internal/ticket"
	"foyer/internal/visitor"
)

// ruled leaves orders of a session that asks who buys: paid, partly given back and lapsed.
func ruled(t *testing.T, w *ordertest.World) (h *house) {
	t.Helper()
	h = &house{World: w}
	h.Session = h.OnSale(t, func(s *catalog.Session) {
		s.RealName = &catalog.RealName{Mode: catalog.NamesEvery, PerDocument: 1}
		s.Limits = &catalog.Limits{PerPhone: 4, OneRefund: true, NoRebooking: true}
	})
	line := func(place int32, numbers ...string) order.LineAsk {
		l := ordertest.Seats(h.Types.Adult)
		for i, number := range numbers {
			l.Places = append(l.Places, place+int32(i))
			l.Visitors = append(l.Visitors, visitor.Person{Name: "王", Kind: document.Passport,
				Number: number})
		}
		return l
	}
	h.paid = h.Buy(t, ordertest.Member(2), line(1, "E11111111", "E22222222"))
	h.back = h.Buy(t, ordertest.Member(4), line(11, "E33333333", "E44444444"))
	if _, err := h.Return(ordertest.Member(4), h.back.ID,
		ticket.UnitRef{Line: 1, Unit: 2}); err != nil {
		t.Fatal(err)
	}
	h.Lapse(t, h.Place(t, ordertest.Member(6), line(21, "E55555555")))
	return h
}

// TestCountersOfBuyersAreLookedAt spoils each thing that I8 says of who may buy.
func TestCountersOfBuyersAreLookedAt(t *testing.T) {
	t.Parallel()
	ordertest.Each(t, func(t *testing.T, w *ordertest.World) {
		h := ruled(t, w)
		for _, f := range h.examine(t).Findings {
			t.Error(f)
		}
	})
	for name, query := range map[string]string{
		"a document is counted twice": `UPDATE limit_counter SET n = n + 1 WHERE kind = 4`,
		"a phone is forgotten":        `UPDATE limit_counter SET n = 0 WHERE kind = 2`,
		"a right is given back":       `UPDATE limit_counter SET n = 0 WHERE kind = 7`,
		"a counter is gone":           `DELETE FROM limit_counter WHERE kind = 2`,
		"an order counts less":        `UPDATE limit_take SET n = n - 1 WHERE kind = 2 AND n > 0`,
		"a lapsed order counts":       `UPDATE limit_take SET live = 1 WHERE live = 0`,
		"a paid order counts nothing": `DELETE FROM limit_take WHERE kind = 4 AND live = 1`,
		"a person is gone": `UPDATE visitor SET state = 2 WHERE line = 1 AND unit = 1
			/* any organization: a test */`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := ruled(t, ordertest.Open(t))
			h.spoil(t, query)
			for _, f := range h.examine(t).Findings {
				if f.Rule == doctor.I8 {
					return
				}
			}
			t.Error("nobody noticed")
		})
	}
}

// TestClosedAccountsAreEmpty spoils each thing that I10 says of a closed account.
func TestClosedAccountsAreEmpty(t *testing.T) {
	t.Parallel()
	const gone = `INSERT INTO member (id, state, phone_index, phone_sealed, name_sealed,
		subject_key, password, language, revision, created_at) VALUES `
	for name, c := range map[string]struct {
		sound bool
		query string
	}{
		"an empty one":        {true, gone + `(99, 'closed', NULL, NULL, NULL, '', '', 'zh', 2, 1)`},
		"one that paid":       {true, gone + `(1000002, 'closed', NULL, NULL, NULL, '', '', 'zh', 2, 1)`},
		"one that is open":    {true, gone + `(1000006, 'active', 'a', 'b', NULL, 'k', '', 'zh', 2, 1)`},
		"a name":              {false, gone + `(99, 'closed', NULL, NULL, 'n', '', '', 'zh', 2, 1)`},
		"a key":               {false, gone + `(99, 'closed', NULL, NULL, NULL, 'k', '', 'zh', 2, 1)`},
		"people of its order": {false, gone + `(1000006, 'closed', NULL, NULL, NULL, '', '', 'zh', 2, 1)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := ruled(t, ordertest.Open(t))
			h.spoil(t, c.query)
			found := h.examine(t).Findings
			if c.sound != (len(found) == 0) || !c.sound && found[0].Rule != doctor.I10 {
				t.Error(found)
			}
		})
	}
}
