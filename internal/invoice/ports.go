package invoice

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// Store keeps requests and batches; package invoicedb implements it.
type Store interface {
	Insert(tx *sqldb.Tx, r *Request) error
	// UpdateIfRevision writes a request over the one of the revision; false over another.
	UpdateIfRevision(tx *sqldb.Tx, r *Request) (bool, error)
	// OfOrder is the request of an order, or nil.
	OfOrder(tx *sqldb.Tx, s actor.Scope, order int64) (*Request, error)
	Find(tx *sqldb.Tx, s actor.Scope, id int64) (*Request, error)
	InsertBatch(tx *sqldb.Tx, b Batch) error
	// SetPaid notes what an order has left, where it has a request.
	SetPaid(tx *sqldb.Tx, organization, order int64, left money.Minor) error
	Reads
}

// Reads is the part of a Store that answers people.
type Reads interface {
	PersonStore
	Get(ctx context.Context, s actor.Scope, order int64) (*Request, error)
	List(ctx context.Context, s actor.Scope, f Filter) ([]*Request, error)
	// Waiting is a page of requested ones, by key.
	Waiting(ctx context.Context, s actor.Scope, after int64, limit int) ([]*Request, error)
	Batch(ctx context.Context, s actor.Scope, id int64) (Batch, error)
	// OfBatch is a page of a batch's requests, by key.
	OfBatch(ctx context.Context, s actor.Scope, batch, after int64, limit int) ([]*Request, error)
}

// Orders knows what was paid; package order implements it through app.
type Orders interface {
	// Bill is an order that the caller may see; fault.Missing for others.
	Bill(ctx context.Context, who actor.Actor, order int64) (Bill, error)
	// BillIn is an order's bill inside a transaction.
	BillIn(tx *sqldb.Tx, organization, order int64) (Bill, error)
}

// Vault seals values for one place in a table; the key ring implements it.
type Vault interface {
	Seal(table, column string, id int64, plain []byte) []byte
	Open(table, column string, id int64, sealed []byte) ([]byte, error)
}

// Journal takes one entry for each accepted command.
type Journal interface {
	Append(tx *sqldb.Tx, e journal.Entry) journal.Position
}

// Parts are what Invoices is made of; all are required.
type Parts struct {
	DB      *sqldb.DB
	Store   Store
	Orders  Orders
	Vault   Vault
	Journal Journal
	Clock   clock.Clock
	IDs     *idgen.Source
}

// Invoices is the module. Make one with New.
type Invoices struct{ Parts }

// New makes the module.
func New(p Parts) *Invoices { return &Invoices{p} }
