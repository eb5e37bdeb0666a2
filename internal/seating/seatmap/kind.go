package seatmap

import "fmt"

// Kind says how a seat is offered.
type Kind uint8

const (
	Standard   Kind = iota // sold singly
	Couple                 // half of a pair that is sold as one
	Family                 // part of a block of 3 to 6 that is offered together
	Wheelchair             // a place for a wheelchair: given to those who ask for one
	Companion              // kept for whoever comes with a wheelchair beside it
	Restricted             // the view is limited; offered after seats with a full view
	Recliner               // a better chair; priced by its zone, chosen like a standard seat
	House                  // kept by the house; never offered, the counter may assign it
	kinds
)

// AreaKind says how an area is sold.
type AreaKind uint8

const (
	Standing  AreaKind = iota // so many people, each pays
	Table                     // sold as a whole
	Box                       // sold as a whole
	Admission                 // entry, often to a time slot
	areaKinds
)

// StageKind says what the audience looks at.
type StageKind uint8

const (
	NoStage StageKind = iota // a museum or park: nothing to face
	Screen
	Podium // a theatre's stage
	Field  // in the round: the audience sits on all sides
	stageKinds
)

// kindNames, areaNames and stageNames are the words of the API, in the order of the values.
func kindNames() []string {
	return []string{"standard", "couple", "family", "wheelchair", "companion",
		"restricted", "recliner", "house"}
}

func areaNames() []string {
	return []string{"standing", "table", "box", "admission"}
}

func stageNames() []string {
	return []string{"none", "screen", "stage", "field"}
}

// Whole is true for areas of which nothing less than all is sold.
func (k AreaKind) Whole() bool { return k == Table || k == Box }

func (k Kind) String() string      { return nameOf(k, kindNames()) }
func (k AreaKind) String() string  { return nameOf(k, areaNames()) }
func (k StageKind) String() string { return nameOf(k, stageNames()) }

// MarshalText gives the word of the API; unknown values are refused.
func (k Kind) MarshalText() ([]byte, error)      { return marshalName(k, kindNames()) }
func (k AreaKind) MarshalText() ([]byte, error)  { return marshalName(k, areaNames()) }
func (k StageKind) MarshalText() ([]byte, error) { return marshalName(k, stageNames()) }

// UnmarshalText reads the word of the API; unknown words are refused.
func (k *Kind) UnmarshalText(b []byte) error      { return parseName(k, b, kindNames()) }
func (k *AreaKind) UnmarshalText(b []byte) error  { return parseName(k, b, areaNames()) }
func (k *StageKind) UnmarshalText(b []byte) error { return parseName(k, b, stageNames()) }

type enum interface{ Kind | AreaKind | StageKind }

func nameOf[E enum](k E, list []string) string {
	if int(k) < len(list) {
		return list[k]
	}
	return fmt.Sprintf("unknown(%d)", k)
}

func marshalName[E enum](k E, list []string) ([]byte, error) {
	if int(k) >= len(list) {
		return nil, fmt.Errorf("seatmap: unknown kind %d", k)
	}
	return []byte(list[k]), nil
}

func parseName[E enum](k *E, b []byte, list []string) error {
	for i := range list {
		if list[i] == string(b) {
			*k = E(i)
			return nil
		}
	}
	return fmt.Errorf("seatmap: unknown kind %q, known are %v", b, list)
}
