package ordertest

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"foyer/internal/keyring"
	"foyer/internal/visitor"
	"foyer/internal/visitor/visitordb"
)

// newVisitors is who may buy, with a ring of its own; each member has a phone.
func (w *World) newVisitors(t testing.TB) *visitor.Visitors {
	t.Helper()
	ring, err := keyring.Create(filepath.Join(t.TempDir(), "keys"), w.IDs, w.Clock)
	check(t, err)
	w.Ring = ring
	return visitor.New(visitor.Deps{DB: w.DB, Store: visitordb.New(w.DB), Keys: ring,
		Contacts: phones{}, Clock: w.Clock, IDs: w.IDs, Log: w.log})
}

type phones struct{}

// PhoneOf gives two members in a row one phone, as a family shares it.
func (phones) PhoneOf(_ context.Context, member int64) (string, error) {
	return fmt.Sprintf("+86138%08d", member/2), nil
}
