package catalog

import (
	"fmt"
)

// Event is what is shown: a film, a play, an exhibition, an attraction.
type Event struct {
	Meta
	State State
	EventInfo
	Poster int64   // media; 0 none
	Stills []int64 // media
}

// EventInfo is what people write about an event. What is required to publish depends on
// the kind: see Event.missing.
type EventInfo struct {
	Kind EventKind `json:"kind" doc:"film, play, opera, dance, concert, talk, exhibition …"`
	// Code is the key that imports go by; empty takes film code, permit number, or a fresh
	// number, in this order.
	Code string `json:"code,omitempty" maxLength:"64" doc:"key that imports go by"`
	// SaleOpens is for sessions that name no sale_from.
	SaleOpens     *SaleOpening `json:"sale_opens,omitempty" doc:"when sessions go on sale"`
	Title         string       `json:"title" minLength:"1" maxLength:"200"`
	TitleEn       string       `json:"title_en,omitempty" maxLength:"200"`
	OriginalTitle string       `json:"original_title,omitempty" maxLength:"200"`
	PrintedTitle  string       `json:"printed_title,omitempty" maxLength:"60" doc:"on the ticket"`
	Aliases       []string     `json:"aliases,omitempty" maxItems:"20" doc:"search finds them"`
	Directors     []string     `json:"directors,omitempty" maxItems:"20"`
	Cast          []Credit     `json:"cast,omitempty" maxItems:"60"`
	Genres        []string     `json:"genres,omitempty" maxItems:"10"`
	Countries     []string     `json:"countries,omitempty" maxItems:"10"`
	Languages     []string     `json:"languages,omitempty" maxItems:"10"`
	Versions      []string     `json:"versions,omitempty" maxItems:"10" doc:"2D, 3D, IMAX …"`
	Minutes       int          `json:"minutes,omitempty" minimum:"0" maximum:"1440" doc:"running time"`
	AgeNote       string       `json:"age_note,omitempty" maxLength:"200" doc:"who it is for"`
	AgeNoteEn     string       `json:"age_note_en,omitempty" maxLength:"200"`
	ReleaseDate   string       `json:"release_date,omitempty" maxLength:"10" doc:"the first day"`
	EndDate       string       `json:"end_date,omitempty" maxLength:"10" doc:"last day"`
	Synopsis      string       `json:"synopsis,omitempty" maxLength:"5000"`
	SynopsisEn    string       `json:"synopsis_en,omitempty" maxLength:"5000"`
	Notice        string       `json:"notice,omitempty" maxLength:"3000" doc:"what a visitor must know"`
	NoticeEn      string       `json:"notice_en,omitempty" maxLength:"3000"`
	FilmCode      string       `json:"film_code,omitempty" maxLength:"32" doc:"影片编码"`
	PermitNumber  string       `json:"permit_number,omitempty" maxLength:"64" doc:"演出批文号"`
	Distributor   string       `json:"distributor,omitempty" maxLength:"120" doc:"or the organizer"`
	// RealName is the rule of all its sessions that have none of their own.
	RealName *RealName `json:"real_name,omitempty" doc:"whose names and documents are asked for"`
	// Weight orders lists by popularity, largest first.
	Weight int `json:"weight,omitempty" maximum:"1000000" doc:"popularity, largest first"`
}

// Credit is one person of the cast, a troupe or an artist.
type Credit struct {
	Name   string `json:"name" minLength:"1" maxLength:"80"`
	NameEn string `json:"name_en,omitempty" maxLength:"80"`
	Role   string `json:"role,omitempty" maxLength:"80"`
}

func (e *Event) check() error {
	tidyText(&e.Code, &e.Title, &e.TitleEn, &e.OriginalTitle, &e.PrintedTitle, &e.AgeNote,
		&e.AgeNoteEn, &e.Synopsis, &e.SynopsisEn, &e.FilmCode, &e.PermitNumber, &e.Distributor)
	tidyWords(&e.Aliases, &e.Directors, &e.Genres, &e.Countries, &e.Languages, &e.Versions)
	var c checker
	choice(&c, "kind", e.Kind, EventKinds())
	e.SaleOpens.check(&c, "sale_opens")
	c.text("title", e.Title, 1, 200)
	for _, f := range []struct {
		name, text string
		most       int
	}{{"code", e.Code, 64}, {"title_en", e.TitleEn, 200},
		{"original_title", e.OriginalTitle, 200}, {"printed_title", e.PrintedTitle, 60},
		{"age_note", e.AgeNote, 200}, {"age_note_en", e.AgeNoteEn, 200},
		{"synopsis", e.Synopsis, 5000}, {"synopsis_en", e.SynopsisEn, 5000},
		{"notice", e.Notice, 3000}, {"notice_en", e.NoticeEn, 3000},
		{"film_code", e.FilmCode, 32}, {"permit_number", e.PermitNumber, 64},
		{"distributor", e.Distributor, 120}} {
		c.text(f.name, f.text, 0, f.most)
	}
	c.words("aliases", e.Aliases, 20, 200)
	c.words("directors", e.Directors, 20, 80)
	c.words("genres", e.Genres, 10, 30)
	c.words("countries", e.Countries, 10, 40)
	c.words("languages", e.Languages, 10, 30)
	c.words("versions", e.Versions, 10, 30)
	c.number("minutes", int64(e.Minutes), 0, 1440)
	c.number("weight", int64(e.Weight), 0, 1_000_000)
	e.checkRest(&c)
	return c.Err()
}

func (e *Event) checkRest(c *checker) {
	e.RealName.check(c)
	c.date("release_date", e.ReleaseDate)
	c.date("end_date", e.EndDate)
	if e.ReleaseDate != "" && e.EndDate != "" && e.EndDate < e.ReleaseDate {
		c.Add("end_date", "is before release_date / 结束日期早于开始日期")
	}
	if len(e.Stills) > 20 {
		c.Add("stills", "has %d entries, at most 20 / 最多 20 张", len(e.Stills))
	}
	if len(e.Cast) > 60 {
		c.Add("cast", "has %d entries, at most 60 / 最多 60 人", len(e.Cast))
		return
	}
	for i, p := range e.Cast {
		at := fmt.Sprintf("cast[%d]", i)
		c.text(at+".name", p.Name, 1, 80)
		c.text(at+".name_en", p.NameEn, 0, 80)
		c.text(at+".role", p.Role, 0, 80)
	}
}

// missing names every field that publishing needs by the event's kind and that is empty.
func (e *Event) missing() *checker {
	var c checker
	c.required("printed_title", e.PrintedTitle != "")
	c.required("poster_id", e.Poster != 0)
	c.required("synopsis", e.Synopsis != "")
	switch {
	case e.Kind == Film:
		c.required("film_code", e.FilmCode != "")
		c.required("directors", len(e.Directors) > 0)
		c.required("cast", len(e.Cast) > 0)
		c.required("genres", len(e.Genres) > 0)
		c.required("countries", len(e.Countries) > 0)
		c.required("languages", len(e.Languages) > 0)
		c.required("versions", len(e.Versions) > 0)
		c.required("minutes", e.Minutes > 0)
		c.required("release_date", e.ReleaseDate != "")
		c.required("distributor", e.Distributor != "")
	case e.Kind.Performance():
		c.required("permit_number", e.PermitNumber != "")
		c.required("cast", len(e.Cast) > 0)
		c.required("minutes", e.Minutes > 0)
		c.required("age_note", e.AgeNote != "")
		c.required("distributor", e.Distributor != "")
	case e.Kind == ExhibitionShow:
		// no end_date: a permanent exhibition has none
		c.required("release_date", e.ReleaseDate != "")
		c.required("distributor", e.Distributor != "")
	case e.Kind == Talk:
		c.required("cast", len(e.Cast) > 0)
		c.required("minutes", e.Minutes > 0)
	default: // attraction, tour
		c.required("notice", e.Notice != "")
		c.required("age_note", e.AgeNote != "")
	}
	return &c
}
