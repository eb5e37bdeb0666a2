package orderhttp

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/journal"
	"foyer/internal/journal/journalhttp"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/order/season"
)

type seasonHandler struct {
	handler
	seasons *season.Seasons
}

const seasonTag = "seasons"

// MountSeasons adds the routes of seasons.
func MountSeasons(api *httpx.API, seasons *season.Seasons, orders *order.Orders,
	keys *journal.Keys,
) {
	h := &seasonHandler{handler{wire{api.Keys()}, api, orders, keys}, seasons}
	h.mountSeasonDesk()
	refusals := append(placeRefusals[:len(placeRefusals):len(placeRefusals)],
		season.ErrNotOnSale, season.ErrChanged, season.ErrNights, season.ErrSeatTaken,
		season.ErrPrice)
	httpx.Register(api, httpx.Op{Method: "GET", Path: "/api/v1/seasons/{id}", Tag: seasonTag,
		OperationID: "get-season", Summary: "A season: its nights and what it costs",
		Access: httpx.Public}, h.show)
	httpx.Register(api, httpx.Op{Method: "GET", Path: "/api/v1/seasons/{id}/seats",
		Tag: seasonTag, OperationID: "list-season-seats",
		Summary: "Seats that are free on every night", Access: httpx.Public}, h.seats)
	httpx.Register(api, httpx.Op{Method: "POST", Path: "/api/v1/seasons/{id}/quotes",
		Tag: seasonTag, OperationID: "quote-season", Summary: "Price a season without booking it",
		Access: httpx.MemberOrAnonymous, Status: 200, Refusals: refusals}, h.quoteSeason)
	httpx.RegisterRaw(api, httpx.Op{Method: "POST", Path: "/api/v1/seasons/{id}/orders",
		Tag: seasonTag, OperationID: "book-season",
		Summary: "Book the same seats over a season",
		Description: "One order over the nights: all of them or none. Single nights may be on " +
			"another seat, or left out where the season allows it.",
		Access:     httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly(order.PermSell)),
		Idempotent: true, Status: 201, Params: IDParam{}, Request: bookingBody{},
		Response: orderBody{}, Rate: httpx.BuyRate, Refusals: refusals}, h.book)
}

type nightBody struct {
	Session  string `json:"session_id"`
	Place    int32  `json:"place,omitempty" doc:"another seat for this night"`
	LeaveOut bool   `json:"leave_out,omitempty" doc:"no seat this night"`
}

type seatAskBody struct {
	Place      int32       `json:"place" doc:"the seat, as the seat map numbers it"`
	TicketType string      `json:"ticket_type_id"`
	Nights     []nightBody `json:"nights,omitempty" maxItems:"16" doc:"those that are not as the others"`
}

type bookingBody struct {
	Seats       []seatAskBody `json:"seats" minItems:"1" maxItems:"20"`
	Channel     string        `json:"channel,omitempty" enum:"h5,mini_program,counter,kiosk,agency,house,loyalty" doc:"where it is sold; default h5"`
	ExpectTotal *int64        `json:"expect_total_minor,omitempty" doc:"refuse at any other total"`
}

func (h *seasonHandler) booking(id string, b bookingBody) (out season.Booking, err error) {
	out = season.Booking{Channel: order.Channel(b.Channel), Expect: -1}
	if out.Channel == "" {
		out.Channel = order.ChannelH5
	}
	if out.Season, err = h.keys.Parse(kindSeason, id); err != nil {
		return out, err
	}
	if b.ExpectTotal != nil {
		if *b.ExpectTotal < 0 {
			return out, fault.BadInput.At("expect_total_minor", "must not be negative")
		}
		out.Expect = money.Minor(*b.ExpectTotal)
	}
	for i, s := range b.Seats {
		ask := season.SeatAsk{Place: s.Place}
		if ask.TicketType, err = h.keys.Parse(kindTicketType, s.TicketType); err != nil {
			return out, order.ErrTicketType.At(path("seats", i, "ticket_type_id"), "unknown")
		}
		for k, n := range s.Nights {
			other := season.Otherwise{Place: n.Place, LeaveOut: n.LeaveOut}
			if other.Session, err = h.keys.Parse(kindSession, n.Session); err != nil {
				return out, fault.BadInput.At(path("seats", i, path("nights", k, "session_id")),
					"not a night of the season / 不在套票中")
			}
			ask.Nights = append(ask.Nights, other)
		}
		out.Seats = append(out.Seats, ask)
	}
	return out, nil
}

func (h *seasonHandler) book(w http.ResponseWriter, r *http.Request) error {
	c, err := readCommand[bookingBody](h.api, r)
	if err != nil {
		return err
	}
	b, err := h.booking(r.PathValue("id"), c.body)
	if err != nil {
		return err
	}
	b.InputHash = c.hash
	who := httpx.ActorOf(r.Context())
	return journalhttp.Once(w, r, h.repeat, c.raw,
		func(ctx context.Context, receipt *journal.Receipt) (journal.Answer, error) {
			return h.seasons.Book(ctx, who, b, receipt, h.render)
		})
}

type seasonQuoteIn struct {
	IDParam
	Body bookingBody
}

type seasonQuoteOut struct {
	Body struct {
		Currency money.Currency `json:"currency"`
		Total    money.Minor    `json:"total_minor"`
		Lines    []orderLine    `json:"lines"`
		Alone    []int32        `json:"leaves_alone,omitempty" doc:"places left single on some night"`
	}
}

func (h *seasonHandler) quoteSeason(ctx context.Context, in *seasonQuoteIn) (
	*seasonQuoteOut, error,
) {
	b, err := h.booking(in.ID, in.Body)
	if err != nil {
		return nil, err
	}
	o, err := h.seasons.Quote(ctx, httpx.ActorOf(ctx), b)
	if err != nil {
		return nil, err
	}
	out := &seasonQuoteOut{}
	out.Body.Currency, out.Body.Total = o.Currency, o.Total
	out.Body.Lines, out.Body.Alone = h.order(o).Lines, o.Alone
	return out, nil
}

type shownNight struct {
	Session string    `json:"session_id"`
	Event   string    `json:"event"`
	EventEn string    `json:"event_en,omitempty"`
	Starts  time.Time `json:"starts_at"`
	State   string    `json:"sale_state"`
}

type shownCost struct {
	Zone       string      `json:"zone"`
	TicketType string      `json:"ticket_type_id"`
	Name       string      `json:"name"`
	NameEn     string      `json:"name_en,omitempty"`
	Single     money.Minor `json:"single_minor" doc:"all nights, one after the other"`
	Season     money.Minor `json:"season_minor" doc:"all nights as a season"`
}

type showOut struct {
	Body struct {
		ID        string         `json:"id"`
		Name      string         `json:"name"`
		NameEn    string         `json:"name_en,omitempty"`
		State     season.State   `json:"state" enum:"on_sale,closed"`
		SaleFrom  *time.Time     `json:"sale_from,omitempty"`
		SaleUntil *time.Time     `json:"sale_until,omitempty"`
		Least     int            `json:"least_nights" doc:"nights that each seat must have"`
		TimeZone  string         `json:"time_zone"`
		Venue     string         `json:"venue_id"`
		Currency  money.Currency `json:"currency"`
		Nights    []shownNight   `json:"nights" nullable:"false"`
		Prices    []shownCost    `json:"prices" nullable:"false"`
	}
}

func (h *seasonHandler) show(ctx context.Context, in *IDParam) (*showOut, error) {
	id, err := h.keys.Parse(kindSeason, in.ID)
	if err != nil {
		return nil, err
	}
	s, err := h.seasons.Show(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &showOut{}
	b, first := &out.Body, s.Nights[0]
	b.ID, b.Name, b.NameEn, b.State = in.ID, s.Name, s.NameEn, s.State
	b.SaleFrom, b.SaleUntil, b.Least = timeOrNil(s.SaleFrom), timeOrNil(s.SaleUntil), s.Least()
	b.TimeZone, b.Currency = first.Venue.TimeZone, first.Currency
	b.Venue = h.keys.Public(kindVenue, s.Venue)
	b.Nights, b.Prices = []shownNight{}, []shownCost{}
	for _, n := range s.Nights {
		b.Nights = append(b.Nights, shownNight{h.keys.Public(kindSession, n.Session.ID),
			n.Event.Title, n.Event.TitleEn, n.Session.StartsAt, string(h.seasons.Selling(n))})
	}
	for _, c := range s.Costs {
		b.Prices = append(b.Prices, shownCost{c.Zone,
			h.keys.Public(kindTicketType, c.TicketType.ID), c.TicketType.Name,
			c.TicketType.NameEn, c.Single, c.Season})
	}
	return out, nil
}

type seasonSeatsOut struct {
	Body struct {
		Seats []seasonSeat `json:"seats" nullable:"false"`
	}
}

type seasonSeat struct {
	Place int32  `json:"place"`
	Label string `json:"label"`
	Zone  string `json:"zone"`
}

func (h *seasonHandler) seats(ctx context.Context, in *IDParam) (*seasonSeatsOut, error) {
	id, err := h.keys.Parse(kindSeason, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := h.seasons.FreeSeats(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &seasonSeatsOut{}
	out.Body.Seats = make([]seasonSeat, len(list))
	for i, s := range list {
		out.Body.Seats[i] = seasonSeat(s)
	}
	return out, nil
}

func (h *seasonHandler) mountSeasonDesk() {
	const base, desk = "/api/v1/staff/organizations/{org}/seasons", "staff: catalog"
	plans := httpx.StaffOnly(catalog.PermSession)
	bad := []*fault.Definition{fault.BadInput, fault.NotAllowed, season.ErrTooMany}
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: base, Tag: desk,
		OperationID: "create-season", Summary: "Make a season of sessions that share a seat map",
		Access: plans, Status: 201, Refusals: bad}, h.create)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: base, Tag: desk,
		OperationID: "list-seasons", Summary: "Seasons of the house, newest first",
		Access: plans}, h.listSeasons)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: base + "/{id}", Tag: desk,
		OperationID: "get-staff-season", Summary: "A season as staff see it",
		Access: plans}, h.one)
	httpx.Register(h.api, httpx.Op{Method: "PUT", Path: base + "/{id}", Tag: desk,
		OperationID: "update-season", Summary: "Change a season; orders keep what they have",
		Access: plans, Status: 200, Refusals: append(bad[:2:2], fault.Stale)}, h.update)
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: base + "/{id}/state", Tag: desk,
		OperationID: "set-season-state", Summary: "Put a season on sale, or close it",
		Access: httpx.StaffOnly(catalog.PermSell), Status: 200,
		Refusals: append(bad[:2:2], fault.Stale, season.ErrState)}, h.setState)
}

type seasonPrice struct {
	TicketType  string `json:"ticket_type_id"`
	Zone        string `json:"zone,omitempty" maxLength:"40" doc:"none: any zone"`
	BasisPoints int    `json:"off_basis_points,omitempty" minimum:"0" maximum:"9999" doc:"off the sum of the nights"`
	Amount      int64  `json:"price_minor,omitempty" minimum:"0" maximum:"100000000" doc:"or what all nights cost together"`
}

// SeasonInfo is what people write about a season. It is exported since bodies are read by
// their exported embedded fields only.
type SeasonInfo struct {
	Name      string        `json:"name" maxLength:"200"`
	NameEn    string        `json:"name_en,omitempty" maxLength:"200"`
	Sessions  []string      `json:"session_ids" minItems:"2" maxItems:"16" nullable:"false"`
	Least     int           `json:"least_nights,omitempty" minimum:"0" maximum:"16" doc:"nights that each seat must have; 0: all"`
	Prices    []seasonPrice `json:"prices,omitempty" maxItems:"40"`
	SaleFrom  *time.Time    `json:"sale_from,omitempty"`
	SaleUntil *time.Time    `json:"sale_until,omitempty"`
}

type staffSeason struct {
	ID string `json:"id"`
	SeasonInfo
	State    season.State `json:"state" enum:"draft,on_sale,closed"`
	Revision int64        `json:"revision"`
}

type staffSeasonOut struct{ Body staffSeason }

func (h *seasonHandler) staffSeason(s *season.Season) staffSeason {
	b := staffSeason{ID: h.keys.Public(kindSeason, s.ID), State: s.State, Revision: s.Revision,
		SeasonInfo: SeasonInfo{Name: s.Name, NameEn: s.NameEn, Least: s.LeastNights,
			SaleFrom: timeOrNil(s.SaleFrom), SaleUntil: timeOrNil(s.SaleUntil)}}
	for _, id := range s.Sessions {
		b.Sessions = append(b.Sessions, h.keys.Public(kindSession, id))
	}
	for _, p := range s.Prices {
		b.Prices = append(b.Prices, seasonPrice{h.keys.Public(kindTicketType, p.TicketType),
			p.Zone, p.BasisPoints, int64(p.Amount)})
	}
	return b
}

func (h *seasonHandler) told(s *season.Season, err error) (*staffSeasonOut, error) {
	if err != nil {
		return nil, err
	}
	return &staffSeasonOut{h.staffSeason(s)}, nil
}

// wanted reads what staff wrote. It refuses with fault.BadInput for foreign ids.
func (h *seasonHandler) wanted(org string, b SeasonInfo) (s season.Season, err error) {
	if s.Organization, err = h.keys.Parse(catalog.KindOrganization, org); err != nil {
		return s, err
	}
	s.Info = season.Info{Name: b.Name, NameEn: b.NameEn, LeastNights: b.Least}
	if b.SaleFrom != nil {
		s.SaleFrom = *b.SaleFrom
	}
	if b.SaleUntil != nil {
		s.SaleUntil = *b.SaleUntil
	}
	var bad fault.Problems
	for i, public := range b.Sessions {
		id, err := h.keys.Parse(kindSession, public)
		if err != nil {
			bad.Add("session_ids["+strconv.Itoa(i)+"]", "unknown / 没有该场次")
		}
		s.Sessions = append(s.Sessions, id)
	}
	for i, p := range b.Prices {
		id, err := h.keys.Parse(kindTicketType, p.TicketType)
		if err != nil {
			bad.Add(path("prices", i, "ticket_type_id"), "unknown / 没有该票种")
		}
		s.Prices = append(s.Prices, season.Price{TicketType: id, Zone: p.Zone,
			BasisPoints: p.BasisPoints, Amount: money.Minor(p.Amount)})
	}
	return s, bad.Err()
}

type createSeasonIn struct {
	Org  string `path:"org" maxLength:"64"`
	Body SeasonInfo
}

func (h *seasonHandler) create(ctx context.Context, in *createSeasonIn) (*staffSeasonOut, error) {
	s, err := h.wanted(in.Org, in.Body)
	if err != nil {
		return nil, err
	}
	return h.told(h.seasons.Create(ctx, httpx.ActorOf(ctx), s))
}

// SeasonPath names a season of an organization. It is exported since paths are read by their
// exported embedded fields only.
type SeasonPath struct {
	Org string `path:"org" maxLength:"64"`
	ID  string `path:"id" maxLength:"64"`
}

func (h *seasonHandler) named(p SeasonPath) (org, id int64, err error) {
	if org, err = h.keys.Parse(catalog.KindOrganization, p.Org); err == nil {
		id, err = h.keys.Parse(kindSeason, p.ID)
	}
	return org, id, err
}

func (h *seasonHandler) one(ctx context.Context, in *SeasonPath) (*staffSeasonOut, error) {
	org, id, err := h.named(*in)
	if err != nil {
		return nil, err
	}
	return h.told(h.seasons.Of(ctx, httpx.ActorOf(ctx), org, id))
}

type updateSeasonIn struct {
	SeasonPath
	Body struct {
		SeasonInfo
		Revision int64 `json:"revision" minimum:"1"`
	}
}

func (h *seasonHandler) update(ctx context.Context, in *updateSeasonIn) (*staffSeasonOut, error) {
	_, id, err := h.named(in.SeasonPath)
	if err != nil {
		return nil, err
	}
	s, err := h.wanted(in.Org, in.Body.SeasonInfo)
	if err != nil {
		return nil, err
	}
	s.ID, s.Revision = id, in.Body.Revision
	return h.told(h.seasons.Update(ctx, httpx.ActorOf(ctx), s))
}

type seasonStateIn struct {
	SeasonPath
	Body struct {
		State    season.State `json:"state" enum:"on_sale,closed"`
		Revision int64        `json:"revision" minimum:"1"`
	}
}

func (h *seasonHandler) setState(ctx context.Context, in *seasonStateIn) (
	*staffSeasonOut, error,
) {
	org, id, err := h.named(in.SeasonPath)
	if err != nil {
		return nil, err
	}
	return h.told(h.seasons.SetState(ctx, httpx.ActorOf(ctx), org, id, in.Body.Revision,
		in.Body.State))
}

type listSeasonsIn struct {
	Org string `path:"org" maxLength:"64"`
	httpx.PageQuery
}

type listSeasonsOut struct{ Body httpx.Page[staffSeason] }

func (h *seasonHandler) listSeasons(ctx context.Context, in *listSeasonsIn) (
	*listSeasonsOut, error,
) {
	org, err := h.keys.Parse(catalog.KindOrganization, in.Org)
	if err != nil {
		return nil, err
	}
	name := "seasons of " + strconv.FormatInt(org, 10)
	var before int64
	if in.Cursor != "" {
		if err := h.api.Cursors().Open(name, in.Cursor, &before); err != nil {
			return nil, err
		}
	}
	list, err := h.seasons.List(ctx, httpx.ActorOf(ctx), org, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &listSeasonsOut{httpx.Page[staffSeason]{Items: []staffSeason{}}}
	for i, s := range list {
		if i == in.Limit {
			out.Body.NextCursor = h.api.Cursors().Seal(name, list[i-1].ID)
			break
		}
		out.Body.Items = append(out.Body.Items, h.staffSeason(s))
	}
	return out, nil
}
