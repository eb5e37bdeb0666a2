package catalog

import (
	"strconv"

	"foyer/internal/actor"
	"foyer/internal/sqldb"
)

// names checks that ids of an input are the organization's own; each that is not is a
// problem of its field.
type names struct {
	c            *Catalog
	tx           *sqldb.Tx
	organization int64
	bad          checker
	err          error
	known        map[int64]bool
}

func (c *Catalog) names(tx *sqldb.Tx, organization int64) *names {
	return &names{c: c, tx: tx, organization: organization, known: map[int64]bool{}}
}

// note keeps what a look-up found.
func (n *names) note(field string, id int64, err error) {
	if isMissing(err) {
		n.bad.Add(field, "names nothing of yours / 不存在")
		return
	}
	n.err = firstError(n.err, err)
	n.known[id] = err == nil
}

// one looks an id up; 0 names nothing and passes.
func (n *names) one(field string, id int64,
	find func(*sqldb.Tx, actor.Scope, int64) (*TicketType, error),
) {
	if id != 0 && !n.known[id] {
		_, err := find(n.tx, scopeOf(n.organization), id)
		n.note(field, id, err)
	}
}

func (n *names) types(field string, ids []int64) {
	for i, id := range ids {
		n.one(field+"["+strconv.Itoa(i)+"]", id, n.c.ticketTypes.store.Find)
	}
}

func (n *names) offer(field string, id int64) {
	_, err := n.c.offers.store.Find(n.tx, scopeOf(n.organization), id)
	n.note(field, id, err)
}

func (n *names) scope(s Scope) {
	if s.EventID != 0 {
		_, err := find(n.tx, n.c.events, n.organization, s.EventID)
		n.note("event_id", s.EventID, err)
	}
	if s.SessionID != 0 {
		_, err := find(n.tx, n.c.sessions, n.organization, s.SessionID)
		n.note("session_id", s.SessionID, err)
	}
}

func (n *names) end() error { return firstError(n.err, n.bad.Err()) }
