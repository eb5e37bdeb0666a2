package catalog

import "foyer/internal/money"

// GateRules say how a ticket is raised at the gate (补差): for another type in the same
// place, or for another slot of the same event after its own was missed. The difference is
// paid; nothing comes back.
type GateRules struct {
	// Fee is kept for each unit that gets another type.
	Fee money.Minor `json:"fee_minor,omitempty" minimum:"0" doc:"for another type, a unit"`
	// MissedMinutes after the end of its session a ticket may still go to another slot.
	MissedMinutes int         `json:"missed_within_minutes,omitempty" minimum:"0" maximum:"10080" doc:"after the end; 0: no other slot"`
	MissedFee     money.Minor `json:"missed_fee_minor,omitempty" minimum:"0" doc:"for another slot, a unit"`
}

func (r *GateRules) check(c *checker) {
	if r == nil {
		return
	}
	c.number("at_gate.fee_minor", int64(r.Fee), 0, int64(MaxPrice))
	c.number("at_gate.missed_fee_minor", int64(r.MissedFee), 0, int64(MaxPrice))
	c.number("at_gate.missed_within_minutes", int64(r.MissedMinutes), 0, 7*24*60)
}
