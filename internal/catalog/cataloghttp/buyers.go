package cataloghttp

import "foyer/internal/catalog"

// toldRules is what a buyer is told of who may buy, before he buys.
func toldRules(s *catalog.Sellable) (*catalog.RealName, *catalog.Limits) {
	if s.Buyers == nil {
		return nil, nil
	}
	var names *catalog.RealName
	if s.Buyers.RealName.Mode != catalog.NamesOff {
		told := s.Buyers.RealName
		names = &told
	}
	if s.Buyers.Limits == (catalog.Limits{}) {
		return names, nil
	}
	limits := s.Buyers.Limits
	return names, &limits
}
