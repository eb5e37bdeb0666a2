package sheet

import (
	"context"
	"fmt"
	"strings"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
)

// programmeWords are the headers of a programme, in Chinese and English.
func programmeWords() map[string]string {
	return wordsOf(map[string]string{
		"event": "影片 片名 项目 剧目 影片编码 event film title", "hall": "影厅 厅 场地 hall",
		"venue": "影院 场馆 剧院 venue", "start": "开场时间 放映时间 演出时间 start starts_at",
		"date": "日期 放映日期 date", "time": "时间 time", "end": "散场时间 结束时间 end ends_at",
		"minutes": "时长 片长 minutes", "price_list": "价目 价目表 票价方案 price_list prices",
		"refund_policy": "退票规则 退改规则 refund_policy", "version": "制式 版本 version",
		"language": "语言 language", "listing": "排次号 listing",
		"sale_from": "开售时间 sale_from", "sale_until": "停售时间 sale_until",
		"max_per_order": "每单限购 max_per_order", "max_per_member": "每人限购 max_per_member",
		"hold_minutes": "锁座分钟 hold_minutes", "state": "状态 是否开售 state"})
}

// showRow is one session as read; the event is found in the transaction.
type showRow struct {
	number  int
	event   string
	minutes int
	sell    bool
	session catalog.Session
}

// names finds things of an organization by what people call them.
type names struct {
	halls    map[string][]*catalog.Hall
	venues   map[int64]*catalog.Venue
	prices   map[string][]int64
	policies map[string][]int64
}

// Programme imports sessions, keyed by hall and start: a new key plans a session, a known
// one is changed. A state of on_sale (在售) puts it on sale. It refuses with
// ErrUnreadable, ErrTooLarge, and ErrProblems with the report.
func (i *Importer) Programme(ctx context.Context, who actor.Actor, organization int64,
	table []byte, o Options) (Report, error) {
	if err := catalog.Sees(who, organization); err != nil {
		return Report{}, err
	}
	g, err := readGrid(table, programmeWords())
	if err != nil {
		return Report{}, err
	}
	known, err := i.namesOf(ctx, actor.Scope{Organization: organization})
	if err != nil {
		return Report{}, err
	}
	f := &findings{grid: g}
	f.header("event", "hall", "price_list", "refund_policy")
	if !g.has("start") && !(g.has("date") && g.has("time")) {
		f.add(1, "start", "the column start, or date and time, is required / 缺少开场时间")
	}
	rows := f.showRows(known)
	before := len(f.list)
	b, err := i.catalog.InBulk(ctx, who, organization, "programme", g.digest, o.DryRun,
		func(b *catalog.Bulk) error {
			f.list = f.list[:before]
			events := map[string]*catalog.Event{}
			for n, row := range rows {
				if err := f.putShow(b, row, events); err != nil {
					return err
				}
				o.progress(n+1, len(rows))
			}
			if len(f.list) > 0 {
				return ErrProblems
			}
			return nil
		})
	return f.finish(Report{Rows: len(g.rows), DryRun: o.DryRun}, b, err)
}

func (f *findings) showRows(known names) []showRow {
	var rows []showRow
	seen := map[string]int{}
	for _, l := range f.grid.rows {
		r := &reader{f, l}
		before := len(f.list)
		row := r.show(known)
		if len(f.list) > before {
			continue
		}
		key := fmt.Sprint(row.session.HallID, row.session.StartsAt.UnixMilli())
		if first := seen[key]; first > 0 {
			r.bad("start", "the same hall and start are in row %d already / 与该行重复", first)
			continue
		}
		seen[key] = l.number
		rows = append(rows, row)
	}
	return rows
}

func (r *reader) show(known names) showRow {
	row := showRow{number: r.number, event: r.text("event"), minutes: r.whole("minutes", 1, 2880),
		sell: r.selling()}
	if row.event == "" {
		r.bad("event", "is required / 必填")
	}
	s := &row.session
	s.PriceListID = r.named("price_list", known.prices)
	s.RefundPolicyID = r.named("refund_policy", known.policies)
	s.Version, s.Language, s.Listing = r.text("version"), r.text("language"), r.text("listing")
	s.MaxPerOrder = r.whole("max_per_order", 1, 500)
	s.MaxPerMember = r.whole("max_per_member", 1, 5000)
	s.HoldSeconds = 60 * r.whole("hold_minutes", 1, 120)
	hall := r.hall(known)
	if hall == nil {
		return row
	}
	s.HallID = hall.ID
	zone := known.venues[hall.VenueID].Location()
	if r.grid.has("start") {
		if s.StartsAt, _ = r.moment("start", zone); r.text("start") == "" {
			r.bad("start", "is required / 必填")
		}
	} else {
		s.StartsAt, _ = r.dayAndTime("date", "time", zone)
	}
	s.EndsAt, _ = r.moment("end", zone)
	s.SaleFrom, _ = r.moment("sale_from", zone)
	s.SaleUntil, _ = r.moment("sale_until", zone)
	return row
}

func (r *reader) selling() bool {
	switch v := strings.ToLower(r.text("state")); v {
	case "", "draft", "草稿", "否", "no":
		return false
	case "on_sale", "在售", "开售", "是", "yes":
		return true
	default:
		r.bad("state", "%q is neither draft nor on_sale / 状态应为草稿或在售", v)
		return false
	}
}

// named finds the one thing of a name.
func (r *reader) named(field string, known map[string][]int64) int64 {
	name := r.text(field)
	switch ids := known[name]; {
	case name == "":
		r.bad(field, "is required / 必填")
	case len(ids) == 0:
		r.bad(field, "there is none called %q / 不存在", name)
	case len(ids) > 1:
		r.bad(field, "%d are called %q / 名称重复", len(ids), name)
	default:
		return ids[0]
	}
	return 0
}

// hall finds a hall by name or code, within the venue that the row names if it does.
func (r *reader) hall(known names) *catalog.Hall {
	name, venue := r.text("hall"), r.text("venue")
	var found []*catalog.Hall
	for _, h := range known.halls[name] {
		if v := known.venues[h.VenueID]; v != nil && (venue == "" || v.Name == venue ||
			v.NameEn == venue) {
			found = append(found, h)
		}
	}
	switch {
	case name == "":
		r.bad("hall", "is required / 必填")
	case len(found) == 0:
		r.bad("hall", "there is no hall %q / 没有此影厅", name)
	case len(found) > 1:
		r.bad("hall", "%d venues have a hall %q: name the venue / 请填写影院", len(found), name)
	default:
		return found[0]
	}
	return nil
}

// putShow stores one row and notes what is refused; it returns failures of ours.
func (f *findings) putShow(b *catalog.Bulk, row showRow, events map[string]*catalog.Event) error {
	event, known := events[row.event]
	if !known {
		found, n, err := b.EventFor(row.event)
		if err != nil {
			return err
		}
		if events[row.event] = found; found == nil && n > 1 {
			f.add(row.number, "event", "several are called %q: give the code / 名称重复,请填编码",
				row.event)
			return nil
		}
		event = found
	}
	if event == nil {
		f.add(row.number, "event", "there is no event %q / 没有此项目", row.event)
		return nil
	}
	s := row.session
	s.EventID = event.ID
	if s.EndsAt.IsZero() {
		minutes := row.minutes
		if minutes == 0 {
			minutes = event.Minutes
		}
		s.EndsAt = s.StartsAt.Add(time.Duration(minutes) * time.Minute)
	}
	err := b.Try(func() error {
		kept, err := b.PutSession(s)
		if err != nil || !row.sell {
			return err
		}
		return b.Sell(kept)
	})
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return err
	}
	return f.refused(row.number, "start", err)
}

// maxNames bounds the things of one kind that names are looked up in.
const maxNames = 5_000

func (i *Importer) namesOf(ctx context.Context, scope actor.Scope) (names, error) {
	st := i.catalog.Stores()
	n := names{map[string][]*catalog.Hall{}, map[int64]*catalog.Venue{}, map[string][]int64{},
		map[string][]int64{}}
	venues, err := st.Venues.List(ctx, scope, 0, maxNames)
	if err != nil {
		return n, err
	}
	for _, v := range venues {
		n.venues[v.ID] = v
	}
	halls, err := st.Halls.List(ctx, scope, 0, maxNames)
	if err != nil {
		return n, err
	}
	for _, h := range halls {
		for _, name := range uniq(h.Name, h.NameEn, h.Code) {
			n.halls[name] = append(n.halls[name], h)
		}
	}
	lists, err := st.PriceLists.List(ctx, scope, 0, maxNames)
	if err != nil {
		return n, err
	}
	for _, l := range lists {
		n.prices[l.Name] = append(n.prices[l.Name], l.ID)
	}
	policies, err := st.RefundPolicies.List(ctx, scope, 0, maxNames)
	for _, p := range policies {
		for _, name := range uniq(p.Name, p.NameEn) {
			n.policies[name] = append(n.policies[name], p.ID)
		}
	}
	return n, err
}

// uniq is the names that are not empty, each once.
func uniq(list ...string) []string {
	var out []string
	seen := map[string]bool{"": true}
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
