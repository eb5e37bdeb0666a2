package notify

import "fmt"

// Topics of what members asked to be told.
const (
	TopicOnSale   Topic = "now_on_sale"
	TopicReturned Topic = "places_returned"
)

// NowOnSale is the text for those who waited for the begin of a sale.
func NowOnSale(l Language, title, when, link string) Text {
	return l.choose(
		Text{"开票提醒", fmt.Sprintf("您登记的《%s》(%s)已开票:%s", title, when, link)},
		Text{"Now on sale", fmt.Sprintf("%s (%s) is on sale now: %s", title, when, link)})
}

// PlacesReturned is the text for those who waited for places to come back.
func PlacesReturned(l Language, title, when, link string) Text {
	return l.choose(
		Text{"到票提醒", fmt.Sprintf("您登记的《%s》(%s)有票了,先到先得:%s", title, when, link)},
		Text{"Places are back", fmt.Sprintf("%s (%s) has places again, first come, first "+
			"served: %s", title, when, link)})
}
