package doctordb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"foyer/internal/doctor"
	"foyer/internal/idgen"
	"foyer/internal/sqldb"
)

// strayPage is how many rows are looked at on one snapshot, far within its two seconds.
const strayPage = 500

// Strays pages whatever names an order or a ticket, and asks whether that knows of it.
func (b *Book) Strays(ctx context.Context, report doctor.Say) (int, error) {
	if err := b.passed(ctx, report); err != nil {
		return 0, err
	}
	n, err := b.strayClaims(ctx, report)
	if err != nil {
		return n, err
	}
	m, err := b.strayUnits(ctx, report)
	if n += m; err != nil {
		return n, err
	}
	if err := b.ask(ctx, changes[:], report); err != nil {
		return n, err
	}
	if err := b.ask(ctx, closed[:], report); err != nil {
		return n, err
	}
	for _, k := range orphans {
		m, err := b.orphans(ctx, k, report)
		if n += m; err != nil {
			return n, fmt.Errorf("%s: %w", k.what, err)
		}
	}
	return n, nil
}

type claimKey struct {
	session int64
	place   int32
}

type strayClaim struct {
	claimKey
	order int64
}

func (b *Book) strayClaims(ctx context.Context, report doctor.Say) (int, error) {
	count := 0
	for after := (claimKey{}); ; {
		var list []strayClaim
		var found []bool
		err := b.look(ctx, strayPage, func(v *sqldb.View, size int) error {
			rows, err := v.Query(`SELECT session_id, place, owner_id FROM claim
				WHERE owner_kind = 1 AND session_id >= ? AND (session_id > ? OR place > ?)
				ORDER BY session_id, place LIMIT ?`, after.session, after.session, after.place,
				size)
			list, err = sqldb.Collect(rows, err, func(r *sql.Rows) (c strayClaim, err error) {
				return c, r.Scan(&c.session, &c.place, &c.order)
			})
			if err != nil {
				return err
			}
			found = make([]bool, len(list))
			for i, c := range list {
				seat := func(u doctor.UnitRow) bool { return hasPlace(u, c.claimKey) }
				if found[i], err = orderHas(v, c.order, seat); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(list) == 0 {
			return count, err
		}
		for i, c := range list {
			if after = c.claimKey; !found[i] {
				report(doctor.I1, "claim", fmt.Sprintf("place %d of session %d is claimed for "+
					"order %s, which has no such place", c.place, c.session,
					idgen.Number(c.order)))
			}
		}
		count += len(list)
	}
}

func hasPlace(u doctor.UnitRow, k claimKey) bool {
	for _, p := range u.Places {
		if u.Session == k.session && p == k.place {
			return true
		}
	}
	return false
}

// strayUnits are units of areas that are claimed for orders without such an area.
func (b *Book) strayUnits(ctx context.Context, report doctor.Say) (int, error) {
	type key struct {
		session, order int64
		area           int32
	}
	count := 0
	for after := (key{}); ; {
		var list []key
		var found []bool
		err := b.look(ctx, strayPage, func(v *sqldb.View, size int) error {
			rows, err := v.Query(`SELECT session_id, area, owner_id FROM area_claim
				WHERE owner_kind = 1 AND session_id >= ? AND (session_id > ? OR area > ?
				OR (area = ? AND owner_id > ?)) ORDER BY session_id, area, owner_id LIMIT ?`,
				after.session, after.session, after.area, after.area, after.order, size)
			list, err = sqldb.Collect(rows, err, func(r *sql.Rows) (k key, err error) {
				return k, r.Scan(&k.session, &k.area, &k.order)
			})
			if err != nil {
				return err
			}
			found = make([]bool, len(list))
			for i, k := range list {
				units := func(u doctor.UnitRow) bool {
					return u.Session == k.session && u.Area == k.area
				}
				if found[i], err = orderHas(v, k.order, units); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(list) == 0 {
			return count, err
		}
		for i, k := range list {
			if after = k; !found[i] {
				report(doctor.I1, "claim", fmt.Sprintf("area %d of session %d is claimed for "+
					"order %s, which has no such area", k.area, k.session,
					idgen.Number(k.order)))
			}
		}
		count += len(list)
	}
}

// orderHas says whether a line of the order has a unit of the wanted sort.
func orderHas(v *sqldb.View, order int64, wanted func(doctor.UnitRow) bool) (bool, error) {
	units, err := unitsOfOrder(v, order)
	return slices.ContainsFunc(units, wanted), err
}

// unitsOfOrder are the units of all lines; none without such an order.
func unitsOfOrder(v *sqldb.View, order int64) ([]doctor.UnitRow, error) {
	rows, err := v.Query(`SELECT line, session_id, detail FROM order_line WHERE order_id = ?`,
		order)
	lines, err := sqldb.Collect(rows, err, func(r *sql.Rows) ([]doctor.UnitRow, error) {
		var line int
		var session int64
		var raw []byte
		if err := r.Scan(&line, &session, &raw); err != nil {
			return nil, err
		}
		return unitsOf(line, session, raw)
	})
	return slices.Concat(lines...), err
}

// orphan is a kind of row that belongs to another. Its query gives, in order of a key, the
// key, the parent that is named, and the parent that is there or 0.
type orphan struct {
	rule  doctor.Rule
	what  string
	query string
}

var orphans = [...]orphan{
	{doctor.I1, "ticket (its order)", `SELECT t.id, t.order_id, COALESCE(o.id, 0) FROM ticket t
		LEFT JOIN orders o ON o.id = t.order_id WHERE t.id > ?
		/* any organization: the check serves all */ ORDER BY t.id LIMIT ?`},
	{doctor.I1, "entitlement (its ticket)", `SELECT e.ticket_id, e.ticket_id,
		COALESCE(MAX(t.id), 0) FROM entitlement e LEFT JOIN ticket t ON t.id = e.ticket_id
		WHERE e.ticket_id > ? /* any organization: the check serves all */
		GROUP BY e.ticket_id ORDER BY e.ticket_id LIMIT ?`},
	{doctor.I6, "check-in (its ticket)", `SELECT c.id, c.ticket_id, COALESCE(t.id, 0)
		FROM checkin c LEFT JOIN ticket t ON t.id = c.ticket_id WHERE c.id > ?
		/* any organization: the check serves all */ ORDER BY c.id LIMIT ?`},
	{doctor.I5, "line (its order)", `SELECT l.order_id, l.order_id, COALESCE(MAX(o.id), 0)
		FROM order_line l LEFT JOIN orders o ON o.id = l.order_id WHERE l.order_id > ?
		/* any organization: the check serves all */
		GROUP BY l.order_id ORDER BY l.order_id LIMIT ?`},
	{doctor.I5, "unit that went back (its order)", `SELECT u.order_id, u.order_id,
		COALESCE(MAX(o.id), 0) FROM refund_unit u LEFT JOIN orders o ON o.id = u.order_id
		WHERE u.order_id > ? /* any organization: the check serves all */
		GROUP BY u.order_id ORDER BY u.order_id LIMIT ?`},
	{doctor.I5, "payment (its order)", `SELECT p.id, p.order_id, COALESCE(o.id, 0)
		FROM payment p LEFT JOIN orders o ON o.id = p.order_id WHERE p.id > ?
		/* any organization: the check serves all */ ORDER BY p.id LIMIT ?`},
	{doctor.I5, "refund (its order)", `SELECT r.id, r.order_id, COALESCE(o.id, 0)
		FROM refund r LEFT JOIN orders o ON o.id = r.order_id WHERE r.id > ?
		/* any organization: the check serves all */ ORDER BY r.id LIMIT ?`},
	{doctor.I3, "postings (their order)", `SELECT p.order_id, p.order_id, COALESCE(MAX(o.id), 0)
		FROM posting p LEFT JOIN orders o ON o.id = p.order_id WHERE p.order_id > ?
		/* any organization: the check serves all */
		GROUP BY p.order_id ORDER BY p.order_id LIMIT ?`},
}

// orphans reports the rows of a kind whose parent is not there. Each page is one statement,
// and so one moment: a row and its parent are committed together.
func (b *Book) orphans(ctx context.Context, k orphan, report doctor.Say) (int, error) {
	type row struct{ key, names, there int64 }
	count := 0
	for after := int64(0); ; {
		rows, err := b.db.Query(ctx, k.query, after, strayPage)
		list, err := sqldb.Collect(rows, err, func(r *sql.Rows) (o row, err error) {
			return o, r.Scan(&o.key, &o.names, &o.there)
		})
		if err != nil {
			return count, err
		}
		for _, o := range list {
			if after = o.key; o.there == 0 {
				report(k.rule, k.what, fmt.Sprintf("%s names %s, which does not exist",
					idgen.Number(o.key), idgen.Number(o.names)))
			}
		}
		count += len(list)
		if len(list) < strayPage {
			return count, nil
		}
	}
}
