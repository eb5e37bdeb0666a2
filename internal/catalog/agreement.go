package catalog

// Agreement says that an order needs the house's word before it can be paid, as groups and
// guided tours do. Its places are held meanwhile.
type Agreement struct {
	// Hours is how long the house may take to answer.
	Hours int `json:"hours" minimum:"1" maximum:"720" doc:"how long the house may take"`
	// PayHours is how long the buyer has to pay afterwards.
	PayHours int `json:"pay_hours" minimum:"1" maximum:"72" doc:"how long the buyer has then"`
}

func (a *Agreement) check(c *checker) {
	if a == nil {
		return
	}
	c.number("agreement.hours", int64(a.Hours), 1, 720)
	c.number("agreement.pay_hours", int64(a.PayHours), 1, 72)
}
