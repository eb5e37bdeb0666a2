package checkin

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/ticket"
)

// listName names what one device holds on one business day; the hashes of another name
// cannot be compared with its own.
func listName(device int64, day int) string { return fmt.Sprintf("%d %d", device, day) }

// namesEntrants says whether each person who enters is named.
func namesEntrants(s *catalog.Sellable) bool {
	return s.Buyers != nil && s.Buyers.RealName.Mode == catalog.NamesEvery
}

// documentsOf adds the hashes of the documents that open the tickets of a page. Sessions
// that ask for no names cost nothing.
func (c *CheckIns) documentsOf(ctx context.Context, st station, l *List) error {
	if c.cfg.Documents == nil {
		return nil
	}
	for _, s := range l.Sessions {
		if !namesEntrants(s) {
			continue
		}
		var orders []int64
		byUnit := map[int64]map[ticket.UnitRef]int64{}
		for i := range l.Tickets {
			t := &l.Tickets[i]
			if t.Session != s.Session.ID || t.State != ticket.Live {
				continue
			}
			if byUnit[t.Order] == nil {
				byUnit[t.Order] = map[ticket.UnitRef]int64{}
				orders = append(orders, t.Order)
			}
			byUnit[t.Order][ticket.UnitRef{Line: t.Line, Unit: t.Unit}] = t.ID
		}
		key, hashes, err := c.cfg.Documents.ListHashes(ctx, s, listName(st.device, l.Day), orders)
		if err != nil {
			return err
		}
		if l.Keys == nil {
			l.Keys, l.Documents = map[int64][]byte{}, map[int64][][]byte{}
		}
		l.Keys[s.Session.ID] = key
		for _, h := range hashes {
			if id := byUnit[h.Order][ticket.UnitRef{Line: h.Line, Unit: h.Unit}]; id != 0 {
				l.Documents[id] = append(l.Documents[id], h.Hash)
			}
		}
	}
	return nil
}

// proven refuses, as a ticket that nobody knows, one that a device names without the hash
// that its list of that day had for it.
func (c *CheckIns) proven(ctx context.Context, v *scan) error {
	if c.cfg.Documents == nil || v.at.IsZero() || v.ticket.Organization != v.station.organization {
		return ErrTicketUnknown
	}
	s, err := c.cfg.Sessions.Sellable(ctx, v.ticket.Session)
	if errors.Is(err, fault.Missing) || err == nil && !namesEntrants(s) {
		return ErrTicketUnknown
	}
	if err != nil {
		return err
	}
	_, hashes, err := c.cfg.Documents.ListHashes(ctx, s,
		listName(v.station.device, s.Venue.BusinessDay(v.at)), []int64{v.ticket.Order})
	if err != nil {
		return err
	}
	for _, h := range hashes {
		if h.Line == v.ticket.Line && h.Unit == v.ticket.Unit && hmac.Equal(h.Hash, v.ask.Proof) {
			return nil
		}
	}
	return ErrTicketUnknown
}
