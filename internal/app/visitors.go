package app

import "context"

// contacts lets the rules of who may buy know a member's phone.
type contacts struct{ a *App }

// PhoneOf is the member's phone, normalised.
func (c contacts) PhoneOf(ctx context.Context, id int64) (string, error) {
	me, err := c.a.Members.Me(ctx, id)
	return me.Phone, err
}
