package checkin

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"regexp"
	"strings"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// KindMedium is the kind of a medium's public id.
const KindMedium idgen.Kind = "mdm"

// MediumState says whether a medium opens anything.
type MediumState string

const (
	MediumFree  MediumState = "free"  // opens nothing; may be bound
	MediumBound MediumState = "bound" // enters and exits as its ticket
	MediumLost  MediumState = "lost"  // opens nothing until staff have it back and free it
)

// MediumKind is what a medium is.
type MediumKind string

// The kinds of media.
const (
	MediumNFC     MediumKind = "nfc"     // by the number of its chip, in hex
	MediumBarcode MediumKind = "barcode" // by the text that is printed on it
)

// Medium is a wristband or a card in place of a ticket's code. Its number is no secret:
// whoever holds it reads it. What keeps a copy from entering beside it are the ticket's
// rules of entry.
type Medium struct {
	ID           int64
	Organization int64
	Venue        int64 // where it was bound last
	Kind         MediumKind
	UID          string
	State        MediumState
	Ticket       int64 // 0 unless bound
	ChangedAt    time.Time
	Revision     int
}

// MediumStore keeps media.
type MediumStore interface {
	// Insert refuses with ErrMediumTaken when the number or the ticket has been taken.
	Insert(tx *sqldb.Tx, m *Medium) error
	// Move writes a medium of the revision in hand, and refuses with ErrMediumTaken as
	// Insert, with fault.Stale when it has moved on.
	Move(tx *sqldb.Tx, m *Medium) error
	// ByUID, ByUIDIn and OfTicketIn are nil without one; OfTicketIn is the bound one.
	ByUID(ctx context.Context, scope actor.Scope, uid string) (*Medium, error)
	ByUIDIn(tx *sqldb.Tx, scope actor.Scope, uid string) (*Medium, error)
	OfTicketIn(tx *sqldb.Tx, scope actor.Scope, ticket int64) (*Medium, error)
	// OfTickets are the numbers of bound media by ticket.
	OfTickets(ctx context.Context, scope actor.Scope, tickets []int64) (map[int64]string, error)
}

// Refusals of media.
var (
	ErrMediumUnknown = fault.Define(fault.NotFound, "medium_unknown",
		"这个手环或卡没有绑定门票", "The wristband or card is bound to no ticket.",
		"Bind it to the visitor's ticket, or scan the ticket's code.")
	ErrMediumTaken = fault.Define(fault.Conflict, "medium_taken",
		"这个手环或卡已在使用中,请换一个", "The wristband or card is in use, or was lost.",
		"Take another one, or unbind it first.")
	ErrMediumBefore = fault.Define(fault.Conflict, "ticket_has_medium",
		"这张票已换过手环或卡", "The ticket was exchanged for a wristband or card before.",
		"Send `replace` when that one was lost; it opens nothing from then on.")
	ErrExchanged = fault.Define(fault.Conflict, "ticket_exchanged",
		"这张票已换成手环或卡,请刷手环或卡", "The ticket was exchanged for a wristband or card.",
		"Scan that; when it was lost, staff replace or unbind it.")
)

var (
	nfcNumber   = regexp.MustCompile(`^([0-9A-F]{2}){4,10}$`)
	barcodeText = regexp.MustCompile(`^[0-9A-Za-z-]{6,40}$`)
)

// parseMedium reads a medium as readers tell it: nfc: and a chip's number in hex, or bar:
// and a printed text. Its number is written in one way.
func parseMedium(text string) (m Medium, ok bool) {
	kind, number, _ := strings.Cut(strings.TrimSpace(text), ":")
	switch kind {
	case "nfc":
		number = strings.ToUpper(strings.NewReplacer(":", "", " ", "", "-", "").Replace(number))
		m.Kind, ok = MediumNFC, nfcNumber.MatchString(number)
	case "bar":
		m.Kind, ok = MediumBarcode, barcodeText.MatchString(number)
	}
	m.UID = kind + ":" + number
	return m, ok
}

func errMedium() error {
	return fault.BadInput.At("medium", "is nfc: with 8 to 20 hex digits, or bar: with 6 to 40 "+
		"letters, digits and - / 手环或卡的编号有误")
}

// MediumAsk names a medium, and for binding a ticket by its code, or for staff by its id.
type MediumAsk struct {
	Medium  string
	Code    string
	Ticket  int64
	Replace bool // the one that the ticket had was lost
}

// Bind exchanges a ticket for a medium, at a gate or a counter: from then on the medium
// enters in place of the code, by the same rules. The same again is answered the same.
// Refused as a scan of the ticket, and with ErrMediumTaken, ErrMediumBefore, fault.BadInput.
func (c *CheckIns) Bind(ctx context.Context, who actor.Actor, ask MediumAsk) (*Medium, error) {
	m, ok := parseMedium(ask.Medium)
	if !ok {
		return nil, errMedium()
	}
	st, err := c.station(ctx, who)
	if err != nil {
		return nil, err
	}
	v := &scan{who: who, station: st, ask: Ask{Code: ask.Code, Ticket: ask.Ticket}}
	if err := c.identify(ctx, v); err != nil && !errors.Is(err, ErrExchanged) {
		return nil, err
	}
	if err := c.place(ctx, who, v); err != nil {
		return nil, err
	}
	var out *Medium
	err = c.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		out, err = c.bind(tx, v, m, ask.Replace)
		return err
	})
	return out, err
}

func (c *CheckIns) bind(tx *sqldb.Tx, v *scan, m Medium, replace bool) (*Medium, error) {
	scope := actor.Scope{Organization: v.ticket.Organization}
	t, err := c.cfg.Tickets.FindIn(tx, v.ticket.ID)
	if err != nil {
		return nil, err
	}
	found, err := c.media.ByUIDIn(tx, scope, m.UID)
	if err != nil {
		return nil, err
	}
	if found != nil && found.State == MediumBound && found.Ticket == t.ID {
		return found, nil
	}
	if err := standing(t, v.version); err != nil {
		return nil, err
	}
	if found != nil && found.State != MediumFree {
		return nil, ErrMediumTaken.With("state", string(found.State))
	}
	if err := c.retire(tx, scope, v, t.ID, replace); err != nil {
		return nil, err
	}
	if err := c.raise(tx, scope, t); err != nil {
		return nil, err
	}
	m.Organization, m.Venue, m.Ticket = t.Organization, t.Venue, t.ID
	m.State, m.ChangedAt = MediumBound, tx.Now
	write := c.media.Insert
	if m.ID = c.cfg.IDs.Next(); found != nil {
		m.ID, m.Revision, write = found.ID, found.Revision, c.media.Move
	}
	c.noteMedium(tx, v.who, &m, t.ID, "medium.bound")
	return &m, write(tx, &m)
}

// retire makes the medium that a ticket has a lost one, when it is replaced.
func (c *CheckIns) retire(tx *sqldb.Tx, scope actor.Scope, v *scan, ticket int64,
	replace bool,
) error {
	old, err := c.media.OfTicketIn(tx, scope, ticket)
	if err != nil || old == nil {
		return err
	}
	if !replace {
		return ErrMediumBefore
	}
	old.State, old.Ticket, old.ChangedAt = MediumLost, 0, tx.Now
	return c.media.Move(tx, old)
}

// raise makes the next code of a ticket, so that no older one enters and gates are told.
func (c *CheckIns) raise(tx *sqldb.Tx, scope actor.Scope, t *ticket.Ticket) error {
	ok, err := c.cfg.Tickets.RaiseVersionIf(tx, scope, t.ID, t.CodeVersion)
	if err == nil && !ok {
		err = fault.Stale
	}
	return err
}

// Unbind frees a medium for the next visitor: its ticket has a code again. One that is free
// stays so. Staff only. Refused with ErrMediumUnknown, fault.NotAllowed and fault.BadInput.
func (c *CheckIns) Unbind(ctx context.Context, who actor.Actor, ask MediumAsk) (*Medium, error) {
	named, ok := parseMedium(ask.Medium)
	if !ok {
		return nil, errMedium()
	}
	if who.Kind != actor.Staff {
		return nil, fault.NotAllowed
	}
	m, err := c.mediumOf(ctx, who, named.UID)
	if err != nil {
		return nil, err
	}
	scope := actor.Scope{Organization: m.Organization}
	err = c.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		if m, err = c.media.ByUIDIn(tx, scope, m.UID); err != nil || m.State == MediumFree {
			return err
		}
		was := m.Ticket
		if was != 0 {
			t, err := c.cfg.Tickets.FindIn(tx, was)
			if err == nil && t.State == ticket.Live {
				err = c.raise(tx, scope, t)
			}
			if err != nil {
				return err
			}
		}
		m.State, m.Ticket, m.ChangedAt = MediumFree, 0, tx.Now
		c.noteMedium(tx, who, m, was, "medium.freed")
		return c.media.Move(tx, m)
	})
	return m, err
}

// mediumOf is a medium of an organization in which staff may scan where it was bound.
func (c *CheckIns) mediumOf(ctx context.Context, who actor.Actor, uid string) (*Medium, error) {
	for _, o := range who.Organizations() {
		m, err := c.media.ByUID(ctx, actor.Scope{Organization: o}, uid)
		if err != nil {
			return nil, err
		}
		if m != nil && who.May(PermScan, o, m.Venue) {
			return m, nil
		}
	}
	return nil, ErrMediumUnknown
}

// byMedium finds the ticket of a scanned medium.
func (c *CheckIns) byMedium(ctx context.Context, v *scan) error {
	named, ok := parseMedium(v.ask.Medium)
	if !ok {
		return ErrMediumUnknown
	}
	var m *Medium
	var err error
	if v.station.staff != 0 {
		m, err = c.mediumOf(ctx, v.who, named.UID)
	} else {
		m, err = c.media.ByUID(ctx, actor.Scope{Organization: v.station.organization}, named.UID)
	}
	switch {
	case err != nil:
		return err
	case m == nil || m.State != MediumBound || !v.at.IsZero() && v.at.Before(m.ChangedAt):
		return ErrMediumUnknown
	}
	v.ticket, err = c.cfg.Tickets.Find(ctx, m.Ticket)
	if errors.Is(err, ticket.ErrNoTicket) {
		return ErrMediumUnknown
	}
	if err == nil {
		v.version = v.ticket.CodeVersion
	}
	return err
}

// codeEnters refuses the code of a ticket that was exchanged. A first code never was.
func (c *CheckIns) codeEnters(ctx context.Context, t *ticket.Ticket) error {
	if t.CodeVersion <= 1 {
		return nil
	}
	bound, err := c.media.OfTickets(ctx, actor.Scope{Organization: t.Organization},
		[]int64{t.ID})
	if err == nil && bound[t.ID] != "" {
		err = ErrExchanged
	}
	return err
}

// mediaOf adds the media of a page's tickets as hashes under a key of this list alone.
func (c *CheckIns) mediaOf(ctx context.Context, scope actor.Scope, device int64, l *List) error {
	var ids []int64
	for i := range l.Tickets {
		if t := &l.Tickets[i]; t.CodeVersion > 1 && t.State == ticket.Live {
			ids = append(ids, t.ID)
		}
	}
	l.MediaKey = c.cfg.MACs.MAC("media of a gate's list", []byte(listName(device, l.Day)))
	if len(ids) == 0 {
		return nil
	}
	bound, err := c.media.OfTickets(ctx, scope, ids)
	if err != nil {
		return err
	}
	l.Media = map[int64][]byte{}
	for id, uid := range bound {
		l.Media[id] = MediumHash(l.MediaKey, uid)
	}
	return nil
}

// MediumHash is what a gate compares a medium by: 16 bytes.
func MediumHash(key []byte, uid string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("medium\x00" + uid))
	return h.Sum(nil)[:16]
}

func (c *CheckIns) noteMedium(tx *sqldb.Tx, who actor.Actor, m *Medium, id int64, action string) {
	objects := []journal.Object{{Kind: string(KindMedium), ID: m.ID}}
	if id != 0 {
		objects = append(objects, journal.Object{Kind: string(ticket.KindTicket), ID: id})
	}
	c.cfg.Journal.Append(tx, journal.Entry{Actor: who, Organization: m.Organization,
		Action: action, Objects: objects})
}
