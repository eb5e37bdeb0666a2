package invoice

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// may refuses who does not handle invoices of the organization.
func may(who actor.Actor, s actor.Scope) error {
	switch {
	case who.May(PermManage, s.Organization, 0):
		return nil
	case slices.Contains(who.Organizations(), s.Organization):
		return fault.NotAllowed.With("permission", string(PermManage))
	}
	return fault.Missing
}

// List is a page of an organization's requests, newest first, and the key to read below; 0
// after the last page.
func (v *Invoices) List(ctx context.Context, who actor.Actor, s actor.Scope, f Filter) (
	list []*Request, next int64, err error,
) {
	if err := may(who, s); err != nil {
		return nil, 0, err
	}
	page := f.Limit
	f.Limit++
	if list, err = v.Store.List(ctx, s, f); err != nil {
		return nil, 0, err
	}
	if len(list) > page {
		list = list[:page]
		next = list[page-1].ID
	}
	for _, r := range list {
		if err := v.open(r); err != nil {
			return nil, 0, err
		}
	}
	return list, next, nil
}

// Limits of one export.
const (
	MaxBatch    = 2000
	exportSlice = 20 // rows in one piece of bulk work
)

// Export takes up to MaxBatch waiting requests into a batch: from then on they cannot be
// changed. What went back in full meanwhile is withdrawn instead. Stopping midway leaves the
// rest waiting for the next batch. Refused with fault.Missing, fault.NotAllowed,
// ErrNoneWaiting.
func (v *Invoices) Export(ctx context.Context, who actor.Actor, s actor.Scope) (
	b Batch, n int, err error,
) {
	if err := may(who, s); err != nil {
		return b, 0, err
	}
	list, err := v.Store.Waiting(ctx, s, 0, MaxBatch)
	if err != nil {
		return b, 0, err
	}
	if len(list) == 0 {
		return b, 0, ErrNoneWaiting
	}
	b = Batch{ID: v.IDs.Next(), Organization: s.Organization, MadeBy: who.ID}
	err = v.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		b.MadeAt = tx.Now
		return v.Store.InsertBatch(tx, b)
	})
	if err != nil {
		return b, 0, err
	}
	for slice := range slices.Chunk(list, exportSlice) {
		took, err := v.exportSome(ctx, who, b, slice)
		if n += took; err != nil {
			return b, n, err
		}
	}
	return b, n, nil
}

// exportSome takes a slice of requests into a batch, each unless it changed since.
func (v *Invoices) exportSome(ctx context.Context, who actor.Actor, b Batch, list []*Request) (
	n int, err error,
) {
	err = v.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		n = 0
		for _, seen := range list {
			bill, err := v.Orders.BillIn(tx, seen.Organization, seen.Order)
			if err != nil {
				return err
			}
			r := *seen
			r.Paid, r.State = bill.Left, Withdrawn
			if bill.Left > 0 {
				r.State, r.Amount, r.Batch, r.ExportedAt = Exported, bill.Left, b.ID, tx.Now
			}
			ok, err := v.Store.UpdateIfRevision(tx, &r)
			if err != nil {
				return err
			}
			if ok && r.State == Exported {
				n++
			}
		}
		raw, err := json.Marshal(map[string]any{"requests": n})
		if err != nil {
			return err
		}
		v.Journal.Append(tx, journal.Entry{Actor: who, Organization: b.Organization,
			Action: "invoice.exported", Data: raw,
			Objects: []journal.Object{{Kind: string(KindBatch), ID: b.ID}}})
		return nil
	})
	return n, err
}

// Rows are all requests of a batch, opened; that somebody read them all is in the journal.
func (v *Invoices) Rows(ctx context.Context, who actor.Actor, s actor.Scope, batch int64) (
	[]*Request, error,
) {
	if err := may(who, s); err != nil {
		return nil, err
	}
	if _, err := v.Store.Batch(ctx, s, batch); err != nil {
		return nil, err
	}
	var all []*Request
	for after := int64(0); len(all) < MaxBatch; {
		page, err := v.Store.OfBatch(ctx, s, batch, after, 200)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			if err := v.open(r); err != nil {
				return nil, err
			}
		}
		all = append(all, page...)
		after = page[len(page)-1].ID
	}
	return all, v.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		v.Journal.Append(tx, journal.Entry{Actor: who, Organization: s.Organization,
			Action: "invoice.batch_read", Data: []byte(`{}`),
			Objects: []journal.Object{{Kind: string(KindBatch), ID: batch}}})
		return nil
	})
}

// SetNumber types back the number of an invoice that was issued; it may be corrected.
// Refused with fault.Missing, fault.NotAllowed, ErrNumber, ErrNotExported, fault.Stale.
func (v *Invoices) SetNumber(ctx context.Context, who actor.Actor, s actor.Scope, id int64,
	number string, revision int64,
) (*Request, error) {
	return v.amend(ctx, who, s, id, number, revision, "invoice.numbered",
		func(tx *sqldb.Tx, r *Request, number string) error {
			if !r.out() {
				return ErrNotExported
			}
			r.State, r.Number, r.IssuedAt = Issued, number, tx.Now
			return nil
		})
}

// SetRed types back the number of a red letter, which took back what went back to the buyer.
// Refused as SetNumber, and with ErrNoRed.
func (v *Invoices) SetRed(ctx context.Context, who actor.Actor, s actor.Scope, id int64,
	number string, revision int64,
) (*Request, error) {
	return v.amend(ctx, who, s, id, number, revision, "invoice.red_lettered",
		func(_ *sqldb.Tx, r *Request, number string) error {
			if !r.out() {
				return ErrNotExported
			}
			due := r.RedNeeded()
			if due == 0 {
				return ErrNoRed
			}
			r.Red, r.RedNumber = r.Red+due, number
			return nil
		})
}

func (v *Invoices) amend(ctx context.Context, who actor.Actor, s actor.Scope, id int64,
	number string, revision int64, action string,
	edit func(tx *sqldb.Tx, r *Request, number string) error,
) (*Request, error) {
	if err := may(who, s); err != nil {
		return nil, err
	}
	number, err := invoiceNumber(number)
	if err != nil {
		return nil, err
	}
	var out *Request
	err = v.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, err := v.Store.Find(tx, s, id)
		if err != nil {
			return err
		}
		bill, err := v.Orders.BillIn(tx, r.Organization, r.Order)
		if err != nil {
			return err
		}
		r.Paid = bill.Left
		if err := edit(tx, r, number); err != nil {
			return err
		}
		if r.Revision != revision {
			return fault.Stale.With("revision", r.Revision)
		}
		if err := v.update(tx, r); err != nil {
			return err
		}
		out = r
		return v.note(tx, who, action, r, map[string]any{"number": number})
	})
	if err != nil {
		return nil, err
	}
	return out, v.open(out)
}

// invoiceNumber is a number as it stands on an invoice.
func invoiceNumber(raw string) (string, error) {
	n := strings.ToUpper(strings.Join(strings.Fields(raw), ""))
	if len(n) < 8 || len(n) > 40 || strings.ContainsFunc(n, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z')
	}) {
		return "", ErrNumber.At("number", "has 8 to 40 letters and digits / 8 至 40 位")
	}
	return n, nil
}
