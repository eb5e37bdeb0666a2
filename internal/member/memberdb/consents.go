package memberdb

import (
	"context"
	"database/sql"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/member"
	"foyer/internal/sqldb"
)

const maxTexts = 20 // purposes of one organization

const newestTexts = `SELECT t.organization_id, t.purpose, t.version, t.title_zh, t.title_en,
  t.body_zh, t.body_en, t.published_at FROM consent_text t
  WHERE t.organization_id = ? AND t.version = (SELECT MAX(n.version) FROM consent_text n
    WHERE n.organization_id = ? AND n.purpose = t.purpose)
  ORDER BY t.purpose LIMIT ?`

// Texts are the newest versions of an organization's texts; 0 is the installation.
func (s *Store) Texts(ctx context.Context, sc actor.Scope) ([]member.ConsentText, error) {
	rows, err := s.db.Query(ctx, newestTexts, sc.Organization, sc.Organization, maxTexts)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (member.ConsentText, error) {
		return scanText(r)
	})
}

func scanText(r scanner) (t member.ConsentText, err error) {
	var at int64
	var zh, en []byte
	err = r.Scan(&t.Organization, &t.Purpose, &t.Version, &t.TitleZh, &t.TitleEn, &zh, &en, &at)
	t.BodyZh, t.BodyEn, t.PublishedAt = string(zh), string(en), clock.FromMillis(at)
	return t, err
}

const newestText = `SELECT organization_id, purpose, version, title_zh, title_en, body_zh,
  body_en, published_at FROM consent_text WHERE organization_id = ? AND purpose = ?
  ORDER BY version DESC LIMIT 1`

// NewestTextIn is the newest version of one text.
func (s *Store) NewestTextIn(tx *sqldb.Tx, sc actor.Scope, p member.ConsentPurpose,
) (member.ConsentText, bool, error) {
	t, err := scanText(tx.QueryRow(newestText, sc.Organization, string(p)))
	ok, err := sqldb.Found(err)
	return t, ok, err
}

const insertText = `INSERT INTO consent_text (organization_id, purpose, version, title_zh,
  title_en, body_zh, body_en, published_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

// InsertText stores a version; one that is there already is a duplicate.
func (s *Store) InsertText(tx *sqldb.Tx, t member.ConsentText) error {
	_, err := tx.Exec(insertText, t.Organization, string(t.Purpose), t.Version, t.TitleZh,
		t.TitleEn, []byte(t.BodyZh), []byte(t.BodyEn), clock.Millis(t.PublishedAt))
	return err
}

const consentsOf = `SELECT id, member_id, organization_id, purpose, version, given, decided_at
  FROM consent WHERE member_id = ? ORDER BY id DESC LIMIT ?
  /* any organization: a member's own decisions */`

// ConsentsOf are a member's decisions, the newest first.
func (s *Store) ConsentsOf(ctx context.Context, id int64, limit int) ([]member.Consent, error) {
	rows, err := s.db.Query(ctx, consentsOf, id, limit)
	return sqldb.Collect(rows, err, scanConsent)
}

// ConsentsOfIn is ConsentsOf inside a transaction.
func (s *Store) ConsentsOfIn(tx *sqldb.Tx, id int64, limit int) ([]member.Consent, error) {
	rows, err := tx.Query(consentsOf, id, limit)
	return sqldb.Collect(rows, err, scanConsent)
}

func scanConsent(r *sql.Rows) (c member.Consent, err error) {
	var given int
	var at int64
	err = r.Scan(&c.ID, &c.Member, &c.Organization, &c.Purpose, &c.Version, &given, &at)
	c.Given, c.At = given != 0, clock.FromMillis(at)
	return c, err
}

const insertConsent = `INSERT INTO consent (id, member_id, organization_id, purpose, version,
  given, decided_at) VALUES (?, ?, ?, ?, ?, ?, ?)`

// InsertConsent stores a decision.
func (s *Store) InsertConsent(tx *sqldb.Tx, c member.Consent) error {
	given := 0
	if c.Given {
		given = 1
	}
	_, err := tx.Exec(insertConsent, c.ID, c.Member, c.Organization, string(c.Purpose), c.Version,
		given, clock.Millis(c.At))
	return err
}
