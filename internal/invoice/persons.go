package invoice

import (
	"context"
	"encoding/json"

	"foyer/internal/sqldb"
)

// keepYears is how long the law keeps for whom an invoice was made out: thirty years for
// vouchers, by the rules for accounting files (会计档案管理办法, 2016).
const keepYears = 30

// PersonStore is the SQL for whoever closes an account or asks what is kept; package
// invoicedb implements it.
type PersonStore interface {
	// OfMember is a page of a member's requests after an id, and OfMemberIn in a transaction.
	OfMember(ctx context.Context, member, after int64, limit int) ([]*Request, error)
	OfMemberIn(tx *sqldb.Tx, member, after int64, limit int) ([]*Request, error)
	WaitingOf(tx *sqldb.Tx, member int64) (bool, error)
	DeleteWithdrawn(tx *sqldb.Tx, member int64) error
	// KeepUntil stores what is left of a request and the day on which that goes.
	KeepUntil(tx *sqldb.Tx, r *Request) error
	// DeleteDue deletes up to limit requests whose day has come, and says how many.
	DeleteDue(tx *sqldb.Tx, limit int) (int, error)
}

// OfMember is a page of a member's requests after an id, opened.
func (v *Invoices) OfMember(ctx context.Context, member, after int64, limit int) (
	[]*Request, error,
) {
	list, err := v.Store.OfMember(ctx, member, after, limit)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		if err := v.open(r); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// WaitingOf says whether a member has a request that waits for the house.
func (v *Invoices) WaitingOf(tx *sqldb.Tx, member int64) (bool, error) {
	return v.Store.WaitingOf(tx, member)
}

const forgetPage = 100

// Forget erases what a closed account asked for and took back. Of what the house has made
// out, the address goes at once; title and tax number stay for as long as the law keeps
// vouchers.
func (v *Invoices) Forget(tx *sqldb.Tx, member int64) error {
	if err := v.Store.DeleteWithdrawn(tx, member); err != nil {
		return err
	}
	for after := int64(0); ; {
		list, err := v.Store.OfMemberIn(tx, member, after, forgetPage)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, r := range list {
			after = r.ID
			if err := v.open(r); err != nil {
				return err
			}
			r.Email = ""
			plain, err := json.Marshal(r.Details)
			if err != nil {
				return err
			}
			r.Sealed = v.Vault.Seal("invoice_request", "sealed", r.ID, plain)
			r.EraseAfter = r.ExportedAt.AddDate(keepYears, 0, 0)
			if err := v.Store.KeepUntil(tx, r); err != nil {
				return err
			}
		}
	}
}

const (
	sweepAtOnce = 100
	sweepsEach  = 100 // pieces in one call
)

// Sweep deletes the requests whose day has come, and says how many.
func (v *Invoices) Sweep(ctx context.Context) (int, error) {
	return v.DB.Sweep(ctx, sweepsEach, sweepAtOnce, v.Store.DeleteDue)
}
