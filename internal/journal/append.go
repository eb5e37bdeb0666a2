package journal

import (
	"encoding/binary"
	"fmt"

	"foyer/internal/sqldb"
)

// pending is an entry that waits for the end of its batch.
type pending struct {
	row  Row
	fact Fact
}

// Append adds the command's entry and says where it will stand once the batch is
// committed. The position is known at once: the head plus the number of entries that the
// batch collected before it. When the function fails its entry is taken back, and the next
// one gets its number: so the lane has no gaps.
//
// An entry over a limit, or one whose personal part cannot be sealed, is a mistake of
// ours; it panics, which undoes this command alone (sqldb's Tx.Try).
func (j *Journal) Append(tx *sqldb.Tx, e Entry) Position {
	if err := e.check(); err != nil {
		panic(fmt.Sprintf("journal: %v", err)) // see above: undoes this command alone
	}
	p := &pending{}
	pos := Position{j.lane, j.n + int64(tx.Append(p)) + 1}
	loose, err := j.seal(pos, e)
	if err != nil {
		panic(fmt.Sprintf("journal: seal %s: %v", e.Action, err)) // see above
	}
	p.row = Row{Position: pos, At: tx.Now, Organization: e.Organization,
		ActorKind: e.Actor.Kind, ActorID: e.Actor.ID, Action: e.Action,
		Chained: encodeChained(e, loose), Loose: loose}
	p.fact = Fact{Position: pos, At: tx.Now, Organization: e.Organization,
		ActorKind: e.Actor.Kind, ActorID: e.Actor.ID, Action: e.Action,
		Objects: e.Objects, Data: e.Data}
	return pos
}

func (e *Entry) check() error {
	switch {
	case e.Action == "" || len(e.Action) > maxAction:
		return fmt.Errorf("action %q is not 1..%d bytes", e.Action, maxAction)
	case len(e.Data) > MaxData:
		return fmt.Errorf("%s: data has %d bytes, at most %d", e.Action, len(e.Data), MaxData)
	case len(e.Personal) > MaxPersonal:
		return fmt.Errorf("%s: personal part has %d bytes, at most %d", e.Action,
			len(e.Personal), MaxPersonal)
	case len(e.InputHash) > hashSize:
		return fmt.Errorf("%s: input hash has %d bytes", e.Action, len(e.InputHash))
	case len(e.Objects) > MaxObjects:
		return fmt.Errorf("%s: %d objects, at most %d", e.Action, len(e.Objects), MaxObjects)
	case len(e.Personal) > 0 && len(e.SubjectKey) == 0:
		return fmt.Errorf("%s: personal values without a member's key", e.Action)
	}
	for _, o := range e.Objects {
		if o.Kind == "" || len(o.Kind) > maxKind {
			return fmt.Errorf("%s: object kind %q is not 1..%d bytes", e.Action, o.Kind, maxKind)
		}
	}
	return nil
}

func (j *Journal) seal(pos Position, e Entry) ([]byte, error) {
	if len(e.Personal) == 0 {
		return nil, nil
	}
	return j.cfg.Sealer.SealWith(e.SubjectKey, looseAD(pos), e.Personal)
}

// looseAD binds sealed values to their row.
func looseAD(pos Position) []byte {
	b := append(make([]byte, 0, 32), "journal.loose:"...)
	b = binary.BigEndian.AppendUint32(b, uint32(pos.Lane))
	return binary.BigEndian.AppendUint64(b, uint64(pos.N))
}

// Personal opens the personal part of a row with its member's sealed key. It is empty
// when there is none or it was deleted; a key that is gone cannot open it.
func (j *Journal) Personal(r Row, subjectKey []byte) ([]byte, error) {
	if len(r.Loose) == 0 {
		return nil, nil
	}
	return j.cfg.Sealer.OpenWith(subjectKey, looseAD(r.Position), r.Loose)
}

// Seal writes the batch's entries and moves the lane's head, inside the batch's own
// transaction. The move is guarded by the head and the epoch: when another process took
// the lane, nothing of the batch is stored and nobody is answered with success.
func (j *Journal) Seal(tx *sqldb.Tx, appended []any) error {
	select {
	case <-j.lost:
		return ErrLaneLost
	default:
	}
	if j.doubt {
		if err := j.resolveDoubt(tx); err != nil {
			return err
		}
	}
	j.sealing = j.sealing[:0]
	rows := make([]Row, len(appended))
	prev := j.head
	for i, v := range appended {
		p, ok := v.(*pending)
		if !ok || p.row.N != j.n+int64(i)+1 {
			return fmt.Errorf("journal: entry %d of the batch is not number %d", i, j.n+int64(i)+1)
		}
		prev, j.scratch = chainHash(j.scratch, &p.row, prev)
		p.row.Hash = append([]byte(nil), prev[:]...)
		rows[i] = p.row
		j.sealing = append(j.sealing, p)
	}
	j.toN, j.toHead = j.n+int64(len(rows)), prev
	if err := j.cfg.Store.InsertRows(tx, rows); err != nil {
		if sqldb.IsDuplicate(err) { // somebody else wrote this number of the lane
			j.lose()
			return ErrLaneLost.Wrap(err)
		}
		return err
	}
	ours, err := j.cfg.Store.Advance(tx, j.lane, j.epoch, j.n, j.toN, j.toHead[:])
	if err == nil && !ours {
		j.lose()
		return ErrLaneLost
	}
	return err
}

// Sealed moves the head in memory once the batch is durable, and only then: a batch that
// was undone leaves its numbers to the next one.
func (j *Journal) Sealed(committed bool) {
	if !committed {
		j.doubt = true
		return
	}
	j.n, j.head = j.toN, j.toHead
	j.committed.Store(j.n)
	j.tail.push(j.sealing)
	clear(j.sealing)
	j.wake()
}

// lose marks the lane as gone: from here on nothing is accepted, and Run ends.
func (j *Journal) lose() { j.lostOnce.Do(func() { close(j.lost) }) }

// Lost is closed when another process took this process's lane. The process must start
// anew: its picture of the lane is no longer true.
func (j *Journal) Lost() <-chan struct{} { return j.lost }
