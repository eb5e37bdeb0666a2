package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"

	"foyer/internal/clock"
	"foyer/internal/doctor"
	"foyer/internal/doctor/doctordb"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/journal/journaldb"
	"foyer/internal/keyring"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// Inspection is an installation opened for the doctor alone, beside a process that serves
// it: it takes no lane and writes nothing.
type Inspection struct {
	*doctor.Doctor
	codec *idgen.Codec
	db    *sqldb.DB
}

// Inspect opens an installation. Close the inspection afterwards.
func Inspect(ctx context.Context, cfg Settings, clk clock.Clock, log *slog.Logger) (
	*Inspection, error,
) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	ids, err := idgen.NewSource(clk, node, nil)
	if err != nil {
		return nil, err
	}
	ring, err := keyring.Open(cfg.KeyFile(), ids, clk)
	if err != nil {
		return nil, err
	}
	codec, err := idgen.NewCodec(ring.IDCodecKey())
	if err != nil {
		return nil, err
	}
	db, err := sqldb.Open(cfg.DB, clk, log)
	if err != nil {
		return nil, err
	}
	if err := db.CheckSchema(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return &Inspection{codec: codec, db: db, Doctor: &doctor.Doctor{Book: doctordb.New(db),
		Lanes: lanes{journaldb.New(db), ring}}}, nil
}

// Close gives the database back.
func (i *Inspection) Close() error { return i.db.Close() }

// lanes lets the doctor verify the journal.
type lanes struct {
	store  journal.Store
	signer journal.Signer
}

// Verify walks all lanes; the problems say where.
func (l lanes) Verify(ctx context.Context) (int64, []string, error) {
	r, err := journal.Verify(ctx, l.store, l.signer)
	var problems []string
	for _, p := range r.Problems {
		problems = append(problems, p.Position.String()+": "+p.What)
	}
	return r.Rows, problems, err
}

// acknowledged is one answer that a client wrote down before it believed it.
type acknowledged struct {
	Order string      `json:"order"`
	Total money.Minor `json:"total_minor"`
	State string      `json:"state,omitempty"` // paid: it must still be
}

// maxAcknowledged bounds one line of a client's file.
const maxAcknowledged = 4096 // bytes

// CheckAcknowledged looks for every order of a client's own file (JSON lines), rule I4: an
// answer that was given is never forgotten. A last line that was cut off is left out: its
// client died before it believed it.
func (i *Inspection) CheckAcknowledged(ctx context.Context, file io.Reader,
	report *doctor.Report,
) error {
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxAcknowledged)
	for lines.Scan() {
		var a acknowledged
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			continue
		}
		report.Counted["acknowledged orders"]++
		if err := i.findAcknowledged(ctx, a, report); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (i *Inspection) findAcknowledged(ctx context.Context, a acknowledged,
	report *doctor.Report,
) error {
	id, err := i.codec.Decode("ord", a.Order)
	if err != nil {
		return fmt.Errorf("%s is no order's id of this installation", a.Order)
	}
	found, err := i.Book.Cases(ctx, id-1, 1)
	if err != nil {
		return err
	}
	switch {
	case len(found) == 0 || found[0].Order.ID != id:
		report.Add(doctor.I4, a.Order, "was acknowledged and is not there")
	case found[0].Order.Total != a.Total:
		report.Add(doctor.I4, a.Order, "was acknowledged over %d, is over %d", a.Total,
			found[0].Order.Total)
	case a.State == "paid" && found[0].Order.State != a.State:
		report.Add(doctor.I4, a.Order, "was acknowledged as paid, is %s", found[0].Order.State)
	}
	return nil
}
