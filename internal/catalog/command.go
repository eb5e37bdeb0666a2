package catalog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sort"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// kit is what every kind of object is handled with.
type kit[T any] struct {
	store Store[T]
	kind  idgen.Kind
	noun  string
}

type record interface{ meta() *Meta }

// metaOf reaches the Meta that every object embeds.
func metaOf[T any](v *T) *Meta { return any(v).(record).meta() }

// add stores a new object with its journal entry; more does what belongs to it.
func add[T any](c *Catalog, ctx context.Context, k kit[T], who actor.Actor, v *T,
	more func(tx *sqldb.Tx, v *T) error) (*T, error) {
	var out *T
	id := c.cfg.IDs.Next()
	err := c.inTx(ctx, func(tx *sqldb.Tx) error {
		fresh := *v
		m := metaOf(&fresh)
		m.ID = id
		if err := insert(c, tx, k, &fresh, more); err != nil {
			return err
		}
		c.record(tx, who, k.noun+".created", k.kind, m, nil, &fresh, nil)
		out = &fresh
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// insert stores a fresh object and shows it in the picture; it writes no journal entry.
func insert[T any](c *Catalog, tx *sqldb.Tx, k kit[T], v *T,
	more func(tx *sqldb.Tx, v *T) error) error {
	m := metaOf(v)
	m.Revision, m.CreatedAt, m.UpdatedAt = 1, tx.Now, tx.Now
	if more != nil {
		if err := more(tx, v); err != nil {
			return err
		}
	}
	if err := k.store.Insert(tx, v); err != nil {
		if sqldb.IsDuplicate(err) {
			return ErrCodeTaken
		}
		return err
	}
	tx.AfterCommit(func() { c.board.push(v) })
	return nil
}

// ref names the object that a command changes and the revision it was made from.
type ref struct{ organization, id, revision int64 }

func refOf(m Meta) ref { return ref{m.Organization, m.ID, m.Revision} }

// amend changes one object: read, compare the revision, edit, write, journal. edit checks
// rights and rules and changes its second object, a copy of the first. A change that
// changes nothing is accepted and leaves no trace.
func amend[T any](c *Catalog, ctx context.Context, k kit[T], who actor.Actor, r ref,
	action string, edit func(tx *sqldb.Tx, was, next *T) error) (*T, error) {
	var out *T
	err := c.inTx(ctx, func(tx *sqldb.Tx) (err error) {
		out, err = amendIn(c, tx, k, who, r, action, edit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// amendIn is amend inside a transaction.
func amendIn[T any](c *Catalog, tx *sqldb.Tx, k kit[T], who actor.Actor, r ref,
	action string, edit func(tx *sqldb.Tx, was, next *T) error) (*T, error) {
	was, err := k.store.Find(tx, scopeOf(r.organization), r.id)
	if err != nil {
		return nil, err
	}
	next := *was
	if err := edit(tx, was, &next); err != nil {
		return nil, err
	}
	if now := metaOf(was).Revision; r.revision != now {
		return nil, fault.Stale.With("revision", now)
	}
	return &next, update(c, tx, k, who, action, was, &next)
}

// update writes a changed object, with its journal entry unless nothing changed.
func update[T any](c *Catalog, tx *sqldb.Tx, k kit[T], who actor.Actor, action string,
	was, next *T) error {
	fields := changedFields(was, next)
	if len(fields) == 0 {
		return nil
	}
	if err := overwrite(c, tx, k, was, next); err != nil {
		return err
	}
	c.record(tx, who, k.noun+"."+action, k.kind, metaOf(next), was, next, fields)
	return nil
}

// overwrite writes a changed object and shows it; it writes no journal entry.
func overwrite[T any](c *Catalog, tx *sqldb.Tx, k kit[T], was, next *T) error {
	m := metaOf(next)
	m.Revision, m.UpdatedAt = metaOf(was).Revision+1, tx.Now
	if err := k.store.Update(tx, next, m.Revision-1); err != nil {
		if sqldb.IsDuplicate(err) {
			return ErrCodeTaken
		}
		return err
	}
	tx.Forget(foundKey{k.kind, m.Organization, m.ID})
	if k.kind == KindSession {
		tx.Forget(gateKey(m.ID))
	}
	tx.AfterCommit(func() { c.board.push(next) })
	return nil
}

// foundKey remembers within a batch what find read.
type foundKey struct {
	kind             idgen.Kind
	organization, id int64
}

// find reads an object that others of the batch may have read already. What it gives is
// shared: it must not be written through.
func find[T any](tx *sqldb.Tx, k kit[T], organization, id int64) (*T, error) {
	return sqldb.Memo(tx, foundKey{k.kind, organization, id}, func() (*T, error) {
		return k.store.Find(tx, scopeOf(organization), id)
	})
}

// entryData is what the journal keeps of a change for ever: no texts, only what changed
// and the digests of before and after.
type entryData struct {
	Fields []string `json:"fields,omitempty"`
	Before string   `json:"before,omitempty"`
	After  string   `json:"after"`
}

func (c *Catalog) record(tx *sqldb.Tx, who actor.Actor, action string, kind idgen.Kind,
	m *Meta, was, next any, fields []string) {
	d := entryData{Fields: fields, After: digest(next)}
	if was != nil {
		d.Before = digest(was)
	}
	c.entry(tx, who, m.Organization, action, d,
		journal.Object{Kind: string(kind), ID: m.ID, Revision: m.Revision})
}

func (c *Catalog) entry(tx *sqldb.Tx, who actor.Actor, organization int64, action string,
	data any, objects ...journal.Object) {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(err) // our own structs of strings and numbers always encode
	}
	c.cfg.Journal.Append(tx, journal.Entry{Actor: who, Organization: organization,
		Action: action, Objects: objects, Data: raw})
}

func digest(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own structs always encode
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}

// changedFields names the top-level fields that differ, without the bookkeeping ones.
func changedFields(was, next any) []string {
	a, b := fieldsOf(was), fieldsOf(next)
	var names []string
	for name, v := range b {
		if name != "Revision" && name != "UpdatedAt" && !bytes.Equal(v, a[name]) {
			names = append(names, name)
		}
	}
	for name := range a {
		if _, ok := b[name]; !ok {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

func fieldsOf(v any) map[string]json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own structs always encode
	}
	m := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &m); err != nil {
		panic(err) // what we have just encoded is an object
	}
	return m
}
