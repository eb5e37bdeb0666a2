package rekey

import (
	"context"
	"errors"
	"math"

	"foyer/internal/invoice"
	"foyer/internal/member"
	"foyer/internal/notify/inbox"
	"foyer/internal/staff"
)

// The tables with sealed values. What is not here lives shorter than a key has to rest
// before it can be retired (codes by SMS), or is sealed under a member's own key, which
// stays the same below its seal (phone, name, the personal part of the journal).

func (k *Keys) members() table {
	return &sealed[member.Record]{of: "member", db: k.DB,
		after: func(ctx context.Context, last member.Record, n int) ([]member.Record, error) {
			return k.Members.MembersAfter(ctx, last.ID, n)
		},
		again: func(_ context.Context, r member.Record) (member.Record, bool, error) {
			return member.Rekeyed(k.Ring, r)
		},
		store:   k.Members.RekeyMemberIfSame,
		stored:  func(old member.Record) { k.Ring.ForgetSubject(old.SubjectKey) },
		seals:   func(r member.Record) [][]byte { return [][]byte{r.SubjectKey} },
		indexes: func(r member.Record) [][]byte { return [][]byte{r.PhoneIndex} },
	}
}

var errNoMember = errors.New("rekey: a row belongs to no member")

func (k *Keys) tails() table {
	return &sealed[member.Tail]{of: "member_tail", db: k.DB,
		first: member.Tail{Organization: math.MinInt64},
		after: k.Members.TailsAfter,
		again: func(ctx context.Context, t member.Tail) (member.Tail, bool, error) {
			if !k.Ring.IndexIsOld(t.Index) {
				return t, false, nil
			}
			r, ok, err := k.Members.ByID(ctx, t.Member)
			if err == nil && !ok {
				err = errNoMember
			}
			if err != nil {
				return t, false, err
			}
			return member.RekeyedTail(k.Ring, r, t)
		},
		store:   k.Members.RekeyTailIfSame,
		stored:  func(member.Tail) {},
		seals:   func(member.Tail) [][]byte { return nil },
		indexes: func(t member.Tail) [][]byte { return [][]byte{t.Index} },
	}
}

func (k *Keys) emails() table {
	return &sealed[member.Email]{of: "member_email", db: k.DB,
		after: func(ctx context.Context, last member.Email, n int) ([]member.Email, error) {
			return k.Persons.EmailsAfter(ctx, last.Member, n)
		},
		again: func(ctx context.Context, e member.Email) (member.Email, bool, error) {
			r, err := k.owner(ctx, e.Member)
			if err != nil {
				return e, false, err
			}
			return member.RekeyedEmail(k.Ring, r, e)
		},
		store:   k.Persons.RekeyEmailIfSame,
		stored:  func(member.Email) {},
		seals:   func(member.Email) [][]byte { return nil },
		indexes: func(e member.Email) [][]byte { return [][]byte{e.Index} },
	}
}

func (k *Keys) companions() table {
	return &sealed[member.SealedCompanion]{of: "companion", db: k.DB,
		after: func(ctx context.Context, last member.SealedCompanion, n int,
		) ([]member.SealedCompanion, error) {
			return k.Persons.CompanionsAfter(ctx, last.ID, n)
		},
		again: func(ctx context.Context, c member.SealedCompanion,
		) (member.SealedCompanion, bool, error) {
			r, err := k.owner(ctx, c.Member)
			if err != nil {
				return c, false, err
			}
			return member.RekeyedCompanion(k.Ring, r, c)
		},
		store:   k.Persons.RekeyCompanionIfSame,
		stored:  func(member.SealedCompanion) {},
		seals:   func(member.SealedCompanion) [][]byte { return nil },
		indexes: func(c member.SealedCompanion) [][]byte { return [][]byte{c.Index} },
	}
}

// owner is the member whose key seals a row.
func (k *Keys) owner(ctx context.Context, id int64) (member.Record, error) {
	r, ok, err := k.Members.ByID(ctx, id)
	if err == nil && !ok {
		err = errNoMember
	}
	return r, err
}

func (k *Keys) persons() table {
	return &sealed[staff.Record]{of: "staff", db: k.DB,
		after: func(ctx context.Context, last staff.Record, n int) ([]staff.Record, error) {
			return k.Staff.PeopleAfter(ctx, last.ID, n)
		},
		again: func(_ context.Context, r staff.Record) (staff.Record, bool, error) {
			return staff.Rekeyed(k.Ring, r)
		},
		store:   k.Staff.RekeyPersonIfSame,
		stored:  func(staff.Record) {},
		seals:   func(r staff.Record) [][]byte { return [][]byte{r.EmailSealed, r.TOTPSealed} },
		indexes: func(r staff.Record) [][]byte { return [][]byte{r.EmailIndex} },
	}
}

func (k *Keys) invitations() table {
	return &sealed[staff.Invitation]{of: "invitation", db: k.DB,
		after: func(ctx context.Context, last staff.Invitation, n int) ([]staff.Invitation, error) {
			return k.Staff.InvitationsAfter(ctx, last.ID, n)
		},
		again: func(_ context.Context, v staff.Invitation) (staff.Invitation, bool, error) {
			return staff.RekeyedInvitation(k.Ring, v)
		},
		store:   k.Staff.RekeyInvitationIfSame,
		stored:  func(staff.Invitation) {},
		seals:   func(v staff.Invitation) [][]byte { return [][]byte{v.EmailSealed} },
		indexes: func(staff.Invitation) [][]byte { return nil },
	}
}

func (k *Keys) messages() table {
	return &sealed[inbox.Sealed]{of: "inbox_message", db: k.DB,
		after: func(ctx context.Context, last inbox.Sealed, n int) ([]inbox.Sealed, error) {
			return k.Inbox.MessagesAfter(ctx, last.ID, n)
		},
		again: func(_ context.Context, m inbox.Sealed) (inbox.Sealed, bool, error) {
			return inbox.Rekeyed(k.Ring, m)
		},
		store:   k.Inbox.RekeyMessageIfSame,
		stored:  func(inbox.Sealed) {},
		seals:   func(m inbox.Sealed) [][]byte { return [][]byte{m.Recipient, m.Body} },
		indexes: func(inbox.Sealed) [][]byte { return nil },
	}
}

func (k *Keys) invoices() table {
	return &sealed[invoice.Request]{of: "invoice_request", db: k.DB,
		after: func(ctx context.Context, last invoice.Request, n int) ([]invoice.Request, error) {
			return k.Invoices.RequestsAfter(ctx, last.ID, n)
		},
		again: func(_ context.Context, r invoice.Request) (invoice.Request, bool, error) {
			return invoice.Rekeyed(k.Ring, r)
		},
		store:   k.Invoices.RekeyRequestIfSame,
		stored:  func(invoice.Request) {},
		seals:   func(r invoice.Request) [][]byte { return [][]byte{r.Sealed} },
		indexes: func(invoice.Request) [][]byte { return nil },
	}
}
