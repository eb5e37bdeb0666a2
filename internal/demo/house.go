package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	_ "image/jpeg" // the drawings are JPEG and PNG
	_ "image/png"
	"sync/atomic"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/demo/programme"
	"foyer/internal/seating/seatmap"
)

// house seeds one organization; its maps lead from the programme's keys to ours.
type house struct {
	*Seeder
	*Made
	src      *programme.Organization
	pictures map[drawing][]byte
	areas    map[string]map[string]int32 // by hall
}

func (h *house) meta() catalog.Meta { return catalog.Meta{Organization: h.ID} }

func (h *house) seed(ctx context.Context) error {
	h.ID = h.Existing[h.src.Key]
	if h.ID == 0 {
		org, err := h.Catalog.CreateOrganization(ctx, who, catalog.OrganizationInfo{
			Name: h.src.Name.ZH, NameEn: h.src.Name.EN, Currency: h.src.Currency})
		if err != nil {
			return err
		}
		h.ID = org.ID
	}
	for _, step := range []func(context.Context) error{h.seedTypes, h.seedPolicies, h.seedVenues,
		h.seedEvents, h.seedLists, h.seedSessions} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) seedTypes(ctx context.Context) error {
	for _, t := range h.src.TicketTypes {
		made, err := h.Catalog.CreateTicketType(ctx, who, catalog.TicketType{Meta: h.meta(),
			TicketTypeInfo: catalog.TicketTypeInfo{Kind: catalog.TicketKind(t.Key), Code: t.Key,
				Name: t.Name.ZH, NameEn: t.Name.EN, Who: t.Rule.ZH, WhoEn: t.Rule.EN}})
		if err != nil {
			return fmt.Errorf("ticket type %s: %w", t.Key, err)
		}
		h.TicketTypes[t.Key] = made.ID
	}
	return nil
}

func (h *house) seedPolicies(ctx context.Context) error {
	for _, p := range h.src.Policies {
		info := catalog.RefundPolicyInfo{Name: p.Name.ZH, NameEn: p.Name.EN, Allowed: p.Allowed,
			Text: p.Terms.ZH, TextEn: p.Terms.EN, LegalSource: p.Source.ZH,
			LegalSourceEn: p.Source.EN}
		for _, r := range p.Rungs {
			info.Ladder = append(info.Ladder, catalog.Rung{UntilBefore: r.UntilMinutesBefore,
				FeePercent: r.FeeBasisPoints, MinFee: r.MinFee})
		}
		made, err := h.Catalog.CreateRefundPolicy(ctx, who,
			catalog.RefundPolicy{Meta: h.meta(), RefundPolicyInfo: info})
		if err != nil {
			return fmt.Errorf("refund policy %s: %w", p.Key, err)
		}
		h.Policies[p.Key] = made.ID
	}
	return nil
}

func (h *house) seedVenues(ctx context.Context) error {
	for i, v := range h.src.Venues {
		h.progress("venues", i+1, len(h.src.Venues))
		made, err := h.Catalog.CreateVenue(ctx, who, h.venue(v))
		if err != nil {
			return fmt.Errorf("venue %s: %w", v.Key, err)
		}
		h.Venues[v.Key] = made.ID
		picture, err := h.picture(ctx, drawing{v.Picture, false})
		if err != nil {
			return err
		}
		if picture != 0 {
			made.Images = []int64{picture}
			if made, err = h.Catalog.UpdateVenue(ctx, who, *made); err != nil {
				return fmt.Errorf("venue %s: %w", v.Key, err)
			}
		}
		if _, err := h.Catalog.SetVenueState(ctx, who, made.Meta, catalog.Published); err != nil {
			return fmt.Errorf("venue %s: %w", v.Key, err)
		}
		for _, hall := range v.Halls {
			if err := h.seedHall(ctx, made.ID, v, hall); err != nil {
				return fmt.Errorf("hall %s/%s: %w", v.Key, hall.Key, err)
			}
		}
	}
	return nil
}

func (h *house) venue(v programme.Venue) catalog.Venue {
	lat, lng, starts := v.Latitude, v.Longitude, v.DayStartsMinute
	out := catalog.Venue{Meta: h.meta(), VenueInfo: catalog.VenueInfo{
		Kind: catalog.VenueKind(v.Kind), Name: v.Name.ZH, NameEn: v.Name.EN, City: v.City.ZH,
		CityEn: v.City.EN, TimeZone: v.TimeZone, DayStartsMinute: &starts, Address: v.Address.ZH,
		AddressEn: v.Address.EN, Latitude: &lat, Longitude: &lng, Phone: v.Phone,
		Intro: v.About.ZH, IntroEn: v.About.EN, Hours: hours(v.Hours)}}
	for i, s := range v.Services {
		out.Services = append(out.Services, catalog.Amenity{Kind: fmt.Sprintf("service_%d", i+1),
			Name: s.ZH, NameEn: s.EN})
	}
	kinds := licenceKinds[v.Kind]
	for i, l := range v.Licences {
		out.Licences = append(out.Licences, catalog.Licence{Kind: kinds[min(i, len(kinds)-1)],
			Number: l.Number, ExpiresOn: l.ExpiresOn})
	}
	if v.Kind == programme.Cinema {
		out.Codes.CinemaCode = "33019901"
	}
	return out
}

// licenceKinds are what the demo's licences are, in the order in which it lists them.
var licenceKinds = map[programme.VenueKind][]catalog.LicenceKind{
	programme.Cinema: {catalog.LicenceFilm, catalog.LicenceBusiness, catalog.LicenceSafety},
	programme.Theatre: {catalog.LicencePerformance, catalog.LicenceBusiness,
		catalog.LicenceSafety},
	programme.Museum:     {catalog.LicenceMuseum, catalog.LicenceSafety},
	programme.Exhibition: {catalog.LicenceBusiness, catalog.LicenceSafety},
	programme.ScenicSpot: {catalog.LicenceBusiness, catalog.LicenceSafety},
	programme.Park:       {catalog.LicenceBusiness, catalog.LicenceSafety},
}

func hours(list []programme.Hours) catalog.Hours {
	var out catalog.Hours
	for _, w := range list {
		one := catalog.WeeklyHours{Open: wall(w.OpenMinute), Close: wall(w.CloseMinute)}
		for _, d := range w.Weekdays {
			one.Weekdays = append(one.Weekdays, isoWeekday(d))
		}
		out.Weekly = append(out.Weekly, one)
	}
	return out
}

func wall(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

func isoWeekday(d time.Weekday) int {
	if d == time.Sunday {
		return 7
	}
	return int(d)
}

func (h *house) seedHall(ctx context.Context, venue int64, v programme.Venue,
	hall programme.Hall,
) error {
	slots := v.Kind != programme.Cinema && v.Kind != programme.Theatre
	cleaning := 15
	if slots {
		cleaning = 0
	}
	made, err := h.Catalog.CreateHall(ctx, who, catalog.Hall{Meta: h.meta(), VenueID: venue,
		HallInfo: catalog.HallInfo{Name: hall.Name.ZH, NameEn: hall.Name.EN, TimeSlots: slots,
			CleaningMinutes: cleaning}})
	if err != nil {
		return err
	}
	plan, guids := planOf(hall)
	if err := seatmap.Assign(nil, plan); err != nil {
		return err
	}
	version, err := h.Seeder.Maps.PublishMap(ctx, who, h.ID, made.ID, plan)
	if err != nil {
		return err
	}
	key := v.Key + "/" + hall.Key
	h.Halls[key], h.Plans[key] = made.ID, version
	h.areas[key] = map[string]int32{}
	for name, guid := range guids {
		for _, a := range plan.Floors[0].Areas {
			if a.GUID == guid {
				h.areas[key][name] = int32(a.Place)
			}
		}
	}
	return nil
}

// picture stores a drawing and gives its media id; 0 without one.
func (h *house) picture(ctx context.Context, d drawing) (int64, error) {
	data := h.pictures[d]
	if len(data) == 0 {
		return 0, nil
	}
	size, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256(data)
	m, err := h.Catalog.AddMedia(ctx, who, h.ID, catalog.Picture{
		Digest: hex.EncodeToString(sum[:]), ContentType: "image/" + format, Data: data,
		Width: size.Width, Height: size.Height})
	if err != nil {
		return 0, err
	}
	return m.ID, nil
}

func (h *house) seedSessions(ctx context.Context) error {
	var done atomic.Int64
	var open []programme.Session
	for _, s := range h.src.Sessions {
		if s.End.After(h.Now.Add(seeding)) {
			open = append(open, s)
		}
	}
	total := len(open)
	return inParallel(16, open, func(s programme.Session) error {
		h.progress("sessions", int(done.Add(1)), total)
		made, err := h.Catalog.CreateSession(ctx, who, h.session(s))
		if err != nil {
			return fmt.Errorf("session %s: %w", s.Key, err)
		}
		if _, err := h.Catalog.SetSessionState(ctx, who, made.Meta,
			catalog.SessionOnSale); err != nil {
			return fmt.Errorf("session %s: %w", s.Key, err)
		}
		return nil
	})
}

// seeding is longer than a slow machine takes to seed: what ends meanwhile cannot be put on
// sale any more.
const seeding = 10 * time.Minute

func (h *house) session(s programme.Session) catalog.Session {
	hall := s.Venue + "/" + s.Hall
	info := catalog.SessionInfo{StartsAt: s.Start, EndsAt: s.End, SaleFrom: s.SaleFrom,
		SaleUntil: s.SaleUntil, HoldSeconds: s.HoldSeconds, MaxPerOrder: s.MaxPerOrder,
		MaxPerMember: s.MaxPerMember, OrphanRule: catalog.OrphanRule(s.Orphans),
		Version: s.Version.Format, Language: s.Version.Language.ZH}
	areas := map[int32]int{}
	for key, n := range s.AreaCapacity {
		areas[h.areas[hall][key]] = n
	}
	return catalog.Session{Meta: h.meta(), VenueID: h.Venues[s.Venue], HallID: h.Halls[hall],
		EventID: h.Events[s.Event], SeatMapVersionID: h.Plans[hall],
		PriceListID: h.Lists[s.PriceList], RefundPolicyID: h.Policies[s.Policy],
		AreaCapacity: areas, SessionInfo: info}
}
