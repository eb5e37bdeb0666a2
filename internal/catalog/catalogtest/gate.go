package catalogtest

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// LateGate is the rule of two people as the catalogue asks it: nobody, until a test joins a
// gate. Join it before the commands that it is to hold back.
type LateGate struct{ Port approval.Port }

// Pass lets everything go on without a gate.
func (g *LateGate) Pass(ctx context.Context, who actor.Actor, c approval.Case,
	make func() (approval.Ask, error),
) error {
	if g.Port == nil {
		return nil
	}
	return g.Port.Pass(ctx, who, c, make)
}

// Alone writes nothing down without a gate.
func (g *LateGate) Alone(tx *sqldb.Tx, who actor.Actor, c approval.Case,
	object journal.Object,
) error {
	if g.Port == nil {
		return nil
	}
	return g.Port.Alone(tx, who, c, object)
}
