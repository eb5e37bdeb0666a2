package order

import "foyer/internal/seating"

// allotted is whose allotments orders through a channel sell from.
func (c Channel) allotted() seating.Channel {
	switch c {
	case ChannelH5, ChannelMini:
		return seating.Online
	case ChannelCounter, ChannelKiosk:
		return seating.Counter
	case ChannelAgency:
		return seating.Agency
	case ChannelHouse:
		return seating.HouseOf
	case ChannelLoyalty:
		return seating.Loyalty
	}
	return ""
}
