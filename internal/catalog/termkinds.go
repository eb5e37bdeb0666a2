package catalog

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/idgen"
	"foyer/internal/money"
	"foyer/internal/offer"
	"foyer/internal/sqldb"
)

// CreateOffer makes a discount by rule. Sessions that it is for get a new revision. Refused
// with fault.Missing, fault.NotAllowed, fault.BadInput, ErrTooManyOffers, and with
// *approval.Asked where the house wants two people for it; so are the five below.
func (c *Catalog) CreateOffer(ctx context.Context, who actor.Actor, o Offer) (*Offer, error) {
	return makeTerms(c, ctx, c.offerTerms(), who, o)
}

// UpdateOffer replaces a discount by rule; orders keep what they were given.
func (c *Catalog) UpdateOffer(ctx context.Context, who actor.Actor, o Offer) (*Offer, error) {
	return changeTerms(c, ctx, c.offerTerms(), who, o)
}

// CarryOffer makes or changes an offer as it was asked.
func (c *Catalog) CarryOffer(ctx context.Context, in approval.Carried, done approval.Once) error {
	return carryTerms(c, ctx, c.offerTerms(), in, done)
}

// CreateRelease makes the tiers of a ticket type.
func (c *Catalog) CreateRelease(ctx context.Context, who actor.Actor, r Release) (*Release, error) {
	return makeTerms(c, ctx, c.releaseTerms(), who, r)
}

// UpdateRelease replaces the tiers. What was sold of a tier stays counted under its key.
func (c *Catalog) UpdateRelease(ctx context.Context, who actor.Actor, r Release) (*Release, error) {
	return changeTerms(c, ctx, c.releaseTerms(), who, r)
}

// CarryRelease makes or changes a release as it was asked.
func (c *Catalog) CarryRelease(ctx context.Context, in approval.Carried, done approval.Once) error {
	return carryTerms(c, ctx, c.releaseTerms(), in, done)
}

// CreateBatch makes a batch without codes.
func (c *Catalog) CreateBatch(ctx context.Context, who actor.Actor, b CodeBatch) (*CodeBatch,
	error) {
	return makeTerms(c, ctx, c.batchTerms(), who, b)
}

// UpdateBatch replaces what the codes of a batch are good for. How often a code may be
// used stays, since each code was made with it.
func (c *Catalog) UpdateBatch(ctx context.Context, who actor.Actor, b CodeBatch) (*CodeBatch,
	error) {
	return changeTerms(c, ctx, c.batchTerms(), who, b)
}

// CarryBatch makes or changes a batch as it was asked.
func (c *Catalog) CarryBatch(ctx context.Context, in approval.Carried, done approval.Once) error {
	return carryTerms(c, ctx, c.batchTerms(), in, done)
}

func (c *Catalog) offerTerms() terms[Offer] {
	return terms[Offer]{kit: c.offers, kind: ApproveOffer, ends: true,
		check: (*Offer).check,
		take: func(_, next, wrote *Offer) error {
			next.OfferInfo = wrote.OfferInfo
			return nil
		},
		finish: func(tx *sqldb.Tx, was, next *Offer) error {
			if err := c.finishOffer(tx, next); err != nil {
				return err
			}
			return c.bumpFrom(tx, next.Organization, scopeIn(was), next.Scope)
		},
		name:   func(o *Offer) string { return o.Rule.Name },
		facts:  c.offerFacts,
		atMost: func(o *Offer) (money.Minor, bool) { return o.Rule.AtMost() }}
}

// scopeIn is the scope of what there was; nil without any.
func scopeIn(was *Offer) *Scope {
	if was == nil {
		return nil
	}
	return &was.Scope
}

// finishOffer refuses what the rule names and is not the organization's.
func (c *Catalog) finishOffer(tx *sqldb.Tx, o *Offer) error {
	o.Rule.ID = o.ID
	n := c.names(tx, o.Organization)
	n.scope(o.Scope)
	n.types("ticket_type_ids", o.Rule.Types)
	for i, need := range o.Rule.Needs {
		n.types(fmt.Sprintf("needs[%d].ticket_type_ids", i), need.Types)
	}
	return n.end()
}

func (c *Catalog) releaseTerms() terms[Release] {
	return terms[Release]{kit: c.releases, kind: ApproveRelease,
		check: (*Release).check,
		take: func(_, next, wrote *Release) error {
			next.ReleaseInfo = wrote.ReleaseInfo
			return nil
		},
		finish: func(tx *sqldb.Tx, was, next *Release) error {
			n := c.names(tx, next.Organization)
			n.scope(next.Scope)
			n.one("ticket_type_id", next.TicketType, c.ticketTypes.store.Find)
			if err := n.end(); err != nil {
				return err
			}
			var from *Scope
			if was != nil {
				from = &was.Scope
			}
			return c.bumpFrom(tx, next.Organization, from, next.Scope)
		},
		name:  func(r *Release) string { return r.Name },
		facts: c.releaseFacts,
		atMost: func(r *Release) (money.Minor, bool) {
			most, bounded := r.Ladder.AtMost()
			return most, bounded && (r.SessionID != 0 || most == 0)
		}}
}

func (c *Catalog) batchTerms() terms[CodeBatch] {
	return terms[CodeBatch]{kit: c.batches, kind: ApproveBatch, ends: true,
		check: (*CodeBatch).check,
		take: func(was, next, wrote *CodeBatch) error {
			next.CodeBatchInfo = wrote.CodeBatchInfo
			if max(next.Uses, 1) != was.Uses || next.Prefix != was.Prefix {
				var p checker
				p.Add("uses", "uses and prefix stay as the codes were made / 已生成的码不能更改")
				return p.Err()
			}
			return nil
		},
		finish: func(tx *sqldb.Tx, _, b *CodeBatch) error {
			n := c.names(tx, b.Organization)
			n.scope(b.Scope)
			n.types("ticket_type_ids", b.Types)
			for i, id := range b.Offers {
				n.offer(fmt.Sprintf("offer_ids[%d]", i), id)
			}
			return n.end()
		},
		name:   func(b *CodeBatch) string { return b.Name },
		facts:  c.batchFacts,
		atMost: c.batchAtMost}
}

// batchAtMost is what the offers that the codes unlock may cost. What hidden ticket types
// sell for is not bounded by a batch.
func (c *Catalog) batchAtMost(b *CodeBatch) (sum money.Minor, bounded bool) {
	if len(b.Types) > 0 {
		return 0, false
	}
	for _, id := range b.Offers {
		o := c.board.view.Load().offer(b.Organization, id)
		if o == nil {
			return 0, false
		}
		most, bounded := o.Rule.AtMost()
		if sum += most; !bounded || sum > money.Max {
			return 0, false
		}
	}
	return sum, true
}

// offer is an offer in the picture; nil without one.
func (v *view) offer(organization, id int64) *Offer {
	if h := v.houses.at(organization); h != nil {
		for _, o := range h.offers {
			if o.ID == id {
				return o
			}
		}
	}
	return nil
}

// factList collects facts; what is empty is none.
type factList struct{ list []fact }

func (f *factList) text(what, text string) {
	if text != "" {
		f.list = append(f.list, fact{what, text})
	}
}

func (f *factList) number(what string, n int64) {
	if n != 0 {
		f.text(what, strconv.FormatInt(n, 10))
	}
}

func (f *factList) money(what string, m money.Minor) {
	if m != 0 {
		f.text(what, amountText(m))
	}
}

func (f *factList) time(what string, t time.Time) {
	if !t.IsZero() {
		f.text(what, t.UTC().Format(time.RFC3339))
	}
}

func (f *factList) yes(what string, is bool) {
	if is {
		f.text(what, "yes / 是")
	}
}

func (c *Catalog) offerFacts(o *Offer) []fact {
	if o.Retired {
		return nil
	}
	var f factList
	r := &o.Rule
	zh, en := r.Describe()
	f.text("does", zh+" / "+en)
	f.text("kind", string(r.Kind))
	f.text("for", c.scopeText(o.Scope))
	f.text("ticket_types", c.typeNames(r.Types))
	f.text("zones", strings.Join(r.Zones, ", "))
	f.text("channels", strings.Join(r.Channels, ", "))
	f.time("from", r.From)
	f.time("until", r.Until)
	f.text("weekdays", strings.Trim(fmt.Sprint(r.Weekdays), "[]"))
	f.number("start_from_minute", int64(r.StartFrom))
	f.number("start_before_minute", int64(r.StartBefore))
	f.yes("needs_code", r.NeedsCode)
	f.number("size", int64(r.Size))
	f.number("reduced", int64(r.Reduced))
	f.number("percent_off", int64(r.Percent))
	f.money("off", r.Off)
	for i, n := range r.Needs {
		f.text("needs "+strconv.Itoa(i+1), strconv.Itoa(n.Count)+" × "+c.typeNames(n.Types))
	}
	f.money("price", r.Price)
	f.yes("combinable", r.Combinable)
	f.number("most_per_order", int64(r.MostPerOrder))
	f.number("most", r.Most)
	f.money("budget", r.Budget)
	f.number("rank", int64(o.Rank))
	return f.list
}

func (c *Catalog) releaseFacts(r *Release) []fact {
	if r.Retired {
		return nil
	}
	var f factList
	f.text("ticket_types", c.typeNames([]int64{r.TicketType}))
	f.text("for", c.scopeText(r.Scope))
	for i := range r.Tiers {
		t := &r.Tiers[i]
		f.text("tier "+strconv.Itoa(i+1), tierText(t))
	}
	f.yes("ends", r.Ends)
	return f.list
}

// tierText is a tier as people compare it; its name is none of it.
func tierText(t *offer.Tier) string {
	var f factList
	f.number("key", int64(t.Key))
	f.text(string(t.Change), strconv.FormatInt(int64(t.Value), 10))
	f.number("quantity", int64(t.Quantity))
	f.time("until", t.Until)
	f.number("minutes_before", int64(t.MinutesBefore))
	parts := make([]string, len(f.list))
	for i, one := range f.list {
		parts[i] = one.what + " " + one.text
	}
	return strings.Join(parts, " · ")
}

func (c *Catalog) batchFacts(b *CodeBatch) []fact {
	if b.Retired {
		return nil
	}
	var f factList
	v := c.board.view.Load()
	f.text("ticket_types", c.typeNames(b.Types))
	var offers []string
	for _, id := range b.Offers {
		name := idgen.Number(id)
		if o := v.offer(b.Organization, id); o != nil {
			name = o.Rule.Name + " (" + name + ")"
		}
		offers = append(offers, name)
	}
	f.text("offers", strings.Join(offers, ", "))
	f.text("for", c.scopeText(b.Scope))
	f.text("prefix", b.Prefix)
	f.number("uses", b.Uses)
	f.number("units_per_use", int64(b.UnitsPerUse))
	f.number("most_codes", b.MostCodes)
	f.time("from", b.From)
	f.time("until", b.Until)
	return f.list
}

// typeNames are ticket types in words, each with its number since names may be alike.
func (c *Catalog) typeNames(ids []int64) string {
	types := c.board.view.Load().types
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = idgen.Number(id)
		if t := types.at(id); t != nil {
			names[i] = t.Name + " (" + names[i] + ")"
		}
	}
	return strings.Join(names, ", ")
}

// scopeText says for which sessions something holds; empty is the whole organization.
func (c *Catalog) scopeText(s Scope) string {
	var parts []string
	if s.EventID != 0 {
		name := idgen.Number(s.EventID)
		if e := c.board.view.Load().events.at(s.EventID); e != nil {
			name = e.Title + " (" + name + ")"
		}
		parts = append(parts, name)
	}
	if s.SessionID != 0 {
		name := idgen.Number(s.SessionID)
		if v := c.board.view.Load().sessions.at(s.SessionID); v != nil {
			name = c.sessionText(v) + " (" + name + ")"
		}
		parts = append(parts, name)
	}
	return strings.Join(parts, " · ")
}
