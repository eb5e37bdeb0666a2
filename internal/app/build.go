package app

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"

	"foyer/internal/actor"
	"foyer/internal/alert/alerthttp"
	"foyer/internal/app/pages"
	"foyer/internal/captcha/captchahttp"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogdb"
	"foyer/internal/catalog/cataloghttp"
	"foyer/internal/catalog/picture"
	"foyer/internal/checkin"
	"foyer/internal/checkin/checkindb"
	"foyer/internal/checkin/checkinhttp"
	"foyer/internal/config"
	"foyer/internal/doctor/doctordb"
	"foyer/internal/httpx"
	"foyer/internal/httpx/apipage"
	"foyer/internal/journal/journalhttp"
	"foyer/internal/member/memberhttp"
	"foyer/internal/notify/inbox"
	"foyer/internal/order"
	"foyer/internal/order/orderdb"
	"foyer/internal/order/orderhttp"
	"foyer/internal/payment"
	"foyer/internal/payment/counter"
	"foyer/internal/payment/paymentdb"
	"foyer/internal/payment/paymenthttp"
	"foyer/internal/payment/sandbox"
	"foyer/internal/sandboxbank"
	"foyer/internal/sandboxbank/bankdb"
	"foyer/internal/sandboxbank/bankhttp"
	"foyer/internal/seating"
	"foyer/internal/seating/seatingdb"
	"foyer/internal/seating/seatinghttp"
	"foyer/internal/seating/seatmap"
	"foyer/internal/signin"
	"foyer/internal/signin/signinhttp"
	"foyer/internal/staff/staffhttp"
	"foyer/internal/ticket"
	"foyer/internal/ticket/ticketdb"
	"foyer/internal/ticket/tickethttp"
	"foyer/internal/visitor"
	"foyer/internal/visitor/visitordb"
)

// build joins the modules, the lowest first.
func (a *App) build(ctx context.Context) error {
	a.Metrics = newMetrics()
	a.doctorBook = doctordb.New(a.DB)
	a.buildPeople()
	a.buildGate()
	a.buildHall()
	a.buildSale()
	a.registerKinds()
	a.Rekey = newRekey(a.DB, a.Ring, a.Clock, a.Log)
	if err := a.buildMoney(ctx); err != nil {
		return err
	}
	return a.buildDoor()
}

// buildHall joins what is sold and who has which place; each asks the other.
func (a *App) buildHall() {
	store := seatingdb.New(a.DB)
	a.plans = seating.NewPlanCache(store)
	a.Board = seating.NewMemBoard(seating.BoardConfig{Truth: store, Plans: a.plans, Clock: a.Clock,
		IDs: a.IDs, Log: a.Log, Frame: func(id, name string, data []byte) []byte {
			return httpx.Event{ID: id, Name: name, Data: data}.Frame()
		}})
	a.book = seatingdb.NewBook(a.Board)
	stock := seating.NewStock(store, a.plans, a.Board)
	stores := catalogdb.Open(a.DB, a.Clock)
	a.Catalog = catalog.New(catalog.Config{DB: a.DB, Stores: stores, Journal: a.Journal,
		Stock: stock, SeatMaps: stock, Files: fileStore{filepath.Join(a.Config.Data, "files")},
		IDs: a.IDs, Clock: a.Clock, Log: a.Log, Public: a.Codec.Encode, Approvals: a.Approvals})
	a.Seating = seating.New(seating.Config{DB: a.DB, Store: store, Book: a.book, Board: a.Board,
		Plans: a.plans, Sessions: a.Catalog, Halls: stores.Halls, Timetable: stores.Timetable,
		Journal: a.Journal, Jobs: a.Jobs, Revisions: a.Catalog, Clock: a.Clock, IDs: a.IDs})
	a.Jobs.Handle(seating.JobFallBack, a.Seating.FallBack)
	a.Jobs.Handle(seating.JobComeBack, a.Seating.ComeBack)
	a.Jobs.Handle(seating.JobUnblock, a.Seating.EndBlock)
}

// buildSale joins tickets, gates and the agreement.
func (a *App) buildSale() {
	tickets := ticketdb.New(a.DB)
	a.Tickets = ticket.New(ticket.Config{DB: a.DB, Store: tickets, IDs: a.IDs, Keys: a.Ring,
		Sessions: a.Catalog, Orders: orders{a}, Doors: &entrances{a: a},
		Pictures: a.Catalog.Stores().Media,
		Visitors: whoEnters{a}, Journal: a.Journal})
	a.CheckIn = checkin.New(checkin.Config{DB: a.DB, Store: checkindb.New(a.DB), Tickets: tickets,
		Openings: a.Tickets, Visitors: a.Tickets, Ledger: a.Ledger, Buyers: a.Members,
		Sessions: a.Catalog, Venues: a.Catalog.Stores().Venues, Capacities: capacities{a},
		Journal: a.Journal, IDs: a.IDs, Clock: a.Clock, Keys: a.Ring, MACs: a.Ring, Log: a.Log,
		Observe: a.Metrics.scanned, Waits: gateWaits{a}, Documents: gateDocuments{a}})
	a.orderStore = orderdb.New(a.DB)
	a.Visitors = visitor.New(visitor.Deps{DB: a.DB, Store: visitordb.New(a.DB), Keys: a.Ring,
		Contacts: contacts{a}, Companions: companions{a}, Clock: a.Clock, IDs: a.IDs, Log: a.Log})
	a.Orders = order.New(a.Config.Order, order.Parts{DB: a.DB, Store: a.orderStore,
		Sessions: a.Catalog, Chooser: a.Seating, Book: a.book, Tickets: a.Tickets,
		Journal: a.Journal, Ledger: a.Ledger, Jobs: a.Jobs, Buyers: a.Members,
		Visitors: a.Visitors, Gates: a.CheckIn, Clock: a.Clock, IDs: a.IDs, Log: a.Log,
		Public: a.Codec.Encode})
	a.Jobs.Handle(order.JobClose, a.Orders.Close)
	a.Jobs.Handle(order.JobChange, a.Orders.EndDueChange)
	a.Jobs.Handle(order.JobGiveBack, a.Orders.RunGiveBack)
	a.Jobs.Handle(order.JobGateWait, a.Orders.RunGateWait)
	a.Catalog.OnCalledOff(a.Orders.CalledOff)
	a.buildMoves()
	a.Members.SetKeepers(a.keepers()...)
}

// The sandbox merchant's number at the sandbox bank.
const sandboxMerchant = "foyer"

func (a *App) merchantKey() (string, ed25519.PrivateKey) {
	id, key := a.Ring.MerchantSigner()
	return "merchant-" + strconv.Itoa(int(id)), key
}

// buildMoney joins the providers, and in the role bank the sandbox bank itself, which the
// product then meets over HTTP only.
func (a *App) buildMoney(ctx context.Context) error {
	var providers []payment.Provider
	if a.Config.Sandbox {
		client, err := sandbox.New(sandbox.Config{BaseURL: a.Config.BankURL,
			Merchant: sandboxMerchant, NotifyURL: a.Config.PublicURL + "/api/v1/notify/sandbox"},
			a.merchantKey, a.Clock, a.IDs)
		if err != nil {
			return err
		}
		keys, err := a.openBank(ctx)
		if err != nil {
			return err
		}
		if err := client.SetKeys(keys); err != nil {
			return err
		}
		providers = append(providers, client)
	}
	providers = append(providers, counter.Tills()...)
	a.Payments = payment.New(a.Config.Payment, payment.Parts{DB: a.DB,
		Store: paymentdb.New(a.DB), Settler: a.Orders, Journal: a.Journal,
		MaySee: a.Orders.MaySee, Clock: a.Clock, IDs: a.IDs, Log: a.Log}, providers...)
	a.Orders.SetPayments(a.Payments)
	return nil
}

// openBank opens the bank's own keys and file beside ours and gives its public keys.
func (a *App) openBank(ctx context.Context) ([]sandbox.BankKey, error) {
	dir, err := a.folder("bank")
	if err != nil {
		return nil, err
	}
	keys, err := sandboxbank.OpenKeys(filepath.Join(dir, "keys.json"), a.IDs, a.Config.BankRSA)
	if err != nil {
		return nil, err
	}
	if a.Config.Has(config.RoleBank) {
		if err := a.startBank(ctx, dir, keys); err != nil {
			return nil, err
		}
	}
	list, err := keys.Public()
	if err != nil {
		return nil, err
	}
	doc, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	return sandbox.ParseKeys(doc)
}

func (a *App) startBank(ctx context.Context, dir string, keys *sandboxbank.Keys) error {
	db, store, err := bankdb.Open(ctx, filepath.Join(dir, "bank.db"), a.Config.DB.Unsafe,
		a.Clock, a.Log)
	if err != nil {
		return err
	}
	a.bankDB = db
	id, key := a.merchantKey()
	a.Bank, err = sandboxbank.New(sandboxbank.Config{Name: "沙箱银行 Sandbox Bank",
		BaseURL: a.Config.BankURL, RSANotices: a.Config.BankRSA, AllowFaults: a.Config.BankFaults,
		Merchants: []sandboxbank.Merchant{{ID: sandboxMerchant, Name: "Foyer 前厅",
			Keys: map[string]ed25519.PublicKey{id: key.Public().(ed25519.PublicKey)}}}},
		db, store, keys, a.Clock, a.IDs, a.Log)
	if err == nil {
		a.bankDoor = bankhttp.New(a.Bank, a.Clock, a.Log)
	}
	return err
}

// buildDoor mounts every module's routes.
func (a *App) buildDoor() error {
	proxies, err := a.Config.Proxies()
	if err != nil {
		return err
	}
	a.API, err = httpx.New(httpx.Config{Title: "Foyer 前厅", Version: "1", Logger: a.Log,
		Clock: a.Clock, IDs: a.IDs, Codec: a.Codec,
		CursorSecret: a.Ring.MAC("cursor", []byte("key of list positions")),
		Auth: signinhttp.Auth{Authenticator: signin.Authenticator{Door: a.Door, Staff: a.Staff,
			Devices: a.CheckIn.Devices()}},
		OperatorToken: a.Config.OperatorToken, TrustedProxies: proxies,
		AllowedOrigins: a.Config.AllowedOrigins, AccessLog: a.Config.AccessLog,
		Rates: a.Rates, Observe: a.Metrics.observe})
	if err != nil {
		return err
	}
	cataloghttp.Mount(a.API, a.Catalog, picture.NewReader(1, a.Clock.After), a.Clock)
	seatinghttp.Mount(a.API, a.Seating)
	alerthttp.Mount(a.API, a.newAlerts())
	orderhttp.Mount(a.API, a.Orders, a.Keys)
	orderhttp.MountSeasons(a.API, a.newSeasons(), a.Orders, a.Keys)
	paymenthttp.Mount(a.API, a.Payments, a.Keys, paymenthttp.Config{
		PublicURL: a.Config.PublicURL, Providers: a.Payments.Channels()})
	tickethttp.Mount(a.API, a.Tickets)
	checkinhttp.Mount(a.API, a.CheckIn)
	memberhttp.Mount(a.API, a.Members)
	memberhttp.MountBuyers(a.API, a.Members, buyers{a})
	captchahttp.Mount(a.API, a.Captchas)
	staffhttp.Mount(a.API, a.Staff)
	journalhttp.Mount(a.API, a.Journal)
	a.mountHouse()
	apipage.Register(a.API)
	pages.Mount(a.API, pages.Config{Development: a.Config.Mode == config.Development})
	if a.Config.Mode == config.Development {
		inbox.Mount(a.API, a.Inbox, httpx.Public)
	}
	a.mountOperator()
	return nil
}

// mountOperator adds what whoever runs the machine asks.
func (a *App) mountOperator() {
	get := func(path string, access httpx.Access, h httpx.RawHandler) {
		httpx.RegisterRaw(a.API, httpx.Op{Method: "GET", Path: path, Access: access, Hidden: true,
			Rate: httpx.Unlimited}, h)
	}
	get("/healthz", httpx.Public, func(w http.ResponseWriter, r *http.Request) error {
		return httpx.WriteJSON(w, r, http.StatusOK, map[string]string{"status": "ok"})
	})
	get("/readyz", httpx.Public, func(w http.ResponseWriter, r *http.Request) error {
		if err := a.DB.Ping(r.Context()); err != nil {
			return err
		}
		return httpx.WriteJSON(w, r, http.StatusOK, map[string]string{"status": "ready"})
	})
	metrics := a.Metrics.handler()
	a.Metrics.registry.MustRegister(business{a})
	get("/metrics", httpx.Operator, func(w http.ResponseWriter, r *http.Request) error {
		metrics.ServeHTTP(w, r)
		return nil
	})
}

// orders lets tickets ask the agreement, which is joined after them.
type orders struct{ a *App }

// MaySee refuses whoever may not see the order as if there were none.
func (o orders) MaySee(ctx context.Context, id int64, who actor.Actor) error {
	return o.a.Orders.MaySee(ctx, id, who)
}

// IsUnpaid says that the order is the caller's and waits to be paid.
func (o orders) IsUnpaid(id int64, who actor.Actor) bool { return o.a.Orders.IsUnpaid(id, who) }

// entrances finds the door nearest to a ticket's place by the seat map of its session.
type entrances struct {
	a *App

	mu   sync.Mutex
	paid map[int64]*order.Order // whose lines never change any more; at most maxPaid
}

// maxPaid bounds the paid orders that entrances remembers: a list of tickets asks for the
// same one many times.
const maxPaid = 1024

// order reads the order of a ticket, once for all its tickets.
func (e *entrances) order(ctx context.Context, id int64) (*order.Order, error) {
	e.mu.Lock()
	known := e.paid[id]
	e.mu.Unlock()
	if known != nil {
		return known, nil
	}
	ord, err := e.a.Orders.Store.Find(ctx, id)
	if err != nil || ord.State != order.Paid {
		return ord, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.paid == nil || len(e.paid) >= maxPaid {
		e.paid = map[int64]*order.Order{}
	}
	e.paid[id] = ord
	return ord, nil
}

// Entrance is empty when the map does not say.
func (e *entrances) Entrance(ctx context.Context, t *ticket.Ticket, s *catalog.Sellable) string {
	plan, err := e.a.plans.Plan(ctx, s.SeatMapVersionID)
	if err != nil {
		return ""
	}
	spot := t.At
	if spot == (ticket.Spot{}) {
		ord, err := e.order(ctx, t.Order)
		if err != nil {
			return ""
		}
		u := ord.Unit(t.Line, t.Unit)
		if u == nil {
			return ""
		}
		spot = order.SpotOf(*u)
	}
	if spot.Area != 0 {
		area, _ := plan.Index.Area(seatmap.Place(spot.Area))
		if area.Area == nil {
			return ""
		}
		return area.Entrance
	}
	if at, ok := plan.Index.Ordinal(seatmap.Place(spot.Place)); ok {
		return plan.Index.Entrance(at)
	}
	return ""
}

// capacities counts how many people a session holds.
type capacities struct{ a *App }

// Capacity is seats and area places together, with the session's own area capacities.
func (c capacities) Capacity(ctx context.Context, s *catalog.Sellable) (int, error) {
	plan, err := c.a.plans.Plan(ctx, s.SeatMapVersionID)
	if err != nil {
		return 0, err
	}
	n := plan.Index.Len()
	for _, f := range plan.Index.Map().Floors {
		for _, area := range f.Areas {
			if own, ok := s.AreaCapacity[int32(area.Place)]; ok {
				n += own
			} else {
				n += int(area.Capacity)
			}
		}
	}
	return n, nil
}
