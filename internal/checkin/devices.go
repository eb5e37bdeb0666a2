package checkin

import (
	"context"
	"sync"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/secret"
	"foyer/internal/sqldb"
)

// Devices are the gates of venues and what stands at them. It answers whose a device's
// token is, from memory when it is warm.
type Devices struct {
	cfg   Config
	store DeviceStore
	gates GateStore

	precincts PrecinctStore
	posts     posts

	mu      sync.RWMutex
	byHash  map[secret.TokenHash]int64
	byID    map[int64]*remembered
	revoked uint64 // counts revocations: a read that began before one is not kept
}

// remembered is a device as read a moment ago.
type remembered struct {
	Device
	readAt time.Time
	seen   time.Time // when it last came to this process
}

func newDevices(cfg Config) *Devices {
	return &Devices{cfg: cfg, store: cfg.Store.Devices(), gates: cfg.Store.Gates(),
		precincts: cfg.Store.Precincts(), posts: posts{byGate: map[int64]keptPost{}},
		byHash: map[secret.TokenHash]int64{}, byID: map[int64]*remembered{}}
}

// Authenticate is the device of a token, for the HTTP door. Refused with ErrDeviceUnknown
// and ErrDeviceRevoked.
func (d *Devices) Authenticate(ctx context.Context, token string) (actor.Actor, error) {
	hash, ok := secret.ParseToken(secret.DeviceToken, token)
	if !ok {
		return actor.Actor{}, ErrDeviceUnknown
	}
	now := d.cfg.Clock.Now()
	dev := d.byToken(hash, now)
	if dev == nil {
		var err error
		if dev, err = d.load(now, &hash, func() (*Device, error) {
			return d.store.ByToken(ctx, hash[:])
		}); err != nil {
			return actor.Actor{}, err
		}
	}
	if err := dev.mayScan(); err != nil {
		return actor.Actor{}, err
	}
	return actor.Actor{Kind: actor.Device, ID: dev.ID, Name: dev.Name,
		Grants: []actor.Grant{{Organization: dev.Organization, Venue: dev.Venue,
			Permissions: []actor.Permission{PermScan}}}}, nil
}

func (d *Device) mayScan() error {
	switch {
	case d == nil:
		return ErrDeviceUnknown
	case d.State == Active:
		return nil
	case d.State == Revoked:
		return ErrDeviceRevoked
	}
	return ErrDeviceUnknown
}

// active is an enrolled device. Refused as Authenticate.
func (d *Devices) active(ctx context.Context, id int64) (*Device, error) {
	now := d.cfg.Clock.Now()
	d.mu.RLock()
	dev := d.fresh(id, now)
	d.mu.RUnlock()
	if dev == nil {
		var err error
		if dev, err = d.load(now, nil, func() (*Device, error) {
			return d.store.ByID(ctx, id)
		}); err != nil {
			return nil, err
		}
	}
	return dev, dev.mayScan()
}

// byToken is a remembered device, and notes that it was seen; nil when it must be read.
func (d *Devices) byToken(hash secret.TokenHash, now time.Time) *Device {
	d.mu.Lock()
	defer d.mu.Unlock()
	dev := d.fresh(d.byHash[hash], now)
	if dev != nil {
		d.byID[dev.ID].seen = now
	}
	return dev
}

func (d *Devices) fresh(id int64, now time.Time) *Device {
	r := d.byID[id]
	if r == nil || d.cfg.MaxAge > 0 && now.Sub(r.readAt) > d.cfg.MaxAge {
		return nil
	}
	dev := r.Device
	return &dev
}

// load reads a device and remembers it, unless a revocation came meanwhile: then what was
// read may be what was revoked. hash is that of the token by which it was asked for.
func (d *Devices) load(now time.Time, hash *secret.TokenHash, read func() (*Device, error)) (
	*Device, error,
) {
	d.mu.RLock()
	epoch := d.revoked
	d.mu.RUnlock()
	dev, err := read()
	if err != nil || dev == nil {
		return dev, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if epoch != d.revoked {
		return dev, nil
	}
	if len(d.byID) >= devicesKept {
		clear(d.byID)
		clear(d.byHash)
	}
	r := &remembered{Device: *dev, readAt: now}
	if old := d.byID[dev.ID]; old != nil {
		r.seen = old.seen
	}
	if hash != nil {
		d.byHash[*hash], r.seen = dev.ID, now
	}
	d.byID[dev.ID] = r
	return dev, nil
}

func (d *Devices) forget(id int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.revoked++
	delete(d.byID, id)
}

// Run writes, about once a minute, which devices were seen, until ctx ends.
func (d *Devices) Run(ctx context.Context) error {
	for {
		tick, stop := d.cfg.Clock.After(seenEvery)
		select {
		case <-ctx.Done():
			stop()
			return nil
		case <-tick:
		}
		if err := d.flush(ctx); err != nil && ctx.Err() == nil {
			d.cfg.Log.WarnContext(ctx, "devices could not be marked as seen", "error", err)
		}
	}
}

func (d *Devices) flush(ctx context.Context) error {
	type mark struct {
		scope actor.Scope
		id    int64
		at    time.Time
	}
	var marks []mark
	d.mu.Lock()
	for id, r := range d.byID {
		if r.seen.After(r.SeenAt) {
			marks = append(marks, mark{actor.Scope{Organization: r.Organization}, id, r.seen})
			r.SeenAt = r.seen
		}
	}
	d.mu.Unlock()
	for len(marks) > 0 {
		part := marks[:min(len(marks), seenPerTx)]
		marks = marks[len(part):]
		err := d.cfg.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
			for _, m := range part {
				if err := d.store.Touch(tx, m.scope, m.id, m.at); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Create makes a device that waits for its one-time code, and returns the code, which is
// shown once. Refused with fault.Missing, fault.NotAllowed, fault.BadInput and
// ErrTooManyDevices.
func (d *Devices) Create(ctx context.Context, who actor.Actor, dev Device) (
	*Device, string, error,
) {
	scope := actor.Scope{Organization: dev.Organization}
	if err := d.at(ctx, who, scope, dev.Venue); err != nil {
		return nil, "", err
	}
	var p fault.Problems
	dev.Name = cleanName(&p, "name", dev.Name, 1)
	if dev.Ways == "" {
		dev.Ways = BothWays
	}
	if dev.Ways != BothWays && dev.Ways != EntryOnly && dev.Ways != ExitOnly {
		p.Add("direction", "must be both, entry or exit / 应为 both、entry 或 exit")
	}
	if dev.Gate != 0 {
		g, err := d.gates.Find(ctx, scope, dev.Gate)
		if err != nil {
			return nil, "", err
		}
		if g == nil || g.Venue != dev.Venue {
			p.Add("gate_id", "is no gate of the venue / 不是本场馆的入口")
		}
	}
	if err := p.Err(); err != nil {
		return nil, "", err
	}
	code := newEnrolCode(d.cfg.IDs)
	hash := d.codeHash(code)
	dev.ID, dev.State = d.cfg.IDs.Next(), Waiting
	err := d.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		n, err := d.store.CountOf(tx, scope, dev.Venue)
		if err != nil {
			return err
		}
		if n >= MaxDevices {
			return ErrTooManyDevices.With("most", MaxDevices)
		}
		dev.CreatedAt, dev.CodeUntil = tx.Now, tx.Now.Add(CodeLives)
		d.note(tx, who, dev.Organization, "device.created",
			journal.Object{Kind: string(KindDevice), ID: dev.ID},
			journal.Object{Kind: string(catalog.KindVenue), ID: dev.Venue})
		return d.store.Insert(tx, &dev, hash)
	})
	if err != nil {
		return nil, "", err
	}
	return &dev, code, nil
}

// Enrol turns a one-time code into a device and its token, which is shown once. A name
// replaces the one that staff gave. Refused with ErrEnrolCode and fault.BadInput.
func (d *Devices) Enrol(ctx context.Context, code, name string) (*Device, string, error) {
	var p fault.Problems
	name = cleanName(&p, "name", name, 0)
	if err := p.Err(); err != nil {
		return nil, "", err
	}
	plain, ok := parseEnrolCode(code)
	if !ok {
		return nil, "", ErrEnrolCode
	}
	codeHash := d.codeHash(plain)
	token, hash := secret.NewToken(d.cfg.IDs, secret.DeviceToken)
	var dev *Device
	err := d.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ok, err := d.store.EnrolIfWaiting(tx, codeHash, hash[:], name, tx.Now)
		if err != nil {
			return err
		}
		if !ok {
			return ErrEnrolCode
		}
		if dev, err = d.store.ByTokenIn(tx, hash[:]); err != nil {
			return err
		}
		d.note(tx, actor.Actor{Kind: actor.Device, ID: dev.ID, Name: dev.Name}, dev.Organization,
			"device.enrolled", journal.Object{Kind: string(KindDevice), ID: dev.ID})
		id := dev.ID
		tx.AfterCommit(func() { d.forget(id) })
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	return dev, token, nil
}

// Revoke ends a device at once in this process, and elsewhere within MaxAge. A device that
// is revoked already stays so. Refused with fault.Missing and fault.NotAllowed.
func (d *Devices) Revoke(ctx context.Context, who actor.Actor, scope actor.Scope, id int64) error {
	dev, err := d.store.ByID(ctx, id)
	if err != nil {
		return err
	}
	if dev == nil || dev.Organization != scope.Organization {
		return fault.Missing
	}
	if err := catalog.Allow(who, PermDevice, scope.Organization, dev.Venue); err != nil {
		return err
	}
	return d.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ok, err := d.store.RevokeIfNot(tx, scope, id)
		if err != nil || !ok {
			return err
		}
		d.note(tx, who, scope.Organization, "device.revoked",
			journal.Object{Kind: string(KindDevice), ID: id})
		tx.AfterCommit(func() { d.forget(id) })
		return nil
	})
}

// List is a page of a venue's devices by id, with when each was last seen.
func (d *Devices) List(ctx context.Context, who actor.Actor, scope actor.Scope, venue, after int64,
	limit int,
) ([]Device, error) {
	if err := d.at(ctx, who, scope, venue); err != nil {
		return nil, err
	}
	list, err := d.store.OfVenue(ctx, scope, venue, after, limit)
	d.mu.RLock()
	defer d.mu.RUnlock()
	for i := range list {
		if r := d.byID[list[i].ID]; r != nil && r.seen.After(list[i].SeenAt) {
			list[i].SeenAt = r.seen
		}
	}
	return list, err
}

// Self is the device itself with its gate, which is nil when it moves about.
func (d *Devices) Self(ctx context.Context, who actor.Actor) (*Device, *Gate, error) {
	dev, err := d.active(ctx, who.ID)
	if err != nil || dev.Gate == 0 {
		return dev, nil, err
	}
	g, err := d.gates.Find(ctx, actor.Scope{Organization: dev.Organization}, dev.Gate)
	return dev, g, err
}

// at refuses whoever may not manage devices at a venue of the organization.
func (d *Devices) at(ctx context.Context, who actor.Actor, scope actor.Scope, venue int64) error {
	if err := catalog.Allow(who, PermDevice, scope.Organization, venue); err != nil {
		return err
	}
	_, err := d.cfg.Venues.Get(ctx, scope, venue)
	return err
}

func (d *Devices) note(tx *sqldb.Tx, who actor.Actor, organization int64, action string,
	objects ...journal.Object,
) {
	d.cfg.Journal.Append(tx, journal.Entry{Actor: who, Organization: organization,
		Action: action, Objects: objects})
}

// codeHash is how a one-time code is stored: 50 bits are guessed in a moment by whoever has
// the table, so the digest needs the key ring.
func (d *Devices) codeHash(code string) []byte {
	return d.cfg.MACs.MAC("device enrolment", []byte(code))[:16]
}
