package app

import (
	"context"
	"errors"

	"foyer/internal/alert"
	"foyer/internal/alert/alertdb"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/seating"
	"foyer/internal/seating/seatingdb"
)

// newAlerts joins what tells members that a session sells, and lets its job run.
func (a *App) newAlerts() *alert.Alerts {
	alerts := alert.New(alert.Parts{DB: a.DB, Store: alertdb.New(a.DB), Sessions: a.Catalog,
		Left:    seating.NewStock(seatingdb.New(a.DB), a.plans, a.Board),
		Contact: a.contact, Sender: a.Inbox, Jobs: a.Jobs, Journal: a.Journal, IDs: a.IDs,
		Clock: a.Clock, Link: func(session int64) string {
			return a.Config.PublicURL + "/sessions/" + a.Codec.Encode(catalog.KindSession, session)
		}})
	a.Jobs.Handle(alert.JobTell, alerts.Tell)
	return alerts
}

// contact is where a member is told; false when he is gone.
func (a *App) contact(ctx context.Context, member int64) (phone, language string, ok bool,
	err error,
) {
	c, err := a.Members.Contact(ctx, member)
	if errors.Is(err, fault.Missing) {
		return "", "", false, nil
	}
	return c.Phone, string(c.Language), err == nil, err
}
