package journal

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

// ErrMonthOpen refuses to close a month that is not over.
var ErrMonthOpen = fault.Define(fault.Conflict, "month_open",
	"这个月还没有结束", "This month is not over yet.",
	"Close it on the second day of the next month or later.")

// monthRow is one line of a month's file: gzip of JSON lines, oldest first.
type monthRow struct {
	Lane         int    `json:"lane"`
	N            int64  `json:"n"`
	At           int64  `json:"at_ms"`
	Organization int64  `json:"organization"`
	ActorKind    int    `json:"actor_kind"`
	ActorID      int64  `json:"actor_id"`
	Action       string `json:"action"`
	Chained      []byte `json:"chained"`
	Loose        []byte `json:"loose,omitempty"`
	Hash         []byte `json:"hash"`
}

// monthSeal is the last line. The signature covers the range, the hash before it, the hash
// at its end and so, by the chain, every row between.
type monthSeal struct {
	Lane      int    `json:"lane"`
	Month     int    `json:"month"`
	First     int64  `json:"first"`
	Last      int64  `json:"last"`
	Before    []byte `json:"hash_before"`
	LastHash  []byte `json:"last_hash"`
	KeyID     uint8  `json:"key_id"`
	Signature []byte `json:"signature"`
}

// monthLine is either of the two.
type monthLine struct {
	Row  *monthRow  `json:"row,omitempty"`
	Seal *monthSeal `json:"seal,omitempty"`
}

func (s monthSeal) message() []byte {
	b := append([]byte(nil), "foyer journal month 1\n"...)
	for _, v := range []int64{int64(s.Lane), int64(s.Month), s.First, s.Last} {
		b = binary.BigEndian.AppendUint64(b, uint64(v))
	}
	return appendBytes(appendBytes(b, s.Before), s.LastHash)
}

// CloseMonth writes the rows of a month that is over (202611) into one file a lane in dir
// and notes it. A lane's part begins where the month closed before it ended, and ends
// before the first row of a later month, so that no row is in no file. The rows stay in
// the book. A month that is noted already is left alone. Refused with ErrMonthOpen.
func (j *Journal) CloseMonth(ctx context.Context, dir string, month int) ([]string, error) {
	end := time.Date(month/100, time.Month(month%100)+1, 1, 0, 0, 0, 0, time.UTC)
	if j.cfg.Clock.Now().Before(end.Add(24 * time.Hour)) {
		return nil, ErrMonthOpen.With("month", month)
	}
	lanes, err := j.cfg.Store.Lanes(ctx)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, l := range lanes {
		last, ok, err := j.cfg.Store.LastMonth(ctx, l.ID)
		if err != nil {
			return files, err
		}
		if ok && last.Month >= month {
			continue
		}
		name := filepath.Join(dir, fmt.Sprintf("journal-%d-%06d.jsonl.gz", l.ID, month))
		m, err := j.writeMonth(ctx, name, last, Month{Lane: l.ID, Month: month,
			First: last.Last + 1}, end)
		if err != nil {
			return files, err
		}
		err = j.cfg.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
			return j.cfg.Store.InsertMonth(tx, m)
		})
		if err != nil {
			return files, err
		}
		files = append(files, name)
	}
	return files, nil
}

// writeMonth writes the file beside its name and moves it there once it is on the disk.
func (j *Journal) writeMonth(
	ctx context.Context, name string, before, m Month, end time.Time,
) (Month, error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".journal-*")
	if err != nil {
		return m, err
	}
	defer os.Remove(f.Name()) // fails once the file has its name
	defer f.Close()
	zip := gzip.NewWriter(f)
	lines := json.NewEncoder(zip)
	if m, err = j.writeRows(ctx, lines, before, m, end); err != nil {
		return m, err
	}
	seal := monthSeal{Lane: m.Lane, Month: m.Month, First: m.First, Last: m.Last,
		Before: before.LastHash, LastHash: m.LastHash}
	seal.KeyID, seal.Signature = j.cfg.Signer.SignCheckpoint(seal.message())
	err = errors.Join(lines.Encode(monthLine{Seal: &seal}), zip.Close(), f.Sync(), f.Close())
	if err != nil {
		return m, err
	}
	return m, os.Rename(f.Name(), name)
}

func (j *Journal) writeRows(
	ctx context.Context, lines *json.Encoder, before, m Month, end time.Time,
) (Month, error) {
	m.Last, m.LastHash = m.First-1, before.LastHash
	if m.LastHash == nil {
		m.LastHash = make([]byte, hashSize)
	}
	for {
		page, err := j.cfg.Store.Page(ctx, m.Lane, m.Last, verifyPage)
		if err != nil {
			return m, err
		}
		for _, r := range page {
			if !r.At.Before(end) {
				return m, nil
			}
			line := monthLine{Row: &monthRow{r.Lane, r.N, clock.Millis(r.At), r.Organization,
				int(r.ActorKind), r.ActorID, r.Action, r.Chained, r.Loose, r.Hash}}
			if err := lines.Encode(line); err != nil {
				return m, err
			}
			m.Last, m.LastHash = r.N, r.Hash
		}
		if len(page) < verifyPage {
			return m, nil
		}
	}
}

// CheckMonth reads a month's file and refuses it unless every row continues the chain and
// the seal is this installation's. It returns the range that the file holds.
func CheckMonth(from io.Reader, signer Signer) (Month, error) {
	zip, err := gzip.NewReader(from)
	if err != nil {
		return Month{}, fmt.Errorf("journal: month: %w", err)
	}
	lines := json.NewDecoder(bufio.NewReader(zip))
	var check monthCheck
	for {
		var line monthLine
		if err := lines.Decode(&line); err != nil {
			return Month{}, fmt.Errorf("journal: month: no seal at the end: %w", err)
		}
		if line.Seal != nil {
			m, err := check.seal(line.Seal, signer)
			if err == nil && lines.More() {
				err = errors.New("journal: month: something follows the seal")
			}
			return m, err
		}
		if line.Row == nil {
			return Month{}, errors.New("journal: month: a line is neither row nor seal")
		}
		check.rows++
		if err := check.row(line.Row); err != nil {
			return Month{}, err
		}
	}
}

type monthCheck struct {
	rows    int64
	first   Row
	last    Row
	scratch []byte
}

func (c *monthCheck) row(m *monthRow) error {
	r := Row{Position: Position{m.Lane, m.N}, At: clock.FromMillis(m.At),
		Organization: m.Organization, ActorKind: actor.Kind(m.ActorKind), ActorID: m.ActorID,
		Action: m.Action, Chained: m.Chained, Loose: m.Loose, Hash: m.Hash}
	if c.rows == 1 { // checked against the seal, which names the hash before it
		c.first, c.last = r, r
		return nil
	}
	if r.Lane != c.last.Lane || r.N != c.last.N+1 {
		return fmt.Errorf("journal: month: %s follows %s", r.Position, c.last.Position)
	}
	problem, buf := checkRow(c.scratch, &r, [hashSize]byte(c.last.Hash))
	c.last, c.scratch = r, buf
	if problem != "" {
		return fmt.Errorf("journal: month: %s: %s", r.Position, problem)
	}
	return nil
}

func (c *monthCheck) seal(s *monthSeal, signer Signer) (Month, error) {
	m := Month{Lane: s.Lane, Month: s.Month, First: s.First, Last: s.Last, LastHash: s.LastHash}
	if !signer.CheckCheckpoint(s.KeyID, s.message(), s.Signature) {
		return m, errors.New("journal: month: the seal is not this installation's")
	}
	if s.Last-s.First+1 != c.rows {
		return m, fmt.Errorf("journal: month: %d rows, the seal says %d", c.rows, s.Last-s.First+1)
	}
	if c.rows == 0 {
		return m, nil
	}
	var before [hashSize]byte
	copy(before[:], s.Before)
	problem, _ := checkRow(nil, &c.first, before)
	switch {
	case problem != "":
		return m, fmt.Errorf("journal: month: %s: %s", c.first.Position, problem)
	case c.first.Position != Position{s.Lane, s.First}, !bytes.Equal(c.last.Hash, s.LastHash):
		return m, errors.New("journal: month: the rows are not those that were sealed")
	}
	return m, nil
}
