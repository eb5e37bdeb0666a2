package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// Kinds of catalogue commands that a house may leave to no one person.
const (
	// ApprovePrices is a change of what something costs by a price list.
	ApprovePrices approval.Kind = "price_list.change"
	// ApproveReprice pins a session that was announced to another price list.
	ApproveReprice approval.Kind = "session.reprice"
	// ApproveCancel is calling a session off.
	ApproveCancel approval.Kind = "session.cancel"
)

// errTried undoes a command that was only tried.
var errTried = errors.New("catalog: the command was tried, and undone")

// tryOut carries a change out and undoes it: whatever would refuse it refuses it now, not
// when somebody agrees to it.
func tryOut[T any](c *Catalog, ctx context.Context, k kit[T], who actor.Actor, r ref,
	action string, edit func(tx *sqldb.Tx, was, next *T) error) (was, next *T, err error) {
	err = c.inTx(ctx, func(tx *sqldb.Tx) error {
		if next, err = amendIn(c, tx, k, who, r, action,
			func(tx *sqldb.Tx, w, n *T) error {
				was = w
				return edit(tx, w, n)
			}); err != nil {
			return err
		}
		return errTried
	})
	if errors.Is(err, errTried) {
		err = nil
	}
	return was, next, err
}

// carry is amend for what two people agreed to.
func carry[T any](c *Catalog, ctx context.Context, k kit[T], who actor.Actor, r ref,
	action string, done approval.Once,
	edit func(tx *sqldb.Tx, was, next *T) error) error {
	_, err := amend(c, ctx, k, who, r, action, func(tx *sqldb.Tx, was, next *T) error {
		if err := done(tx); err != nil {
			return err
		}
		return edit(tx, was, next)
	})
	return err
}

func objectOf(k idgen.Kind, m Meta) journal.Object {
	return journal.Object{Kind: string(k), ID: m.ID, Revision: m.Revision}
}

// askPrices makes a request of a changed price list where the house wants two people for it.
// A change that leaves every price as it is goes on.
func (c *Catalog) askPrices(ctx context.Context, who actor.Actor, l PriceList) error {
	if c.cfg.Approvals == nil {
		return nil
	}
	return c.cfg.Approvals.Pass(ctx, who, approval.Case{Kind: ApprovePrices,
		Organization: l.Organization}, func() (approval.Ask, error) {
		was, next, err := tryOut(c, ctx, c.priceLists, who, refOf(l.Meta), "changed",
			c.editPrices(who, l))
		if err != nil {
			return approval.Ask{}, err
		}
		changes, err := c.priceChanges(ctx, was, next)
		if err != nil || len(changes) == 0 {
			return approval.Ask{}, err
		}
		in, err := json.Marshal(l)
		return approval.Ask{Object: objectOf(KindPriceList, l.Meta), Title: was.Name,
			Changes: changes, Input: in}, err
	})
}

// CarryPrices changes a price list as it was asked.
func (c *Catalog) CarryPrices(ctx context.Context, in approval.Carried,
	done approval.Once) error {
	var l PriceList
	if err := json.Unmarshal(in.Request.Input, &l); err != nil {
		return err
	}
	return carry(c, ctx, c.priceLists, in.As, refOf(l.Meta), "changed", done,
		c.editPrices(in.As, l))
}

// priceChanges lists what costs something else, and rules that came, went or changed.
func (c *Catalog) priceChanges(ctx context.Context, was, next *PriceList) (
	[]approval.Change, error) {
	var out []approval.Change
	note := func(what, before, after string) {
		if before != after {
			out = append(out, approval.Change{What: what, Before: before, After: after})
		}
	}
	before, after := cellsOf(was), cellsOf(next)
	names := map[int64]string{}
	for _, list := range []*PriceList{next, was} {
		for _, cell := range list.Cells {
			k := priceKey{cell.Zone, cell.TicketType}
			if list == was && after[k] != "" {
				continue // told with what it is to be
			}
			if _, known := names[cell.TicketType]; !known {
				t, err := c.cfg.Stores.TicketTypes.Get(ctx, scopeOf(was.Organization),
					cell.TicketType)
				if err != nil {
					return nil, err
				}
				names[cell.TicketType] = t.Name
			}
			note(cell.Zone+" · "+names[cell.TicketType], before[k], after[k])
		}
	}
	for i := range max(len(was.Rules), len(next.Rules)) {
		note("rule "+strconv.Itoa(i+1), ruleText(was.Rules, i), ruleText(next.Rules, i))
	}
	note("round_to_minor", strconv.FormatInt(int64(was.RoundTo), 10),
		strconv.FormatInt(int64(next.RoundTo), 10))
	return out, nil
}

func cellsOf(l *PriceList) map[priceKey]string {
	m := make(map[priceKey]string, len(l.Cells))
	for _, cell := range l.Cells {
		m[priceKey{cell.Zone, cell.TicketType}] = strconv.FormatInt(int64(cell.Amount), 10)
	}
	return m
}

// ruleText is a rule as people compare it; internal keys of ticket types are left out of the
// words, and still tell two rules apart.
func ruleText(list []PriceRule, i int) string {
	if i >= len(list) {
		return ""
	}
	r := list[i]
	types := ""
	for _, id := range r.TicketTypes {
		types += " " + idgen.Number(id)
	}
	r.TicketTypes = nil
	raw, err := json.Marshal(r)
	if err != nil {
		panic(err) // our own structs of strings and numbers always encode
	}
	return strings.TrimSpace(string(raw) + types)
}

// askReprice makes a request of a session that would cost something else by another price
// list. Drafts are nobody's promise yet.
func (c *Catalog) askReprice(ctx context.Context, who actor.Actor, s Session) error {
	if c.cfg.Approvals == nil {
		return nil
	}
	return c.cfg.Approvals.Pass(ctx, who, approval.Case{Kind: ApproveReprice,
		Organization: s.Organization}, func() (approval.Ask, error) {
		was, next, err := tryOut(c, ctx, c.sessions, who, refOf(s.Meta), "changed",
			c.editSession(who, s))
		if err != nil || was.State == SessionDraft || was.PriceListID == next.PriceListID {
			return approval.Ask{}, err
		}
		scope := scopeOf(s.Organization)
		from, err := c.cfg.Stores.PriceLists.Get(ctx, scope, was.PriceListID)
		if err != nil {
			return approval.Ask{}, err
		}
		to, err := c.cfg.Stores.PriceLists.Get(ctx, scope, next.PriceListID)
		if err != nil {
			return approval.Ask{}, err
		}
		changes, err := c.priceChanges(ctx, from, to)
		if err != nil {
			return approval.Ask{}, err
		}
		in, err := json.Marshal(s)
		return approval.Ask{Venue: was.VenueID, Object: objectOf(KindSession, s.Meta),
			Title: c.titleOf(ctx, was), Input: in, Changes: append([]approval.Change{
				{What: "price_list", Before: from.Name, After: to.Name}}, changes...)}, err
	})
}

// CarryReprice pins a session to another price list as it was asked.
func (c *Catalog) CarryReprice(ctx context.Context, in approval.Carried,
	done approval.Once) error {
	var s Session
	if err := json.Unmarshal(in.Request.Input, &s); err != nil {
		return err
	}
	return carry(c, ctx, c.sessions, in.As, refOf(s.Meta), "changed", done,
		c.editSession(in.As, s))
}

// titleOf is a session in words: what, when, where.
func (c *Catalog) titleOf(ctx context.Context, s *Session) string {
	view, err := c.Sellable(ctx, s.ID)
	if err != nil {
		return idgen.Number(s.ID)
	}
	return c.sessionText(view)
}

func (c *Catalog) sessionText(s *Sellable) string {
	return s.Event.Title + " · " +
		s.StartsAt.In(s.Venue.Location()).Format("2006-01-02 15:04") + " · " + s.Venue.Name +
		" " + s.Hall.Name
}

// cancelled is the input of calling a session off.
type cancelled struct{ Meta Meta }

// askCancel makes a request of calling a session off, where the house wants two people.
func (c *Catalog) askCancel(ctx context.Context, who actor.Actor, m Meta) error {
	if c.cfg.Approvals == nil {
		return nil
	}
	return c.cfg.Approvals.Pass(ctx, who, approval.Case{Kind: ApproveCancel,
		Organization: m.Organization}, func() (approval.Ask, error) {
		was, _, err := tryOut(c, ctx, c.sessions, who, refOf(m), string(SessionCancelled),
			c.editState(who, SessionCancelled))
		if err != nil || was.State == SessionDraft {
			return approval.Ask{}, err
		}
		in, err := json.Marshal(cancelled{m})
		return approval.Ask{Venue: was.VenueID, Object: objectOf(KindSession, m),
			Title: c.titleOf(ctx, was), Input: in, Changes: []approval.Change{{What: "state",
				Before: string(was.State), After: string(SessionCancelled)}}}, err
	})
}

// CarryCancel calls a session off as it was asked.
func (c *Catalog) CarryCancel(ctx context.Context, in approval.Carried,
	done approval.Once) error {
	var v cancelled
	if err := json.Unmarshal(in.Request.Input, &v); err != nil {
		return err
	}
	return carry(c, ctx, c.sessions, in.As, refOf(v.Meta), string(SessionCancelled), done,
		c.editState(in.As, SessionCancelled))
}
