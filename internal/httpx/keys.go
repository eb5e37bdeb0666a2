package httpx

import (
	"foyer/internal/fault"
	"foyer/internal/idgen"
)

// Keys turns public ids of the API into keys and back. Every id that is not one of the
// kind asked for is refused with fault.Missing, exactly as an id that names nothing or
// something of somebody else, so that an answer never tells the difference.
type Keys struct{ codec *idgen.Codec }

// NewKeys makes the translator.
func NewKeys(codec *idgen.Codec) Keys { return Keys{codec} }

// Public is the id to show for a key; empty for 0, which names nothing.
func (k Keys) Public(kind idgen.Kind, id idgen.ID) string {
	if id == 0 {
		return ""
	}
	return k.codec.Encode(kind, id)
}

// Parse is the key that a public id names. It refuses with fault.Missing.
func (k Keys) Parse(kind idgen.Kind, public string) (idgen.ID, error) {
	id, err := k.codec.Decode(kind, public)
	if err != nil {
		return 0, fault.Missing
	}
	return id, nil
}

// ParseAll is Parse for a list; the first id that names nothing refuses the whole list.
func (k Keys) ParseAll(kind idgen.Kind, public []string) ([]idgen.ID, error) {
	ids := make([]idgen.ID, len(public))
	for i, p := range public {
		id, err := k.Parse(kind, p)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}
