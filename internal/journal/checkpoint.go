package journal

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"foyer/internal/clock"
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

// checkpointLook is how often it is asked whether a checkpoint is due.
const checkpointLook = 5 * time.Second

// keepCheckpoints signs the heads when enough time or rows have passed since the last
// checkpoint of any process, and something was written since.
func (j *Journal) keepCheckpoints(ctx context.Context) {
	for {
		tick, stop := j.cfg.Clock.After(checkpointLook)
		select {
		case <-ctx.Done():
			stop()
			return
		case <-tick:
		}
		due, err := j.checkpointDue(ctx)
		if err == nil && due {
			_, err = j.Checkpoint(ctx)
		}
		if err != nil && ctx.Err() == nil {
			j.cfg.Log.Warn("no checkpoint of the journal", "error", err)
		}
	}
}

func (j *Journal) checkpointDue(ctx context.Context) (bool, error) {
	last, ok, err := j.cfg.Store.LastCheckpoint(ctx)
	if err != nil {
		return false, err
	}
	heads, err := j.heads(ctx)
	if err != nil {
		return false, err
	}
	var fresh int64
	for _, n := range heads {
		fresh += n
	}
	if ok {
		old, err := decodeHeads(last.Heads)
		if err != nil {
			return false, err
		}
		for _, h := range old {
			fresh -= h.N
		}
	}
	late := j.cfg.Clock.Now().Sub(last.At) >= j.cfg.CheckpointEvery
	return fresh >= j.cfg.CheckpointRows || (fresh > 0 && late), nil
}

// Checkpoint signs the heads of all lanes as they stand and stores that.
func (j *Journal) Checkpoint(ctx context.Context) (Checkpoint, error) {
	lanes, err := j.cfg.Store.Lanes(ctx)
	if err != nil {
		return Checkpoint{}, err
	}
	c := Checkpoint{At: j.cfg.Clock.Now().UTC().Truncate(time.Millisecond),
		Heads: encodeHeads(lanes)}
	c.KeyID, c.Signature = j.cfg.Signer.SignCheckpoint(c.message())
	err = j.cfg.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		return j.cfg.Store.InsertCheckpoint(tx, c)
	})
	return c, err
}

// message is what is signed.
func (c Checkpoint) message() []byte {
	b := append([]byte(nil), "foyer journal checkpoint 1\n"...)
	b = binary.BigEndian.AppendUint64(b, uint64(clock.Millis(c.At)))
	return append(b, c.Heads...)
}

// head is where a lane stood.
type head struct {
	Position
	Hash []byte
}

// encodeHeads is the number of lanes, then lane, n and hash of each.
func encodeHeads(lanes []Lane) []byte {
	b := binary.AppendUvarint(nil, uint64(len(lanes)))
	for _, l := range lanes {
		b = binary.AppendUvarint(b, uint64(l.ID))
		b = binary.AppendUvarint(b, uint64(l.N))
		b = appendBytes(b, l.Head)
	}
	return b
}

func decodeHeads(b []byte) ([]head, error) {
	in := reader{rest: b}
	count := in.uvarint()
	if count > maxLanes {
		return nil, errors.New("journal: a checkpoint of too many lanes")
	}
	var heads []head
	for range count {
		lane, n := in.uvarint(), in.uvarint()
		heads = append(heads, head{Position{int(lane), int64(n)}, in.bytes()})
	}
	if in.bad || len(in.rest) > 0 {
		return nil, errors.New("journal: a checkpoint cannot be read")
	}
	return heads, nil
}
