package app

import (
	"foyer/internal/config"
	"foyer/internal/order"
	"foyer/internal/payment"
)

// Settings are all settings of a process: those of the machinery and of each module.
type Settings struct {
	config.Config `embed:""`
	Order         order.Config   `embed:"" prefix:"order-"`
	Payment       payment.Config `embed:"" prefix:"payment-"`
}
