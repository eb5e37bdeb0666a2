package demo

import (
	"context"
	"fmt"

	"foyer/internal/catalog"
	"foyer/internal/demo/programme"
)

func (h *house) seedEvents(ctx context.Context) error {
	for i, e := range h.src.Events {
		h.progress("events", i+1, len(h.src.Events))
		ev := catalog.Event{Meta: h.meta(), EventInfo: eventInfo(e)}
		ev.Weight = 1000 - 10*i
		var err error
		if ev.Poster, err = h.picture(ctx, drawing{e.Poster, true}); err != nil {
			return err
		}
		for _, still := range e.Stills {
			id, err := h.picture(ctx, drawing{still, false})
			if err != nil {
				return err
			}
			ev.Stills = append(ev.Stills, id)
		}
		made, err := h.Catalog.CreateEvent(ctx, who, ev)
		if err != nil {
			return fmt.Errorf("event %s: %w", e.Key, err)
		}
		if _, err := h.Catalog.SetEventState(ctx, who, made.Meta, catalog.Published); err != nil {
			return fmt.Errorf("event %s: %w", e.Key, err)
		}
		h.Events[e.Key] = made.ID
	}
	return nil
}

func eventInfo(e programme.Event) catalog.EventInfo {
	info := catalog.EventInfo{Kind: catalog.EventKind(e.Kind), Code: e.Code, Title: e.Title.ZH,
		TitleEn: e.Title.EN, OriginalTitle: e.OriginalTitle, PrintedTitle: e.Title.ZH,
		Aliases: e.Aliases, Minutes: e.Minutes, AgeNote: e.AgeNote.ZH, AgeNoteEn: e.AgeNote.EN,
		ReleaseDate: e.ReleaseOn, EndDate: e.EndsOn, Synopsis: e.Synopsis.ZH,
		SynopsisEn: e.Synopsis.EN, Distributor: e.Distributor.ZH,
		Notice:   "请提前十五分钟到场,凭电子票二维码入场。",
		NoticeEn: "Please come fifteen minutes early; the QR code of your ticket opens the gate."}
	if e.Director.ZH != "" {
		info.Directors = []string{e.Director.ZH}
	}
	if e.Country.ZH != "" {
		info.Countries = []string{e.Country.ZH}
	}
	for _, g := range e.Genres {
		info.Genres = append(info.Genres, g.ZH)
	}
	for _, c := range e.Cast {
		info.Cast = append(info.Cast, catalog.Credit{Name: c.ZH, NameEn: c.EN})
	}
	formats, languages := map[string]bool{}, map[string]bool{}
	for _, v := range e.Versions {
		if v.Format != "" && !formats[v.Format] {
			formats[v.Format] = true
			info.Versions = append(info.Versions, v.Format)
		}
		if v.Language.ZH != "" && !languages[v.Language.ZH] {
			languages[v.Language.ZH] = true
			info.Languages = append(info.Languages, v.Language.ZH)
		}
	}
	switch e.Kind {
	case programme.Film:
		info.FilmCode = e.Code
	case programme.Play, programme.Concert:
		info.PermitNumber = e.Code
	}
	return info
}

func (h *house) seedLists(ctx context.Context) error {
	for _, l := range h.src.PriceLists {
		info := catalog.PriceListInfo{Name: l.Name.ZH, Currency: h.src.Currency, RoundTo: 100}
		for _, p := range l.Prices {
			info.Cells = append(info.Cells, catalog.PriceCell{Zone: p.Zone,
				TicketType: h.TicketTypes[p.TicketType], Amount: p.Amount})
		}
		for _, r := range l.Rules {
			info.Rules = append(info.Rules, h.rules(r)...)
		}
		made, err := h.Catalog.CreatePriceList(ctx, who,
			catalog.PriceList{Meta: h.meta(), PriceListInfo: info})
		if err != nil {
			return fmt.Errorf("price list %s: %w", l.Key, err)
		}
		h.Lists[l.Key] = made.ID
	}
	return nil
}

// rules maps one rule of the programme, of which the first that matches counts, to ours,
// which are applied one after another: each one stops the list.
func (h *house) rules(r programme.PriceRule) []catalog.PriceRule {
	base := catalog.PriceRule{Name: r.Name.ZH, Zones: r.Zones}
	for _, d := range r.Weekdays {
		base.Weekdays = append(base.Weekdays, isoWeekday(d))
	}
	if r.FromMinute != 0 || r.UntilMinute != 0 {
		base.From, base.Before = window(r.FromMinute, r.UntilMinute)
	}
	if r.DaysBefore > 0 {
		days := r.DaysBefore
		base.DaysBeforeLeast = &days
	}
	for _, t := range r.TicketTypes {
		base.TicketTypes = append(base.TicketTypes, h.TicketTypes[t])
	}
	percent, add := base, base
	percent.Change, percent.Value = catalog.ChangePercent, int64(r.BasisPoints)
	add.Change, add.Value, add.Stop = catalog.ChangeAdd, int64(r.Add), true
	if r.Add == 0 {
		percent.Stop = true
		return []catalog.PriceRule{percent}
	}
	if r.BasisPoints == 10_000 {
		return []catalog.PriceRule{add}
	}
	return []catalog.PriceRule{percent, add}
}

const dayStart = 6 * 60

// window is a span of wall clock as the business day counts it: after midnight goes on
// from 24:00.
func window(from, until int) (string, string) {
	if from < dayStart {
		from += 24 * 60
	}
	for until <= from {
		until += 24 * 60
	}
	return wall(from), wall(until)
}
