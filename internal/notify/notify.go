// Package notify carries messages to people: what is said, in both languages and in one
// place, and the port through which it leaves. Which sender stands behind the port is
// decided where the program is put together; development has an inbox of its own.
package notify

import (
	"context"
	"fmt"
	"log/slog"

	"foyer/internal/fault"
)

// Channel is the way that a message takes.
type Channel string

// The channels.
const (
	SMS   Channel = "sms"
	Email Channel = "email"
)

// Message is one text for one person. It holds a phone or an address and often a code, so
// it shows nothing of itself to a log or a format verb.
type Message struct {
	Channel Channel
	To      string // phone as +8613800138000, or an e-mail address
	Topic   Topic
	Text    Text
}

// Topic says what a message is about; it may be logged and counted.
type Topic string

// The topics.
const (
	TopicSignInCode     Topic = "sign_in_code"
	TopicPasswordCode   Topic = "password_code"
	TopicInvitation     Topic = "invitation"
	TopicOrderPaid      Topic = "order_paid"
	TopicRefundAccepted Topic = "refund_accepted"
	TopicRefundArrived  Topic = "refund_arrived"
	TopicSessionMoved   Topic = "session_moved"
)

// String names the message without what is in it.
func (m Message) String() string {
	return fmt.Sprintf("%s message about %s", m.Channel, m.Topic)
}

// GoString keeps %#v from showing what String hides.
func (m Message) GoString() string { return m.String() }

// Format keeps every verb from showing what String hides, also %+v.
func (m Message) Format(f fmt.State, _ rune) { fmt.Fprint(f, m.String()) }

// LogValue keeps a logger from showing what String hides.
func (m Message) LogValue() slog.Value { return slog.StringValue(m.String()) }

// MarshalJSON keeps a JSON logger from showing what String hides.
func (m Message) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%q", m.String()), nil }

// Sender hands a message to its channel. Accepted is not delivered. A sender never writes
// the recipient or the text to a log, nor into the errors that it returns.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// MaxText is the longest text of a message, in bytes.
const MaxText = 4000

// The refusals of a sender.
var (
	ErrNotSent = fault.Define(fault.Unavailable, "message_not_sent",
		"消息发送失败,请稍后再试", "The message could not be handed to its channel.",
		"Try again in a minute; nothing was counted against you.")
	ErrTextTooLong = fault.Define(fault.Invalid, "message_too_long",
		"消息内容过长", "The text of a message is over its limit.",
		"Shorten the names that the text is made of.")
)
