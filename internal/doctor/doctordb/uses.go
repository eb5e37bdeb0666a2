package doctordb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"

	"foyer/internal/idgen"
	"foyer/internal/sqldb"
)

// useKey names what has a number: applications (kind 1) and money (2) of a rule, in session
// 0; units of a tier (3, item is its key) and of a stock (4) in a session; uses of a code (0).
type useKey struct {
	organization, session int64
	kind                  int
	subject               int64
	item                  int
}

func (k useKey) String() string {
	name := [...]string{"code", "applications of rule", "money of rule", "tier of release",
		"stock of ticket type"}
	if k.kind < 0 || k.kind >= len(name) {
		return fmt.Sprintf("kind %d of %s", k.kind, idgen.Number(k.subject))
	}
	return fmt.Sprintf("%s %s.%d in session %d", name[k.kind], idgen.Number(k.subject), k.item,
		k.session)
}

// useTries is how often orders are read anew before a difference is believed: while it
// sells, a counter moves between two pages.
const useTries = 3

type difference struct{ says, orders int64 }

// uses compares what rules, tiers, stocks and codes count as used with what the orders that
// live hold of them. An installation that offers nothing reads nothing.
func (b *Book) uses(ctx context.Context, report func(object, text string)) (int, error) {
	var seen map[useKey]difference
	n := 0
	for try := range useTries {
		before, err := b.counted(ctx)
		if err != nil || try == 0 && !b.offers(ctx, before) {
			return 0, err
		}
		held, err := b.heldByOrders(ctx)
		if err != nil {
			return 0, err
		}
		after, err := b.counted(ctx)
		if err != nil {
			return 0, err
		}
		n = len(after)
		now := differences(before, held, after)
		if try > 0 {
			maps.DeleteFunc(now, func(k useKey, d difference) bool { return seen[k] != d })
		}
		if seen = now; len(seen) == 0 {
			return n, nil
		}
	}
	for k, d := range seen {
		report("what is used up", fmt.Sprintf("%s: %d, orders hold %d", k, d.says, d.orders))
	}
	return n, nil
}

// differences are counters that stood still and say something else than the orders.
func differences(before, held, after map[useKey]int64) map[useKey]difference {
	out := map[useKey]difference{}
	for _, m := range []map[useKey]int64{after, held} {
		for k := range m {
			if before[k] == after[k] && after[k] != held[k] {
				out[k] = difference{after[k], held[k]}
			}
		}
	}
	return out
}

// offers says whether anything could be used up.
func (b *Book) offers(ctx context.Context, counted map[useKey]int64) bool {
	if len(counted) > 0 {
		return true
	}
	var n int
	err := b.db.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM offer_rule
		/* any organization: the check serves all */) + (SELECT COUNT(*) FROM ticket_release
		/* any organization: the check serves all */) + (SELECT COUNT(*) FROM offer_code
		/* any organization: the check serves all */) + (SELECT COUNT(*) FROM use_counter
		/* any organization: the check serves all */)`).Scan(&n)
	return err != nil || n > 0
}

func (b *Book) counted(ctx context.Context) (map[useKey]int64, error) {
	out := map[useKey]int64{}
	read := func(query string) error {
		rows, err := b.db.Query(ctx, query)
		_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
			var k useKey
			var n int64
			err := r.Scan(&k.organization, &k.session, &k.kind, &k.subject, &k.item, &n)
			out[k] = n
			return struct{}{}, err
		})
		return err
	}
	if err := read(`SELECT organization_id, session_id, kind, subject, item, n FROM use_counter
		WHERE n <> 0 /* any organization: the check serves all */`); err != nil {
		return nil, err
	}
	return out, read(`SELECT organization_id, 0, 0, id, 0, used FROM offer_code WHERE used <> 0
		/* any organization: the check serves all */`)
}

// heldByOrders sums what units that were not given back use up, page by page.
func (b *Book) heldByOrders(ctx context.Context) (map[useKey]int64, error) {
	sum := map[useKey]int64{}
	for after := int64(0); ; {
		var list []*usingOrder
		err := b.look(ctx, strayPage, func(v *sqldb.View, size int) (err error) {
			list, err = usingOrders(v, after, size)
			return err
		})
		if err != nil || len(list) == 0 {
			return sum, err
		}
		for _, o := range list {
			after = o.id
			o.add(sum)
		}
	}
}

// usingOrder is what an order says that it uses, read as a stranger would.
type usingOrder struct {
	id, organization int64
	lines            []usingLine
	gone             map[[2]int]bool // line and unit
}

type usingLine struct {
	number  int
	session int64
	change  int64 // that brought it; what a change brings uses nothing up
	detail  struct {
		Units []struct {
			Parts []struct {
				Rule        int64 `json:"r"`
				Application int   `json:"a"`
				Off         int64 `json:"d"`
				Counted     bool  `json:"b"`
			} `json:"o"`
			Uses []struct {
				Kind    int   `json:"k"`
				Subject int64 `json:"s"`
				Item    int   `json:"i"`
				N       int64 `json:"n"`
			} `json:"x"`
		} `json:"u"`
		Terms struct {
			Codes []int64 `json:"c"`
		} `json:"w"`
	}
}

// usingOrders is a page of the orders that live, with their lines and what went back.
func usingOrders(v *sqldb.View, after int64, limit int) ([]*usingOrder, error) {
	rows, err := v.Query(`SELECT id, organization_id FROM orders WHERE id > ?
		AND state IN ('pending', 'closing', 'requested', 'paid')
		/* any organization: the check serves all */ ORDER BY id LIMIT ?`, after, limit)
	list, err := sqldb.Collect(rows, err, func(r *sql.Rows) (*usingOrder, error) {
		o := &usingOrder{gone: map[[2]int]bool{}}
		return o, r.Scan(&o.id, &o.organization)
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	byID := map[int64]*usingOrder{}
	for _, o := range list {
		byID[o.id] = o
	}
	last := list[len(list)-1].id
	rows, err = v.Query(`SELECT order_id, line, session_id, change_id, detail FROM order_line
		WHERE order_id > ? AND order_id <= ? ORDER BY order_id, line`, after, last)
	if _, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var id int64
		var l usingLine
		var raw []byte
		err := r.Scan(&id, &l.number, &l.session, &l.change, &raw)
		if o := byID[id]; err == nil && o != nil {
			err = json.Unmarshal(raw, &l.detail)
			o.lines = append(o.lines, l)
		}
		return struct{}{}, err
	}); err != nil {
		return nil, err
	}
	rows, err = v.Query(`SELECT order_id, line, unit FROM refund_unit
		WHERE order_id > ? AND order_id <= ?`, after, last)
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var id int64
		var unit [2]int
		err := r.Scan(&id, &unit[0], &unit[1])
		if o := byID[id]; o != nil {
			o.gone[unit] = true
		}
		return struct{}{}, err
	})
	return list, err
}

// add sums what is left of the order: each unit that did not go back, each application with
// such a unit, and the codes while a unit of those first bought is left.
func (o *usingOrder) add(sum map[useKey]int64) {
	type application struct {
		rule int64
		n    int
	}
	applied := map[application]bool{}
	var codes []int64
	left := false
	for i := range o.lines {
		l := &o.lines[i]
		codes = append(codes, l.detail.Terms.Codes...)
		for n := range l.detail.Units {
			u := &l.detail.Units[n]
			if o.gone[[2]int{l.number, n + 1}] {
				continue
			}
			left = left || l.change == 0
			for _, p := range u.Parts {
				if p.Counted {
					applied[application{p.Rule, p.Application}] = true
					sum[useKey{o.organization, 0, 2, p.Rule, 0}] += p.Off
				}
			}
			for _, x := range u.Uses {
				sum[useKey{o.organization, l.session, x.Kind, x.Subject, x.Item}] += x.N
			}
		}
	}
	for a := range applied {
		sum[useKey{o.organization, 0, 1, a.rule, 0}]++
	}
	for _, id := range codes {
		if left {
			sum[useKey{organization: o.organization, subject: id}]++
		}
	}
}
