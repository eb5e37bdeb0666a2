package app

import (
	"context"
	"errors"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/seating/seatmap"
	"foyer/internal/sqldb"
)

// organizations lets staff know tenants and venues without knowing the catalogue.
type organizations struct{ a *App }

// AddOrganization makes the tenant of a first owner.
func (o organizations) AddOrganization(tx *sqldb.Tx, id int64, name string) error {
	_, err := o.a.Catalog.AddOrganization(tx, id, catalog.OrganizationInfo{Name: name})
	return err
}

// HasVenue says whether the organization has the venue.
func (o organizations) HasVenue(ctx context.Context, s actor.Scope, venue int64) (bool, error) {
	_, err := o.a.Catalog.Stores().Venues.Get(ctx, s, venue)
	if errors.Is(err, fault.Missing) {
		return false, nil
	}
	return err == nil, err
}

// OrganizationName is what an invitation calls the organization.
func (o organizations) OrganizationName(ctx context.Context, id int64) (string, error) {
	org, err := o.a.Catalog.Stores().Organizations.Get(ctx, actor.Scope{Organization: id}, id)
	if err != nil {
		return "", err
	}
	return org.Name, nil
}

// mapPublisher draws a hall's first seat map for the demo and for imports.
type mapPublisher struct{ a *App }

// PublishMap saves a map as the hall's draft and publishes it.
func (m mapPublisher) PublishMap(ctx context.Context, who actor.Actor, organization, hall int64,
	plan *seatmap.Map,
) (int64, error) {
	now, err := m.a.Seating.Draft(ctx, who, organization, hall)
	if err != nil {
		return 0, err
	}
	draft, err := m.a.Seating.SaveDraft(ctx, who, organization, hall, now.Revision, plan)
	if err != nil {
		return 0, err
	}
	done, err := m.a.Seating.Publish(ctx, who, organization, hall, draft.Revision, false)
	if err != nil {
		return 0, err
	}
	return done.ID, nil
}
