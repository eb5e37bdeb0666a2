package app

import (
	"context"
	"errors"
	"log/slog"

	"foyer/internal/clock"
	"foyer/internal/idgen"
	"foyer/internal/invoice/invoicedb"
	"foyer/internal/keyring"
	"foyer/internal/member/memberdb"
	"foyer/internal/notify/notifydb"
	"foyer/internal/rekey"
	"foyer/internal/sqldb"
	"foyer/internal/staff/staffdb"
	"foyer/internal/ticket/ticketdb"
	"foyer/internal/visitor/visitordb"
)

// Keys are an installation's keys with the rows that need them, for commands.
type Keys struct {
	*rekey.Keys
	db *sqldb.DB
}

// OpenKeys opens keys and database for a command, beside a process that serves them. Call
// done afterwards.
func OpenKeys(cfg Settings, clk clock.Clock, log *slog.Logger) (*Keys, func() error, error) {
	if err := cfg.Validate(); err != nil {
		return nil, nil, err
	}
	ids, err := idgen.NewSource(clk, node, nil)
	if err != nil {
		return nil, nil, err
	}
	ring, err := keyring.Open(cfg.KeyFile(), ids, clk)
	if err != nil {
		return nil, nil, err
	}
	db, err := sqldb.Open(cfg.DB, clk, log)
	if err != nil {
		return nil, nil, err
	}
	return &Keys{newRekey(db, ring, clk, log), db}, db.Close, nil
}

func newRekey(db *sqldb.DB, ring *keyring.Ring, clk clock.Clock, log *slog.Logger) *rekey.Keys {
	return rekey.New(rekey.Deps{DB: db, Ring: ring, Members: memberdb.New(db),
		Persons: memberdb.New(db), Staff: staffdb.New(db), Inbox: notifydb.New(db),
		Visitors: visitordb.New(db), Invoices: invoicedb.New(db), Tickets: ticketdb.New(db),
		Clock: clk, Log: log})
}

// RunAlone re-seals every row that an old key sealed, unless a server has the database: it
// does the same by itself.
func (k *Keys) RunAlone(ctx context.Context, progress rekey.Progress) (alone bool, err error) {
	_, err = k.db.Exclusive()
	if errors.Is(err, sqldb.ErrInUse) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = k.Run(ctx, progress)
	return true, err
}
