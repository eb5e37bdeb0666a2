package catalog

// Hall is a room or an attraction within a venue, with its own capacity.
type Hall struct {
	Meta
	VenueID int64
	HallInfo
}

// HallInfo is what people write about a hall.
type HallInfo struct {
	Name   string `json:"name" minLength:"1" maxLength:"120"`
	NameEn string `json:"name_en,omitempty" maxLength:"120"`
	// Code is the hall's number in the trade's register (影厅编码).
	Code string `json:"code,omitempty" maxLength:"16" doc:"影厅编码"`
	// TimeSlots: sessions may overlap, as slots of an attraction do.
	TimeSlots bool `json:"time_slots,omitempty" doc:"sessions may overlap, as time slots do"`
	// CleaningMinutes must lie between two sessions of a hall without time slots.
	CleaningMinutes int      `json:"cleaning_minutes,omitempty" minimum:"0" maximum:"240"`
	Features        []string `json:"features,omitempty" maxItems:"20" doc:"e.g. IMAX, 杜比全景声"`
	Note            string   `json:"note,omitempty" maxLength:"500"`
	NoteEn          string   `json:"note_en,omitempty" maxLength:"500"`
}

func (h *HallInfo) check() error {
	tidyText(&h.Name, &h.NameEn, &h.Code)
	tidyWords(&h.Features)
	var c checker
	c.text("name", h.Name, 1, 120)
	c.text("name_en", h.NameEn, 0, 120)
	c.text("code", h.Code, 0, 16)
	c.number("cleaning_minutes", int64(h.CleaningMinutes), 0, 240)
	c.words("features", h.Features, 20, 40)
	c.text("note", h.Note, 0, 500)
	c.text("note_en", h.NoteEn, 0, 500)
	return c.Err()
}
