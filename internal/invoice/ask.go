package invoice

import (
	"context"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/pii"
	"foyer/internal/sqldb"
)

// Wish is what a buyer asks for.
type Wish struct {
	TitleKind TitleKind
	Details
}

// check tidies a wish and collects what is wrong with it.
func (w *Wish) check() error {
	var p fault.Problems
	w.Title = strings.TrimSpace(w.Title)
	if n := utf8.RuneCountInString(w.Title); n < 1 || n > 100 || !utf8.ValidString(w.Title) ||
		strings.ContainsFunc(w.Title, unicode.IsControl) {
		p.Add("title", "must have 1 to 100 printable characters / 应为 1 至 100 个字符")
	}
	email, err := pii.Email(w.Email)
	if err != nil {
		p.Add("email", "is no e-mail address / 邮箱格式有误")
	}
	w.Email = email
	tax, ok := TaxNumber(w.TaxNumber)
	w.TaxNumber = tax
	switch w.TitleKind {
	case Company:
		if p.Len() == 0 && !ok {
			return ErrTaxNumber.At("tax_number", "is no tax number / 税号有误")
		} else if !ok {
			p.Add("tax_number", "is no tax number / 税号有误")
		}
	case Person:
		if w.TaxNumber != "" {
			p.Add("tax_number", "belongs to companies / 个人抬头无需填写税号")
		}
	default:
		p.Add("title_kind", "must be person or company / 抬头类型有误")
	}
	return p.Err()
}

// Ask asks for an invoice of the caller's paid order, or changes what was asked. Months later
// is not too late. Refused with fault.Missing, fault.BadInput, ErrTaxNumber, ErrNotPaid,
// ErrNothingLeft, ErrExported.
func (v *Invoices) Ask(ctx context.Context, who actor.Actor, order int64, w Wish) (
	*Request, error,
) {
	bill, err := v.Orders.Bill(ctx, who, order)
	if err != nil {
		return nil, err
	}
	if err := v.handles(who, bill.Organization); err != nil {
		return nil, err
	}
	if err := w.check(); err != nil {
		return nil, err
	}
	plain, err := json.Marshal(w.Details)
	if err != nil {
		return nil, err
	}
	id := v.IDs.Next()
	var out *Request
	err = v.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		var err error
		out, err = v.ask(tx, who, bill, w, id, plain)
		return err
	})
	return out, err
}

// handles refuses staff who do not handle invoices; a buyer always may ask for his own.
func (v *Invoices) handles(who actor.Actor, organization int64) error {
	if who.Kind == actor.Staff && !who.May(PermManage, organization, 0) {
		return fault.NotAllowed.With("permission", string(PermManage))
	}
	return nil
}

func (v *Invoices) ask(tx *sqldb.Tx, who actor.Actor, bill Bill, w Wish, id int64,
	plain []byte,
) (*Request, error) {
	now, err := v.Orders.BillIn(tx, bill.Organization, bill.Order)
	switch {
	case err != nil:
		return nil, err
	case !now.Paid:
		return nil, ErrNotPaid
	case now.Left <= 0:
		return nil, ErrNothingLeft
	}
	old, err := v.Store.OfOrder(tx, actor.Scope{Organization: bill.Organization}, bill.Order)
	if err != nil {
		return nil, err
	}
	r := &Request{ID: id, Organization: bill.Organization, Order: bill.Order,
		Member: bill.Member, Currency: now.Currency, AskedAt: tx.Now, Revision: 1}
	if old != nil {
		if old.out() {
			return nil, ErrExported.With("state", old.State)
		}
		c := *old
		r = &c
	}
	r.State, r.TitleKind, r.Details, r.Paid = Requested, w.TitleKind, w.Details, now.Left
	r.Sealed = v.Vault.Seal("invoice_request", "sealed", r.ID, plain)
	action := "invoice.asked"
	if old == nil {
		err = v.Store.Insert(tx, r)
	} else {
		action = "invoice.changed"
		err = v.update(tx, r)
	}
	if err != nil {
		return nil, err
	}
	return r, v.note(tx, who, action, r, nil)
}

// update writes a request over the revision that was read.
func (v *Invoices) update(tx *sqldb.Tx, r *Request) error {
	ok, err := v.Store.UpdateIfRevision(tx, r)
	if err == nil && !ok {
		err = fault.Stale
	}
	r.Revision++
	return err
}

func (v *Invoices) note(tx *sqldb.Tx, who actor.Actor, action string, r *Request,
	more map[string]any,
) error {
	data := map[string]any{"title_kind": r.TitleKind, "paid_minor": r.Paid}
	for k, d := range more {
		data[k] = d
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	v.Journal.Append(tx, journal.Entry{Actor: who, Organization: r.Organization, Action: action,
		Data: raw, Objects: []journal.Object{
			{Kind: string(KindRequest), ID: r.ID, Revision: r.Revision},
			{Kind: "ord", ID: r.Order}}})
	return nil
}

// OfOrder is what was asked for an order that the caller may see; fault.Missing without one.
func (v *Invoices) OfOrder(ctx context.Context, who actor.Actor, order int64) (*Request, error) {
	bill, err := v.Orders.Bill(ctx, who, order)
	if err != nil {
		return nil, err
	}
	if err := v.handles(who, bill.Organization); err != nil {
		return nil, err
	}
	r, err := v.Store.Get(ctx, actor.Scope{Organization: bill.Organization}, order)
	if err != nil {
		return nil, err
	}
	r.Paid = bill.Left
	return r, v.open(r)
}

// open reads what is sealed.
func (v *Invoices) open(r *Request) error {
	plain, err := v.Vault.Open("invoice_request", "sealed", r.ID, r.Sealed)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, &r.Details)
}

// Withdraw takes a request back that was not exported. Withdrawing anew changes nothing.
// Refused with fault.Missing, ErrExported.
func (v *Invoices) Withdraw(ctx context.Context, who actor.Actor, order int64) error {
	bill, err := v.Orders.Bill(ctx, who, order)
	if err != nil {
		return err
	}
	if err := v.handles(who, bill.Organization); err != nil {
		return err
	}
	return v.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, err := v.Store.OfOrder(tx, actor.Scope{Organization: bill.Organization}, order)
		switch {
		case err != nil:
			return err
		case r == nil:
			return fault.Missing
		case r.out():
			return ErrExported.With("state", r.State)
		case r.State == Withdrawn:
			return nil
		}
		r.State = Withdrawn
		if err := v.update(tx, r); err != nil {
			return err
		}
		return v.note(tx, who, "invoice.withdrawn", r, nil)
	})
}

// Left notes in the transaction of a refund what the order has left: an invoice that was
// exported before then needs a red letter. It costs one statement.
func (v *Invoices) Left(tx *sqldb.Tx, organization, order int64, left money.Minor) error {
	return v.Store.SetPaid(tx, organization, order, left)
}
