// Package app is the composition root: the only place that knows every module and every
// technology. Build joins them over an open database; Serve gives them the network.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"foyer/internal/approval"
	"foyer/internal/captcha"
	"foyer/internal/catalog"
	"foyer/internal/checkin"
	"foyer/internal/clock"
	"foyer/internal/doctor/doctordb"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/invoice"
	"foyer/internal/journal"
	"foyer/internal/journal/journaldb"
	"foyer/internal/keyring"
	"foyer/internal/ledger"
	"foyer/internal/member"
	"foyer/internal/notify/inbox"
	"foyer/internal/order"
	"foyer/internal/order/orderdb"
	"foyer/internal/payment"
	"foyer/internal/rekey"
	"foyer/internal/sandboxbank"
	"foyer/internal/seating"
	"foyer/internal/seating/seatingdb"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
	"foyer/internal/staff"
	"foyer/internal/ticket"
	"foyer/internal/visitor"
)

// App is one installation in one process. Tests and tools use the same struct as serve.
type App struct {
	Config Settings
	Log    *slog.Logger
	Clock  clock.Clock

	DB     *sqldb.DB
	Ring   *keyring.Ring
	IDs    *idgen.Source
	Codec  *idgen.Codec
	Holder string

	Journal *journal.Journal
	Jobs    *journal.Jobs
	Keys    *journal.Keys
	Ledger  *ledger.Ledger

	Catalog  *catalog.Catalog
	Board    *seating.MemBoard
	Seating  *seating.Seating
	Tickets  *ticket.Tickets
	CheckIn  *checkin.CheckIns
	Members  *member.Members
	Staff    *staff.House
	Door     *signin.Door
	Guard    *signin.Guard
	Links    *signin.Links
	Captchas *captcha.Captchas
	Visitors *visitor.Visitors
	Orders   *order.Orders
	Payments *payment.Payments
	Inbox    *inbox.Inbox
	Rekey    *rekey.Keys

	Approvals *approval.Gate // the rule of two people
	Invoices  *invoice.Invoices

	Bank *sandboxbank.Bank // in the role bank

	API     *httpx.API
	Metrics *Metrics
	// Rates replace the door's rate classes by name; set before Open's door is built only
	// by load tests.
	Rates map[string]httpx.Rate

	plans      *seating.PlanCache
	book       *seatingdb.Book
	orderStore *orderdb.Store
	doctorBook *doctordb.Book
	bankDB     *sqldb.DB
	bankDoor   http.Handler
}

// node is the number of this process within the installation; one process embedded.
const node = 0

// Open prepares a folder (keys, database, schema) and joins the modules over it. It does
// not listen. Close the app afterwards.
func Open(ctx context.Context, cfg Settings, clk clock.Clock, log *slog.Logger,
	options ...func(*App),
) (*App, error) {
	cfg.Defaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, err
	}
	a := &App{Config: cfg, Log: log, Clock: clk, Holder: holderName()}
	for _, set := range options {
		set(a)
	}
	for _, step := range []func(context.Context) error{
		a.openKeys, a.openDB, a.openRecords, a.build, a.warm,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

// Close gives the database back. It may be called on an app that is half open.
func (a *App) Close() error {
	var errs []error
	for _, db := range []*sqldb.DB{a.bankDB, a.DB} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

func holderName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "host"
	}
	return fmt.Sprintf("%.40s/%d", host, os.Getpid())
}

// openKeys reads the key file, and makes it on the first start. A database without its
// keys is refused: new keys could read nothing of it.
func (a *App) openKeys(context.Context) error {
	ids, err := idgen.NewSource(a.Clock, node, nil)
	if err != nil {
		return err
	}
	a.IDs = ids
	path := a.Config.KeyFile()
	_, err = os.Stat(path)
	switch {
	case err == nil:
		a.Ring, err = keyring.Open(path, ids, a.Clock)
	case !errors.Is(err, os.ErrNotExist):
	case a.hasDatabase():
		return fmt.Errorf("%s is missing, but there is a database: its personal data, tickets "+
			"and addresses cannot be read without the keys; bring the file back, or restore", path)
	default:
		a.Ring, err = keyring.Create(path, ids, a.Clock)
	}
	if err != nil {
		return err
	}
	a.Codec, err = idgen.NewCodec(a.Ring.IDCodecKey())
	return err
}

func (a *App) hasDatabase() bool {
	if a.Config.DB.DSN != "" {
		return false
	}
	_, err := os.Stat(a.Config.DB.Path)
	return err == nil
}

func (a *App) openDB(ctx context.Context) error {
	db, err := sqldb.Open(a.Config.DB, a.Clock, a.Log)
	if err != nil {
		return err
	}
	a.DB = db
	if err := db.Migrate(ctx, nil); err != nil {
		return err
	}
	return a.claimInstallation(ctx)
}

// claimInstallation binds database and keys to each other: the wrong key file would answer
// every look-up with "not found".
func (a *App) claimInstallation(ctx context.Context) error {
	want := a.Ring.Installation()
	return a.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		have, err := journaldb.New(a.DB).Settle(tx, "installation", []byte(want))
		if err != nil {
			return err
		}
		if string(have) != want {
			return fmt.Errorf("%s belongs to another installation than the database",
				a.Config.KeyFile())
		}
		return nil
	})
}

// warm reads what the modules keep in memory, before anybody is answered.
func (a *App) warm(ctx context.Context) error {
	start := a.Clock.Now()
	if err := a.Catalog.Load(ctx); err != nil {
		return err
	}
	a.Log.Debug("catalogue loaded", "took", a.Clock.Now().Sub(start).Round(time.Millisecond))
	return nil
}

// folder is a folder within the data folder, made when it is missing.
func (a *App) folder(name string) (string, error) {
	path := filepath.Join(a.Config.Data, name)
	return path, os.MkdirAll(path, 0o700)
}
