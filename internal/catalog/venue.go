package catalog

import (
	"fmt"
	"time"
)

// Venue is a place people go to.
type Venue struct {
	Meta
	State State
	VenueInfo
	Images []int64 // media

	zone *time.Location
}

// VenueInfo is what people write about a venue. What is required to publish depends on
// the kind: see Venue.missing.
type VenueInfo struct {
	Kind   VenueKind `json:"kind" enum:"cinema,theatre,museum,exhibition,scenic_spot,park"`
	Name   string    `json:"name" minLength:"1" maxLength:"120"`
	NameEn string    `json:"name_en,omitempty" maxLength:"120"`
	City   string    `json:"city,omitempty" maxLength:"60" doc:"city, e.g. 上海"`
	CityEn string    `json:"city_en,omitempty" maxLength:"60"`
	// TimeZone is an IANA name; empty means Asia/Shanghai.
	TimeZone string `json:"time_zone,omitempty" maxLength:"40" doc:"empty: Asia/Shanghai"`
	// DayStartsMinute is when the business day begins, minutes after midnight; nil is 06:00.
	DayStartsMinute *int `json:"day_starts_minute,omitempty" maximum:"720" doc:"empty: 360"`

	Address   string   `json:"address,omitempty" maxLength:"200"`
	AddressEn string   `json:"address_en,omitempty" maxLength:"200"`
	Latitude  *float64 `json:"latitude,omitempty" minimum:"-90" maximum:"90" doc:"WGS 84"`
	Longitude *float64 `json:"longitude,omitempty" minimum:"-180" maximum:"180" doc:"WGS 84"`
	Phone     string   `json:"phone,omitempty" maxLength:"40" doc:"service phone, shown to all"`
	Hours     Hours    `json:"hours,omitzero" doc:"opening hours"`
	// SaleOpens is for sessions that name no sale_from; an event's own rule goes before.
	SaleOpens *SaleOpening `json:"sale_opens,omitempty" doc:"when sessions go on sale"`
	Licences  []Licence    `json:"licences,omitempty" maxItems:"20"`
	Services  []Amenity    `json:"services,omitempty" maxItems:"40"`
	Codes     VenueCodes   `json:"codes,omitzero" doc:"numbers that authorities gave"`

	Intro    string `json:"intro,omitempty" maxLength:"5000"`
	IntroEn  string `json:"intro_en,omitempty" maxLength:"5000"`
	Notice   string `json:"notice,omitempty" maxLength:"3000" doc:"what a visitor must know"`
	NoticeEn string `json:"notice_en,omitempty" maxLength:"3000"`
}

// VenueCodes are the venue's numbers in the registers of the trade.
type VenueCodes struct {
	CinemaCode string `json:"cinema_code,omitempty" maxLength:"16" doc:"影院编码"`
}

// Licence is a permit that the venue works under.
type Licence struct {
	Kind      LicenceKind `json:"kind" doc:"business, film_exhibition, performance_venue …"`
	Number    string      `json:"number" minLength:"1" maxLength:"64"`
	ExpiresOn string      `json:"expires_on,omitempty" maxLength:"10" doc:"date; empty: no expiry"`
}

// LicenceKind is what a licence allows.
type LicenceKind string

// The kinds of licence.
const (
	LicenceBusiness    LicenceKind = "business"            // 营业执照
	LicenceFilm        LicenceKind = "film_exhibition"     // 电影放映经营许可证
	LicencePerformance LicenceKind = "performance_venue"   // 营业性演出场所
	LicenceMuseum      LicenceKind = "museum_registration" // 博物馆备案
	LicenceSafety      LicenceKind = "safety"              // 公众聚集场所消防安全检查
	LicenceFood        LicenceKind = "food"                // 食品经营许可证
	LicenceOther       LicenceKind = "other"
)

// Amenity is one service of a venue: IMAX, parking, a nursing room, a guide.
type Amenity struct {
	Kind   string `json:"kind" minLength:"1" maxLength:"40" doc:"e.g. imax, parking, nursing_room"`
	Name   string `json:"name" minLength:"1" maxLength:"60"`
	NameEn string `json:"name_en,omitempty" maxLength:"60"`
	Note   string `json:"note,omitempty" maxLength:"300"`
	NoteEn string `json:"note_en,omitempty" maxLength:"300"`
}

const (
	defaultZone     = "Asia/Shanghai"
	defaultDayStart = 6 * 60
)

// DayStart is when the business day begins, in minutes after midnight.
func (v *VenueInfo) DayStart() int {
	if v.DayStartsMinute == nil {
		return defaultDayStart
	}
	return *v.DayStartsMinute
}

// Location is the venue's time zone.
func (v *Venue) Location() *time.Location {
	if v.zone == nil {
		return time.UTC
	}
	return v.zone
}

// locate resolves the time zone once, when the venue is read or written.
func (v *Venue) locate() error {
	if v.TimeZone == "" {
		v.TimeZone = defaultZone
	}
	zone, err := time.LoadLocation(v.TimeZone)
	if err != nil || v.TimeZone == "Local" {
		return fmt.Errorf("catalog: time zone %q: %w", v.TimeZone, err)
	}
	v.zone = zone
	return nil
}

// Located is the venue with its time zone resolved, for stores.
func Located(v *Venue) (*Venue, error) { return v, v.locate() }

// BusinessDay is the day (yyyymmdd) that the venue books a moment under: what happens
// before the business day begins belongs to the day before.
func (v *Venue) BusinessDay(t time.Time) int {
	local := t.In(v.Location())
	if local.Hour()*60+local.Minute() < v.DayStart() {
		local = time.Date(local.Year(), local.Month(), local.Day()-1, 12, 0, 0, 0, v.Location())
	}
	return dayNumber(local)
}

func dayNumber(t time.Time) int {
	y, m, d := t.Date()
	return y*10000 + int(m)*100 + d
}

// dayDate is midnight UTC of a day number; arithmetic on it has no time zone.
func dayDate(day int) time.Time {
	return time.Date(day/10000, time.Month(day/100%100), day%100, 0, 0, 0, 0, time.UTC)
}

// dayStartsAt is the moment at which a business day of the venue begins.
func (v *Venue) dayStartsAt(day time.Time) time.Time {
	m := v.DayStart()
	return time.Date(day.Year(), day.Month(), day.Day(), m/60, m%60, 0, 0, v.Location())
}

func (v *Venue) check() error {
	tidyText(&v.Name, &v.NameEn, &v.City, &v.CityEn, &v.TimeZone, &v.Address, &v.AddressEn,
		&v.Phone, &v.Codes.CinemaCode)
	var c checker
	choice(&c, "kind", v.Kind, VenueKinds())
	c.text("name", v.Name, 1, 120)
	for _, f := range []struct {
		name, text string
		most       int
	}{{"name_en", v.NameEn, 120}, {"city", v.City, 60}, {"city_en", v.CityEn, 60},
		{"address", v.Address, 200}, {"address_en", v.AddressEn, 200}, {"phone", v.Phone, 40},
		{"intro", v.Intro, 5000}, {"intro_en", v.IntroEn, 5000}, {"notice", v.Notice, 3000},
		{"notice_en", v.NoticeEn, 3000}, {"codes.cinema_code", v.Codes.CinemaCode, 16}} {
		c.text(f.name, f.text, 0, f.most)
	}
	if err := v.locate(); err != nil {
		c.Add("time_zone", "is not an IANA time zone such as Asia/Shanghai / 时区有误")
	}
	c.number("day_starts_minute", int64(v.DayStart()), 0, 720)
	if v.Latitude != nil && !(*v.Latitude >= -90 && *v.Latitude <= 90) {
		c.Add("latitude", "is not within -90..90 / 纬度有误")
	}
	if v.Longitude != nil && !(*v.Longitude >= -180 && *v.Longitude <= 180) {
		c.Add("longitude", "is not within -180..180 / 经度有误")
	}
	v.Hours.check(&c, "hours")
	v.SaleOpens.check(&c, "sale_opens")
	v.checkLists(&c)
	return c.Err()
}

func (v *Venue) checkLists(c *checker) {
	if len(v.Licences) > 20 || len(v.Services) > 40 || len(v.Images) > 20 {
		c.Add("licences", "too many licences (20), services (40) or images (20) / 条目过多")
		return
	}
	kinds := []LicenceKind{LicenceBusiness, LicenceFilm, LicencePerformance, LicenceMuseum,
		LicenceSafety, LicenceFood, LicenceOther}
	for i, l := range v.Licences {
		at := fmt.Sprintf("licences[%d]", i)
		choice(c, at+".kind", l.Kind, kinds)
		c.text(at+".number", l.Number, 1, 64)
		c.date(at+".expires_on", l.ExpiresOn)
	}
	for i, s := range v.Services {
		at := fmt.Sprintf("services[%d]", i)
		c.text(at+".kind", s.Kind, 1, 40)
		c.text(at+".name", s.Name, 1, 60)
		c.text(at+".name_en", s.NameEn, 0, 60)
		c.text(at+".note", s.Note, 0, 300)
		c.text(at+".note_en", s.NoteEn, 0, 300)
	}
}

// missing names every field that publishing needs by the venue's kind and that is empty,
// and every needed licence that has run out by today (a date).
func (v *Venue) missing(today string) *checker {
	var c checker
	c.required("city", v.City != "")
	c.required("address", v.Address != "")
	c.required("latitude", v.Latitude != nil)
	c.required("longitude", v.Longitude != nil)
	c.required("phone", v.Phone != "")
	c.required("hours", len(v.Hours.Weekly) > 0)
	c.required("intro", v.Intro != "")
	need := map[VenueKind]LicenceKind{Cinema: LicenceFilm, Theatre: LicencePerformance,
		Museum: LicenceMuseum, Exhibition: LicenceBusiness, ScenicSpot: LicenceBusiness,
		Park: LicenceBusiness}[v.Kind]
	if v.Kind == Cinema {
		c.required("codes.cinema_code", v.Codes.CinemaCode != "")
	}
	found, valid := false, false
	for _, l := range v.Licences {
		if l.Kind == need {
			found = true
			valid = valid || l.ExpiresOn == "" || l.ExpiresOn >= today
		}
	}
	switch {
	case !found:
		c.Add("licences", "a licence of kind %s is required / 缺少必需的证照", need)
	case !valid:
		c.Add("licences", "the licence of kind %s has run out / 证照已过期", need)
	}
	return &c
}
