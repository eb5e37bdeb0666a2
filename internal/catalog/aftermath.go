package catalog

import (
	"foyer/internal/actor"
	"foyer/internal/sqldb"
)

// Aftermath is what follows a session's cancellation, in the very transaction: a session
// cannot be cancelled without its buyers getting their money back.
type Aftermath func(tx *sqldb.Tx, who actor.Actor, s Session) error

// OnCalledOff joins what follows a cancellation. Call it before anything is served.
func (c *Catalog) OnCalledOff(then Aftermath) { c.calledOff = then }
