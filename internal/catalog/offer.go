package catalog

import (
	"cmp"
	"context"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/offer"
	"foyer/internal/sqldb"
)

// Kinds of public ids of what makes a price less.
const (
	KindOffer   idgen.Kind = "off"
	KindRelease idgen.Kind = "rel"
	KindBatch   idgen.Kind = "cbt"
)

// Scope says for which sessions something holds: one session, those of an event, or all of
// the organization.
type Scope struct {
	EventID   int64 `json:"event,omitempty"`
	SessionID int64 `json:"session,omitempty"`
}

// Covers says whether the session is one of them.
func (s Scope) Covers(session *Session) bool {
	return (s.EventID == 0 || s.EventID == session.EventID) &&
		(s.SessionID == 0 || s.SessionID == session.ID)
}

// Offer is a discount by rule, its place among the others and the sessions it is for.
type Offer struct {
	Meta
	OfferInfo
}

// OfferInfo is what people write about an offer.
type OfferInfo struct {
	Scope
	Rule offer.Rule `json:"rule"`
	// Rank orders the rules, the lowest first; among equals the older one is first.
	Rank    int  `json:"rank,omitempty"`
	Retired bool `json:"retired,omitempty"`
}

// Release is the tiers of a ticket type.
type Release struct {
	Meta
	ReleaseInfo
}

// ReleaseInfo is what people write about a release.
type ReleaseInfo struct {
	Scope
	Name       string `json:"name"`
	TicketType int64  `json:"ticket_type"`
	offer.Ladder
	Retired bool `json:"retired,omitempty"`
}

// CodeBatch is what its codes are good for.
type CodeBatch struct {
	Meta
	CodeBatchInfo
}

// CodeBatchInfo is what people write about a batch of codes.
type CodeBatchInfo struct {
	Scope
	Name   string `json:"name"`
	Prefix string `json:"prefix,omitempty"`
	// Types are ticket types that are hidden or need a code, and Offers rules that do.
	Types  []int64 `json:"types,omitempty"`
	Offers []int64 `json:"offers,omitempty"`
	// Uses is in how many orders one code may be used.
	Uses int64 `json:"uses"`
	// UnitsPerUse bounds the units of Types in an order that uses one code; 0: no bound.
	UnitsPerUse int `json:"units_per_use,omitempty"`
	// MostCodes bounds how many codes the batch may ever have; 0: no bound.
	MostCodes int64     `json:"most_codes,omitempty"`
	From      time.Time `json:"from,omitzero"`
	Until     time.Time `json:"until,omitzero"`
	Retired   bool      `json:"retired,omitempty"`
}

// Open says whether codes of the batch hold at a moment for a session.
func (b *CodeBatch) Open(now time.Time, s *Session) bool {
	return !b.Retired && b.Organization == s.Organization && b.Covers(s) &&
		(b.From.IsZero() || !now.Before(b.From)) && (b.Until.IsZero() || now.Before(b.Until))
}

// Single says that each code may be used once, so that it is kept as a digest alone.
func (b *CodeBatch) Single() bool { return b.Uses == 1 }

func (o *Offer) check() error {
	r := &o.Rule
	tidyText(&r.Name, &r.NameEn)
	var c checker
	r.Check(&c.Problems)
	c.number("rank", int64(o.Rank), -1000, 1000)
	c.words("zones", r.Zones, 40, 40)
	for _, ch := range r.Channels {
		choice(&c, "channels", ch, channels())
	}
	r.From, r.Until = whole(r.From), whole(r.Until)
	return c.Err()
}

func (r *Release) check() error {
	tidyText(&r.Name)
	var c checker
	c.text("name", r.Name, 1, 60)
	c.required("ticket_type_id", r.TicketType != 0)
	r.Ladder.Check(&c.Problems)
	for i := range r.Tiers {
		r.Tiers[i].Until = whole(r.Tiers[i].Until)
	}
	return c.Err()
}

func (b *CodeBatch) check() error {
	tidyText(&b.Name, &b.Prefix)
	var c checker
	c.text("name", b.Name, 1, 60)
	c.text("prefix", b.Prefix, 0, 12)
	for _, r := range b.Prefix {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			c.Add("prefix", "is capital letters and digits / 仅限大写字母与数字")
			break
		}
	}
	if b.Uses == 0 {
		b.Uses = 1
	}
	c.number("uses", b.Uses, 1, 1_000_000)
	c.number("units_per_use", int64(b.UnitsPerUse), 0, 100)
	c.number("most_codes", b.MostCodes, 0, 100_000_000)
	c.number("ticket_type_ids", int64(len(b.Types)), 0, 40)
	c.number("offer_ids", int64(len(b.Offers)), 0, 40)
	if len(b.Types)+len(b.Offers) == 0 {
		c.Add("ticket_type_ids", "name what the codes are for: ticket types or offers / 请选择用途")
	}
	b.From, b.Until = whole(b.From), whole(b.Until)
	if !b.From.IsZero() && !b.Until.IsZero() && !b.Until.After(b.From) {
		c.Add("until", "is not after from / 结束应晚于开始")
	}
	return c.Err()
}

func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// maxOffers bounds the offers, releases and batches of an organization, each.
const maxOffers = 500

// ErrTooManyOffers refuses one more.
var ErrTooManyOffers = fault.Define(fault.Conflict, "too_many_offers",
	"优惠、票档或优惠码批次已达上限", "The organization has as many of these as it may have.",
	"Change one that is no longer used; `details.limit` is the limit.")

// room refuses when the organization has as many of a kind as it may have. Two that come in
// the same moment may pass it by one.
func room[T any](ctx context.Context, k kit[T], organization int64) error {
	list, err := k.store.List(ctx, actor.Scope{Organization: organization}, 0, maxOffers)
	if err == nil && len(list) >= maxOffers {
		err = ErrTooManyOffers.With("limit", maxOffers)
	}
	return err
}

// Batch is a batch from memory; nil without one.
func (c *Catalog) Batch(id int64) *CodeBatch { return c.board.view.Load().batches.at(id) }

// bumpScope gives the sessions that something is for a new revision, so that an order that
// was priced before is refused.
func (c *Catalog) bumpScope(tx *sqldb.Tx, organization int64, s Scope) error {
	switch {
	case s.SessionID != 0:
		return c.bump(tx, organization, UsingOneSession, s.SessionID)
	case s.EventID != 0:
		return c.bump(tx, organization, UsingOneEvent, s.EventID)
	}
	return c.bump(tx, organization, UsingOrganization, organization)
}

// bumpFrom is bumpScope of what something was for, and of what it is for now; was is nil of
// a new one.
func (c *Catalog) bumpFrom(tx *sqldb.Tx, organization int64, was *Scope, next Scope) error {
	err := c.bumpScope(tx, organization, next)
	if err == nil && was != nil && *was != next {
		err = c.bumpScope(tx, organization, *was)
	}
	return err
}

// By what the sessions of an offer are looked up.
const (
	UsingOneSession   Using = "session"
	UsingOneEvent     Using = "sessions_of_event"
	UsingOrganization Using = "organization"
)

// byRank orders offers as they apply.
func byRank(a, b *Offer) int { return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.ID, b.ID)) }

// narrower says which of two scopes a session prefers: its own, its event's, the house's.
func narrower(a, b Scope) bool {
	width := func(s Scope) int {
		return slices.Index([]bool{s.SessionID != 0, s.EventID != 0, true}, true)
	}
	return width(a) < width(b)
}
