package clock

import (
	"context"
	"time"
)

type viewKey struct{}

// View is a context whose answers are for another moment, at which somebody looks. Only
// what is read may be seen so: a command takes its time from its transaction.
func View(ctx context.Context, at time.Time) context.Context {
	return context.WithValue(ctx, viewKey{}, at)
}

// Viewed is the moment that a context is for; false when it is now.
func Viewed(ctx context.Context) (time.Time, bool) {
	at, ok := ctx.Value(viewKey{}).(time.Time)
	return at, ok
}

// Seen is the moment that a context is for, else the clock's.
func Seen(ctx context.Context, c Clock) time.Time {
	if at, ok := Viewed(ctx); ok {
		return at
	}
	return c.Now()
}
