// Package seating knows who has which place: seat maps, the book (SQL, the truth), the
// board (a fast picture of it) and the choice of the best places.
package seating

import (
	"time"

	"foyer/internal/fault"
)

// OwnerKind is the kind of thing that a claim belongs to.
type OwnerKind int

const (
	OwnerOrder     OwnerKind = 1 // a buyer's order, unpaid or paid
	OwnerBlock     OwnerKind = 2 // places taken out of sale by the house
	OwnerAllotment OwnerKind = 3 // places kept for one channel
	OwnerOffer     OwnerKind = 4 // places offered to somebody who waits
	OwnerChange    OwnerKind = 5 // places that a change of a paid order waits to take
	OwnerReturn    OwnerKind = 6 // places given back that are not on sale again yet
)

// Owner is who a place belongs to.
type Owner struct {
	Kind OwnerKind
	ID   int64
}

// ClaimState says how final a claim is.
type ClaimState int

const (
	Held   ClaimState = 1 // an unpaid order's, or given back a moment ago; ends by itself
	Sold   ClaimState = 2 // a paid order's; ends with a refund or change
	Closed ClaimState = 3 // a block's or an allotment's; ends when the house says so
	Kept   ClaimState = 4 // an allotment's of buyers online: free in their eyes
)

// AreaQty is n units of an area without numbered seats.
type AreaQty struct {
	Area int32 `json:"area"`
	N    int   `json:"quantity"`
}

// Claim asks the book for places and area units of one session, all or nothing.
type Claim struct {
	Session int64
	Owner   Owner
	State   ClaimState
	Places  []int32
	Areas   []AreaQty
	Until   time.Time // when a hold ends by itself; zero for Sold and Closed
	// From are the allotments that may give what nobody else has; when the owner gives it
	// up it goes back there, while the allotment stands.
	From []int64
}

// Count is the number of places and units together.
func (c Claim) Count() int {
	n := len(c.Places)
	for _, a := range c.Areas {
		n += a.N
	}
	return n
}

// Refusals of the book and the board.
var (
	ErrPlaceTaken = fault.Define(fault.Conflict, "place_taken",
		"这个座位刚刚被选走了,换一个吧", "This place has just been taken.",
		"Choose another place; details.places lists those that are gone.")
	ErrAreaFull = fault.Define(fault.Conflict, "area_full",
		"这个区域的余票不足", "Not enough is left in this area.",
		"Ask for fewer, or choose another area; details.free says how many are left.")
	ErrSoldOut = fault.Define(fault.Conflict, "sold_out",
		"已售罄", "Sold out: nothing is free and nothing is held.",
		"Choose another session.")
	ErrAllHeld = fault.Define(fault.Conflict, "all_held",
		"余座都在别人的待付款订单里,或刚刚退回,稍后可能会放出",
		"All that is left is held by unpaid orders, or was just given back.",
		"Try again at details.next_release, when the next hold may end.")
	ErrNoMatch = fault.Define(fault.Conflict, "no_match",
		"没有符合要求的座位", "There are free places, but none as asked for.",
		"Ask for fewer together, other zones or a higher price.")
	ErrOrphan = fault.Define(fault.Conflict, "orphan_seat",
		"这样选会留下单个空座,请调整一下", "This choice would leave a single seat alone.",
		"Move by one seat; details.places lists the seats left alone.")
	ErrSplitsPair = fault.Define(fault.Invalid, "splits_pair",
		"情侣座需要成对购买", "A couple pair is sold as one.",
		"Take both places of the pair.")
	ErrUnknownPlace = fault.Define(fault.Invalid, "unknown_place",
		"座位不存在", "There is no such place in this session.",
		"Read the session's seat map and use its place numbers.")
	ErrNotForSale = fault.Define(fault.Conflict, "place_not_for_sale",
		"这个座位不对外销售", "This place is not sold to the public.",
		"Choose another place.")
)
