package journal

import (
	"context"
	"time"

	"foyer/internal/sqldb"
)

// Checkpoint ties the heads of all lanes together at one time, signed.
type Checkpoint struct {
	At        time.Time
	Heads     []byte // see encodeHeads
	KeyID     uint8
	Signature []byte
}

// Month is the part of a lane that went into the file of a closed month.
type Month struct {
	Lane        int
	Month       int // 202611
	First, Last int64
	LastHash    []byte
}

// CheckpointStore keeps checkpoints and closed months; journaldb implements it.
type CheckpointStore interface {
	InsertCheckpoint(tx *sqldb.Tx, c Checkpoint) error
	LastCheckpoint(ctx context.Context) (Checkpoint, bool, error)
	CheckpointsAfter(ctx context.Context, at time.Time, limit int) ([]Checkpoint, error)
	InsertMonth(tx *sqldb.Tx, m Month) error
	// LastMonth is the newest closed month of a lane.
	LastMonth(ctx context.Context, lane int) (Month, bool, error)
}
