package orderhttp

import "foyer/internal/seating"

// besideBody is a group of neighbours of a pick, and what a front end says of it: "2 seats
// are free on your right".
type besideBody struct {
	Places []int32 `json:"places" doc:"neighbours among the places, in the order of their row"`
	Left   int     `json:"left" doc:"free seats directly before the first of them"`
	Right  int     `json:"right" doc:"free seats directly after the last of them"`
}

type suggestionBody struct {
	Kind   string  `json:"kind" enum:"couple,family" doc:"a couple pair or a family block"`
	Places []int32 `json:"places" doc:"all of it; name these places to take it instead"`
}

// HintsBody is told with a price, and with places that were chosen for the buyer; never
// with an order that is read later. It is exported since bodies are read by their exported
// embedded fields only.
type HintsBody struct {
	Beside      []besideBody     `json:"beside,omitempty" doc:"the free seats next to the places, a group of neighbours each"`
	Suggestions []suggestionBody `json:"suggestions,omitempty" doc:"a free pair or block that fits the party as well"`
}

func hintsOf(h *seating.Hints) (b HintsBody) {
	if h == nil {
		return b
	}
	for _, s := range h.Beside {
		b.Beside = append(b.Beside, besideBody{s.Places, s.Left, s.Right})
	}
	for _, s := range h.Suggestions {
		b.Suggestions = append(b.Suggestions, suggestionBody{s.Kind.String(), s.Places})
	}
	return b
}
