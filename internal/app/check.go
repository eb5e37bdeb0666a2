package app

import (
	"context"
	"errors"

	"foyer/internal/backup"
	"foyer/internal/journal/journaldb"
	"foyer/internal/notify/inbox"
	"foyer/internal/sqldb"
	"foyer/internal/staff"
)

// CheckConfig runs every part's own check of the settings, without starting.
func CheckConfig(c Settings) error {
	return errors.Join(c.Validate(), inbox.Check(c.Mode))
}

// FirstOwnerLink is the one-time link of the first owner; empty once there is one.
func (a *App) FirstOwnerLink(ctx context.Context) (string, error) {
	link, err := a.Staff.SetupLink(ctx)
	if errors.Is(err, staff.ErrSetUp) {
		return "", nil
	}
	return link, err
}

// Records reads from a copy of the database what a backup's manifest tells.
func Records(db *sqldb.DB) backup.Records { return journaldb.New(db) }
