package staff

import (
	"foyer/internal/actor"
	"foyer/internal/sqldb"
)

// StandsIn says whether a person is active staff who holds a permission at a venue (0: in
// the whole organization), as the transaction sees it. For decisions that a right must carry
// at the very moment at which they take effect.
func (h *House) StandsIn(tx *sqldb.Tx, staff int64, p actor.Permission, organization,
	venue int64,
) (bool, error) {
	r, ok, err := h.People.ByIDIn(tx, staff)
	if err != nil || !ok || r.State != Active {
		return false, err
	}
	grants, err := h.Grants.AllOfIn(tx, staff)
	if err != nil {
		return false, err
	}
	return actorOf(r, grants).May(p, organization, venue), nil
}
