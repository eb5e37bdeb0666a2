// Package inbox is the sender of development: instead of leaving, messages are stored
// sealed and shown on a plain page. Production refuses to start with it.
package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"foyer/internal/notify"
	"foyer/internal/sqldb"
)

// Keep is how many messages the inbox holds; older ones are dropped.
const Keep = 500

// Sealed is a message as stored.
type Sealed struct {
	ID              int64
	Channel         string
	Recipient, Body []byte
	At              time.Time
}

// Store keeps messages; package notifydb implements it.
type Store interface {
	Insert(tx *sqldb.Tx, m Sealed, keep int) error
	Newest(ctx context.Context, limit int) ([]Sealed, error)
}

// Vault seals values for one place in a table.
type Vault interface {
	Seal(table, column string, id int64, plain []byte) []byte
	Open(table, column string, id int64, sealed []byte) ([]byte, error)
}

// Numbers gives keys.
type Numbers interface{ Next() int64 }

// Inbox is the development sender. Make one with New.
type Inbox struct {
	db    *sqldb.DB
	store Store
	vault Vault
	ids   Numbers
}

// New makes the inbox.
func New(db *sqldb.DB, store Store, vault Vault, ids Numbers) *Inbox {
	return &Inbox{db, store, vault, ids}
}

// Check refuses the inbox in production: it would show every sign-in code to whoever finds
// the page, and reach nobody.
func Check(mode string) error {
	if mode == "production" {
		return errors.New("the development inbox is no sender for production: " +
			"configure a sender of SMS and e-mail")
	}
	return nil
}

// maxBody is what fits the column once it is sealed, in bytes.
const maxBody = 7900

const table = "inbox_message"

// content is what is sealed as the body.
type content struct {
	Topic   notify.Topic `json:"topic"`
	Subject string       `json:"subject"`
	Text    string       `json:"text"`
}

// Send stores the message. It refuses with notify.ErrTextTooLong and notify.ErrNotSent.
func (b *Inbox) Send(ctx context.Context, m notify.Message) error {
	if len(m.Text.Subject)+len(m.Text.Body) > notify.MaxText || len(m.To) > 254 {
		return notify.ErrTextTooLong
	}
	body, err := json.Marshal(content{m.Topic, m.Text.Subject, m.Text.Body})
	if err != nil {
		return notify.ErrNotSent.Wrap(err)
	}
	if len(body) > maxBody {
		return notify.ErrTextTooLong
	}
	id := b.ids.Next()
	s := Sealed{ID: id, Channel: string(m.Channel),
		Recipient: b.vault.Seal(table, "recipient_sealed", id, []byte(m.To)),
		Body:      b.vault.Seal(table, "body_sealed", id, body)}
	err = b.db.InTx(ctx, func(tx *sqldb.Tx) error {
		s := s
		s.At = tx.Now
		return b.store.Insert(tx, s, Keep)
	})
	if err != nil {
		return notify.ErrNotSent.Wrap(err)
	}
	return nil
}

// Letter is a message as the page shows it.
type Letter struct {
	ID      int64          `json:"-"`
	Channel notify.Channel `json:"channel" doc:"sms or email"`
	To      string         `json:"to"`
	Topic   notify.Topic   `json:"topic"`
	Subject string         `json:"subject"`
	Text    string         `json:"text"`
	At      time.Time      `json:"at"`
}

// Newest opens up to limit messages, the newest first. What does not open (its key was
// retired) is left out: an inbox of development owes nobody an old letter.
func (b *Inbox) Newest(ctx context.Context, limit int) ([]Letter, error) {
	list, err := b.store.Newest(ctx, min(max(limit, 1), Keep))
	if err != nil {
		return nil, err
	}
	letters := make([]Letter, 0, len(list))
	for _, s := range list {
		to, err := b.vault.Open(table, "recipient_sealed", s.ID, s.Recipient)
		if err != nil {
			continue
		}
		body, err := b.vault.Open(table, "body_sealed", s.ID, s.Body)
		if err != nil {
			continue
		}
		var c content
		if err := json.Unmarshal(body, &c); err != nil {
			return nil, err
		}
		letters = append(letters, Letter{s.ID, notify.Channel(s.Channel), string(to), c.Topic,
			c.Subject, c.Text, s.At})
	}
	return letters, nil
}
