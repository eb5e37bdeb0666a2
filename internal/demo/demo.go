// Package demo fills an empty installation with a programme that looks like life: two
// organizations, a five-hall cinema, a theatre on three floors, a museum with time slots, a
// park, and a week of sessions around now, with pictures drawn by code of our own.
package demo

import (
	"context"
	"fmt"
	"sync"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/demo/art"
	"foyer/internal/demo/programme"
	"foyer/internal/seating/halls"
	"foyer/internal/seating/seatmap"
)

// Maps publishes the seat map of a hall; seating implements it.
type Maps interface {
	PublishMap(ctx context.Context, who actor.Actor, organization, hall int64,
		m *seatmap.Map) (version int64, err error)
}

// Seeder fills an installation. Progress may be nil.
type Seeder struct {
	Catalog *catalog.Catalog
	Maps    Maps
	// Now is when it is seeded: what ends by then, or within ten minutes of it, is left out.
	Now time.Time
	// Existing are organizations that are there already, by the programme's key.
	Existing map[string]int64
	Progress func(what string, done, total int)
}

// Seeded is what was made, by the programme's keys of the organizations.
type Seeded struct{ Houses map[string]*Made }

// Made is one organization's part, by the programme's keys; halls are venue/hall.
type Made struct {
	ID                                                         int64
	Venues, Halls, Plans, Events, TicketTypes, Lists, Policies map[string]int64
}

// who makes the demo: Foyer itself.
var who = actor.SystemActor

// Seed makes everything of the programme around a day. It is meant for an empty
// installation and refuses, as the catalogue does, what is there already.
func (s *Seeder) Seed(ctx context.Context, day time.Time, loc *time.Location) (*Seeded, error) {
	p := programme.Build(day, loc)
	out := &Seeded{Houses: map[string]*Made{}}
	pictures, err := s.draw(&p)
	if err != nil {
		return nil, err
	}
	for i := range p.Organizations {
		h := &house{Seeder: s, src: &p.Organizations[i], pictures: pictures,
			areas: map[string]map[string]int32{}, Made: &Made{Venues: map[string]int64{},
				Halls: map[string]int64{}, Plans: map[string]int64{}, Events: map[string]int64{},
				TicketTypes: map[string]int64{}, Lists: map[string]int64{},
				Policies: map[string]int64{}}}
		out.Houses[h.src.Key] = h.Made
		if err := h.seed(ctx); err != nil {
			return nil, fmt.Errorf("demo: %s: %w", h.src.Key, err)
		}
	}
	return out, nil
}

func (s *Seeder) progress(what string, done, total int) {
	if s.Progress != nil {
		s.Progress(what, done, total)
	}
}

// drawing is one picture to draw: posters stand, stills lie.
type drawing struct {
	programme.Picture
	poster bool
}

// draw renders every picture once, two at a time: they are most of the seeding's work.
func (s *Seeder) draw(p *programme.Programme) (map[drawing][]byte, error) {
	var list []drawing
	seen := map[drawing]bool{}
	add := func(pic programme.Picture, poster bool) {
		if d := (drawing{pic, poster}); pic.Scene != "" && !seen[d] {
			seen[d] = true
			list = append(list, d)
		}
	}
	for _, o := range p.Organizations {
		for _, v := range o.Venues {
			add(v.Picture, false)
		}
		for _, e := range o.Events {
			add(e.Poster, true)
			for _, still := range e.Stills {
				add(still, false)
			}
		}
	}
	var mu sync.Mutex
	made := make(map[drawing][]byte, len(list))
	err := inParallel(2, list, func(d drawing) error {
		paint := art.Still
		if d.poster {
			paint = art.Poster
		}
		data, err := paint(d.Scene, d.Seed)
		mu.Lock()
		defer mu.Unlock()
		made[d] = data
		s.progress("pictures", len(made), len(list))
		return err
	})
	return made, err
}

// inParallel runs fn over a list with n workers and gives the first error.
func inParallel[T any](n int, list []T, fn func(T) error) error {
	var wg sync.WaitGroup
	var once sync.Once
	var first error
	next := make(chan T)
	stop := make(chan struct{})
	for range n {
		wg.Go(func() {
			for v := range next {
				if err := fn(v); err != nil {
					once.Do(func() { first = err; close(stop) })
				}
			}
		})
	}
feed:
	for _, v := range list {
		select {
		case next <- v:
		case <-stop:
			break feed
		}
	}
	close(next)
	wg.Wait()
	return first
}

// planOf draws the seat map of a hall, and numbers its areas by key.
func planOf(h programme.Hall) (*seatmap.Map, map[string]string) {
	var m *seatmap.Map
	switch {
	case h.Cinema != nil:
		m = halls.Cinema(halls.CinemaSpec{Name: h.Name.ZH, Rows: h.Cinema.Rows,
			Columns: h.Cinema.Columns, Couples: h.Cinema.Couples, Recliner: h.Cinema.Recliner})
	case h.GrandStage:
		m = halls.Theatre(h.Name.ZH)
	default:
		m = blackBox(h)
	}
	guids := map[string]string{}
	for i, a := range h.Areas {
		guids[a.Key] = "area-" + a.Key
		floor := &m.Floors[0]
		y := int32(-400 - 300*i)
		floor.Areas = append(floor.Areas, seatmap.Area{GUID: guids[a.Key], Name: a.Name.ZH,
			Kind: seatmap.Admission, Zone: a.Zone, Capacity: int32(a.Capacity),
			Shape: []seatmap.Point{{X: -300, Y: y}, {X: 300, Y: y}, {X: 300, Y: y + 240},
				{X: -300, Y: y + 240}}})
		if !hasZone(m, a.Zone) {
			m.Zones = append(m.Zones, seatmap.Zone{Key: a.Zone, Name: a.Name.ZH, Color: "#4a7c9d"})
		}
	}
	return m, guids
}

func hasZone(m *seatmap.Map, key string) bool {
	for _, z := range m.Zones {
		if z.Key == key {
			return true
		}
	}
	return false
}

// blackBox is a small house of straight rows in front of a podium, or a map without seats.
func blackBox(h programme.Hall) *seatmap.Map {
	m := &seatmap.Map{Name: h.Name.ZH, Floors: []seatmap.Floor{{Name: "1层"}}}
	if len(h.Rows) == 0 {
		return m
	}
	m.Stage = seatmap.Stage{Kind: seatmap.Podium, Name: "舞台", Focal: seatmap.Point{Y: 0},
		Shape: []seatmap.Point{
			{X: -450, Y: -250}, {X: 450, Y: -250}, {X: 450, Y: 0}, {X: -450, Y: 0}}}
	colours := []string{"#c8553d", "#3d7ea6", "#5b8c5a", "#8d6a9f"}
	sec := seatmap.Section{Name: "池座"}
	for r, plan := range h.Rows {
		row := seatmap.Row{Label: plan.Label}
		for i := range plan.Seats {
			row.Seats = append(row.Seats, seatmap.Seat{GUID: fmt.Sprintf("%s-%d", plan.Label, i+1),
				Label: fmt.Sprint(i + 1), Zone: plan.Zone, Y: int32(180 + 95*r),
				X: int32(56*i - 28*(plan.Seats-1))})
		}
		sec.Rows = append(sec.Rows, row)
		if !hasZone(m, plan.Zone) {
			m.Zones = append(m.Zones, seatmap.Zone{Key: plan.Zone, Name: plan.Zone,
				Color: colours[len(m.Zones)%len(colours)]})
		}
	}
	m.Floors[0].Sections = []seatmap.Section{sec}
	return m
}
