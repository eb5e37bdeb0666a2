package app

import (
	"context"
	"fmt"
	"strings"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/picture"
	"foyer/internal/catalog/sheet"
	"foyer/internal/idgen"
	"foyer/internal/seating/layout"
	"foyer/internal/seating/seatmap"
)

// maxNamed bounds the organizations and halls that a name is looked for in.
const maxNamed = 10_000

// SheetReport says what an import from a spreadsheet did, or why it did nothing.
type SheetReport = sheet.Report

// ImportEvents reads films and shows from a table, with their posters from a zip (or nil).
func (a *App) ImportEvents(ctx context.Context, organization int64, table, posters []byte,
	dry bool, progress func(done, total int),
) (SheetReport, error) {
	return a.importer().Films(ctx, actor.SystemActor, organization, table, posters,
		sheet.Options{DryRun: dry, Progress: progress})
}

// ImportProgramme reads sessions from a table.
func (a *App) ImportProgramme(ctx context.Context, organization int64, table []byte, dry bool,
	progress func(done, total int),
) (SheetReport, error) {
	return a.importer().Programme(ctx, actor.SystemActor, organization, table,
		sheet.Options{DryRun: dry, Progress: progress})
}

func (a *App) importer() *sheet.Importer {
	return sheet.New(a.Catalog, picture.NewReader(1, a.Clock.After), a.Clock)
}

// FindOrganization finds the organization with a public id or a name; with "" the only one
// that there is. The error lists the names when it cannot tell.
func (a *App) FindOrganization(ctx context.Context, text string) (*catalog.Organization, error) {
	list, err := a.Catalog.Stores().Organizations.Known(ctx, 0, maxNamed)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, o := range list {
		if text == "" && len(list) == 1 || a.named(catalog.KindOrganization, o.ID, text, o.Name,
			o.NameEn) {
			return o, nil
		}
		names = append(names, o.Name)
	}
	return nil, fmt.Errorf("no organization %q; there are: %s", text, strings.Join(names, ", "))
}

// FindHall finds a hall by its public id or as VENUE/HALL.
func (a *App) FindHall(ctx context.Context, organization int64, text string) (
	*catalog.Hall, error,
) {
	scope := actor.Scope{Organization: organization}
	halls, err := a.Catalog.Stores().Halls.List(ctx, scope, 0, maxNamed)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, h := range halls {
		v, err := a.Catalog.Stores().Venues.Get(ctx, scope, h.VenueID)
		if err != nil {
			return nil, err
		}
		name := v.Name + "/" + h.Name
		if a.named(catalog.KindHall, h.ID, text, name, v.NameEn+"/"+h.NameEn) {
			return h, nil
		}
		names = append(names, name)
	}
	return nil, fmt.Errorf("no hall %q; there are: %s", text, strings.Join(names, ", "))
}

// named says whether a text names an object, by public id or by one of its names.
func (a *App) named(kind idgen.Kind, id int64, text string, names ...string) bool {
	for _, n := range append(names, a.Codec.Encode(kind, id)) {
		if strings.EqualFold(n, text) && n != "" {
			return true
		}
	}
	return false
}

// SeatImport is what an import of a seat map did, or would do.
type SeatImport struct {
	Format                         layout.Format
	Seats, Areas                   int
	Added, Dropped, Moved, Changed int
	Version                        int64 // 0 in a dry run
}

// ImportSeats reads a seat map in any of the formats that package layout knows and
// publishes it as the hall's next version. A dry run only says what would change. It
// refuses a map with problems, naming all of them, and one that drops a place that somebody
// has in a session to come.
func (a *App) ImportSeats(ctx context.Context, hall *catalog.Hall, data []byte, dry bool) (
	*SeatImport, error,
) {
	m, format, err := layout.Read(data)
	if err != nil {
		return nil, err
	}
	out := &SeatImport{Format: format, Seats: m.SeatCount()}
	for _, f := range m.Floors {
		out.Areas += len(f.Areas)
	}
	if dry {
		return out, a.compareSeats(ctx, hall, m, format, out)
	}
	who := actor.SystemActor
	now, err := a.Seating.Draft(ctx, who, hall.Organization, hall.ID)
	if err != nil {
		return nil, err
	}
	draft, _, err := a.Seating.ImportDraft(ctx, who, hall.Organization, hall.ID, now.Revision, data)
	if err != nil {
		return nil, err
	}
	done, err := a.Seating.Publish(ctx, who, hall.Organization, hall.ID, draft.Revision, false)
	if err != nil {
		return nil, err
	}
	out.count(done.Diff)
	out.Version = done.ID
	return out, nil
}

func (s *SeatImport) count(d seatmap.Diff) {
	s.Added, s.Dropped = len(d.Added), len(d.Dropped)
	s.Moved, s.Changed = len(d.Moved), len(d.Changed)
}

// compareSeats says what publishing a map would change, and touches nothing.
func (a *App) compareSeats(ctx context.Context, hall *catalog.Hall, m *seatmap.Map,
	format layout.Format, out *SeatImport,
) error {
	now, err := a.Seating.Draft(ctx, actor.SystemActor, hall.Organization, hall.ID)
	if err != nil {
		return err
	}
	prev := now.Map
	if prev == nil || !now.FromVersion {
		out.Added = m.SeatCount() + out.Areas
		return nil
	}
	if format != layout.Pretix { // whose seats bring GUIDs of their own
		seatmap.AdoptGUIDs(prev, m)
	}
	if err := seatmap.Assign(prev, m); err != nil {
		return err
	}
	out.count(seatmap.Compare(prev, m))
	return nil
}
