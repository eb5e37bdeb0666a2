package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"foyer/internal/sqldb"
)

const (
	maxLanes     = 64
	defaultLease = 15 * time.Second
	beatEvery    = time.Second
	// A start that finds the last heartbeat further back than this, or in the future by
	// more than maxSkew, tells Gap.
	maxSilence = 3 * time.Second
	maxSkew    = time.Second
)

// Open takes a lane and makes the journal the database's sealer. On SQLite there is one
// lane, and it is refused with ErrLaneTaken while another process holds it; on MySQL the
// first free lane is taken, or a new one is made (at most 64).
func Open(ctx context.Context, cfg Config) (*Journal, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	last, err := cfg.Store.LastBeat(ctx)
	if err != nil {
		return nil, err
	}
	alone, err := cfg.DB.Exclusive()
	if err != nil {
		return nil, err
	}
	j := &Journal{cfg: cfg, alone: alone, lastBeat: last, lost: make(chan struct{}),
		tail: newTail()}
	var lane Lane
	err = cfg.DB.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		lane, err = j.take(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	j.lane, j.epoch, j.n = lane.ID, lane.Epoch, lane.N
	copy(j.head[:], lane.Head)
	j.committed.Store(j.n)
	j.startedAt = cfg.Clock.Now()
	cfg.DB.OnSeal(j)
	j.subscribe(&subscriber{name: indexName, apply: j.index, ownCursor: true})
	return j, nil
}

func (c *Config) check() error {
	if c.DB == nil || c.Store == nil || c.Clock == nil || c.Sealer == nil ||
		c.Signer == nil || c.Log == nil {
		return errors.New("journal: the configuration is not complete")
	}
	if c.Holder == "" || len(c.Holder) > 60 {
		return fmt.Errorf("journal: holder %q is not 1..60 bytes", c.Holder)
	}
	if c.Lease == 0 {
		c.Lease = defaultLease
	}
	if c.CheckpointEvery == 0 {
		c.CheckpointEvery = 10 * time.Minute
	}
	if c.CheckpointRows == 0 {
		c.CheckpointRows = 10_000
	}
	return nil
}

// take finds the lane. The epoch goes up with every taking, so that whoever had the lane
// before finds its next head refused, however sure it is of itself.
func (j *Journal) take(tx *sqldb.Tx) (Lane, error) {
	lanes, err := j.cfg.Store.LanesIn(tx)
	if err != nil {
		return Lane{}, err
	}
	j.opened = map[int]int64{}
	for _, l := range lanes {
		j.opened[l.ID] = l.N
	}
	for _, l := range lanes {
		if !j.alone && l.LeaseUntil.After(tx.Now) {
			if tx.Engine() == sqldb.SQLite {
				return Lane{}, ErrLaneTaken.With("holder", l.Holder)
			}
			continue
		}
		l.Epoch++
		l.Holder, l.LeaseUntil = j.cfg.Holder, tx.Now.Add(j.cfg.Lease)
		ok, err := j.cfg.Store.TakeLane(tx, l)
		if err != nil {
			return Lane{}, err
		}
		if ok {
			return l, nil
		}
	}
	if len(lanes) >= maxLanes {
		return Lane{}, ErrLaneTaken.With("lanes", len(lanes))
	}
	l := Lane{ID: freeNumber(lanes), Epoch: 1, Head: make([]byte, hashSize),
		Holder: j.cfg.Holder, LeaseUntil: tx.Now.Add(j.cfg.Lease)}
	return l, j.cfg.Store.CreateLane(tx, l)
}

// freeNumber is the smallest number from 1 that no lane has.
func freeNumber(lanes []Lane) int {
	n := 1
	for _, l := range lanes { // sorted by number
		if l.ID == n {
			n++
		}
	}
	return n
}

// Gap says whether the process was away: ok is true when the last heartbeat before this
// start is more than 3 s back, or lies in the future because the clock was set back. Then
// every open hold gets what was left of it at lastBeat.
func (j *Journal) Gap(context.Context) (lastBeat time.Time, ok bool) {
	if j.lastBeat.IsZero() {
		return time.Time{}, false
	}
	away := j.startedAt.Sub(j.lastBeat)
	return j.lastBeat, away > maxSilence || away < -maxSkew
}

// doubt resolves a commit whose outcome nobody knew: the lane's row says whether the
// batch's entries are there. When they are, the head in memory follows and this batch is
// run again, since its entries were given numbers that are taken.
func (j *Journal) resolveDoubt(tx *sqldb.Tx) error {
	lanes, err := j.cfg.Store.LanesIn(tx)
	if err != nil {
		return err
	}
	for _, l := range lanes {
		if l.ID != j.lane {
			continue
		}
		if l.Epoch != j.epoch {
			break
		}
		j.doubt = false
		if l.N == j.n {
			return nil
		}
		j.n = l.N
		copy(j.head[:], l.Head)
		j.committed.Store(j.n)
		return errMoved
	}
	j.lose()
	return ErrLaneLost
}

// errMoved makes the writer run the batch again with fresh numbers.
var errMoved = errors.New("journal: the lane's head had moved")
