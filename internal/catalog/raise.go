package catalog

import "foyer/internal/sqldb"

// RaiseSession gives a session another revision because something beside it changed that
// its sale depends on, and returns it. The caller writes the journal entry, names the
// session in it, and calls CatchUp after the commit. Refused with fault.Missing.
func (c *Catalog) RaiseSession(tx *sqldb.Tx, organization, session int64) (int64, error) {
	was, err := c.sessions.store.Find(tx, scopeOf(organization), session)
	if err != nil {
		return 0, err
	}
	next := *was
	if err := overwrite(c, tx, c.sessions, was, &next); err != nil {
		return 0, err
	}
	return next.Revision, nil
}

// CatchUp shows what was committed by commands of other modules.
func (c *Catalog) CatchUp() { c.board.catchUp() }
