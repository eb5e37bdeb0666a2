package seating

import (
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/seating/seatmap"
)

// Kinds of public ids that seating hands out or names.
const (
	KindVersion idgen.Kind = "smv"
	KindBlock   idgen.Kind = "blk"
)

// Permissions that seating's commands ask for.
const (
	PermEdit    actor.Permission = "seatmap.edit"
	PermPublish actor.Permission = "seatmap.publish"
	PermBlock   actor.Permission = "block.edit"
)

// Version is a published seat map of a hall. It never changes.
type Version struct {
	ID           int64
	Organization int64
	Hall         int64
	Number       int // 1, 2, 3 … within the hall
	Seats        int
	Digest       string // of the map's canonical form
	PublishedAt  time.Time
}

// Sheet is the seat map of a hall as it is being worked on.
type Sheet struct {
	Hall      int64
	Latest    int64  // the newest version; 0 before the first
	Number    int    // of the newest version
	NextPlace int64  // the lowest number that no seat or area ever had
	Draft     []byte // encoded map; nil without a draft
	Revision  int64
	UpdatedAt time.Time
}

// Draft is a sheet with its map read.
type Draft struct {
	Sheet
	Map *seatmap.Map // nil without a draft and before the first version
	// FromVersion says that there is no draft: Map is the newest version.
	FromVersion bool
	Problems    []fault.FieldProblem // what keeps it from being published
}

// Block takes places out of sale.
type Block struct {
	ID           int64
	Organization int64
	Session      int64
	Reason       string
	By           int64
	CreatedAt    time.Time
	ReleasesAt   time.Time // when it ends by itself; zero: never
	ReleasedAt   time.Time // zero while it stands
	Places       []int32
	Areas        []AreaQty
}

// AreaClaim is what an owner has of an area.
type AreaClaim struct {
	Area  int32
	Owner Owner
	N     int
	State ClaimState
	Until time.Time
}

// Refusals of seat maps and blocks.
var (
	ErrDropsClaimed = fault.Define(fault.Conflict, "seat_map_drops_claimed",
		"新座位图会删去已售、锁定或留出的座位", "The map drops places that are sold, held or blocked.",
		"`details.places` lists them by session. Keep those seats, or publish with "+
			"`keep_sessions` and leave these sessions on their version.")
	ErrNoDraft = fault.Define(fault.Conflict, "seat_map_no_draft",
		"没有草稿可发布", "There is no draft.", "Save or import a draft first.")
	ErrUnchanged = fault.Define(fault.Conflict, "seat_map_unchanged",
		"草稿与已发布版本相同", "The draft says what the newest version says already.",
		"Change the draft, or discard it.")
	ErrOtherHall = fault.Define(fault.Invalid, "seat_map_of_other_hall",
		"座位图不属于该厅", "The seat map is not a published one of this hall.",
		"Choose a published version of the session's hall.")
	ErrCapacity = fault.Define(fault.Conflict, "area_capacity_below_taken",
		"区域容量不能小于已占用的数量", "More of the area is taken than the new capacity.",
		"Choose at least what is taken: `details.areas` lists the areas.")
)
