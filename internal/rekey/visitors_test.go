package rekey_test

import (
	"fmt"

	"foyer/internal/document"
	"foyer/internal/sqldb"
	"foyer/internal/visitor"
	"foyer/internal/visitor/visitordb"
)

// names leaves people who enter, and the key of an event.
func (h *house) names(n int) {
	h.t.Helper()
	store := visitordb.New(h.DB)
	h.must(h.DB.InTx(ctx(), func(tx *sqldb.Tx) error {
		for i := 1; i <= n; i++ {
			id := int64(i)
			if err := store.Insert(tx, []visitor.Row{{ID: id, Organization: organization,
				Order: 1, Session: 2, Line: 1, Unit: i, Person: 1, Subject: id,
				Kind: document.Passport, DeleteAfter: tx.Now.AddDate(1, 0, 0),
				Sealed: h.Ring.Seal("visitor", "sealed", id, fmt.Appendf(nil,
					`{"n":"王","d":"E%08d"}`, i))}}); err != nil {
				return err
			}
		}
		_, err := store.SaveKey(tx, organization, 3, h.Ring.Seal("visitor_key", "sealed", 3,
			make([]byte, 32)))
		return err
	}))
}

// mustOpenNames reads them as the gate does.
func (h *house) mustOpenNames(n int) {
	h.t.Helper()
	fresh := visitor.New(visitor.Deps{DB: h.DB, Store: visitordb.New(h.DB), Keys: h.Ring,
		Clock: h.clk, IDs: h.IDs, Log: h.Log})
	list, err := fresh.OfOrder(ctx(), organization, 1)
	if err != nil || len(list) != n || list[n-1].Number != fmt.Sprintf("E0*****%02d", n) {
		h.t.Fatal(list, err)
	}
	hashes := 0
	err = fresh.Hashes(ctx(), organization, 3, 2, func(page []visitor.Hashed) error {
		hashes += len(page)
		return nil
	})
	if err != nil || hashes != n {
		h.t.Fatal(hashes, err)
	}
}
