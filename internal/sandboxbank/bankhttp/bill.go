package bankhttp

import (
	"strconv"

	"foyer/internal/sandboxbank"
)

// bill answers with a day's movements, page by page: what was paid, then what went back,
// which is negative.
func (h *Handler) bill(r asked) (any, error) {
	q := r.URL.Query()
	var after int64
	if s := q.Get("after"); s != "" {
		var err error
		if after, err = strconv.ParseInt(s, 10, 64); err != nil || after < 0 {
			return nil, sandboxbank.ErrParam
		}
	}
	paid, back, err := h.bank.Bill(r.Context(), r.merchant, q.Get("day"), after)
	if err != nil {
		return nil, err
	}
	return h.billPage(r, paid, back)
}

const billPage = 500 // rows of each kind that the store reads at once

// billPage joins both kinds in the order of their keys and stops where either page ends,
// since the next rows of that kind are not known yet.
func (h *Handler) billPage(r asked, paid []*sandboxbank.Payment, back []*sandboxbank.Refund) (
	any, error,
) {
	out := billBody{Lines: []billLine{}}
	for len(paid) > 0 || len(back) > 0 {
		var id int64
		if len(back) == 0 || (len(paid) > 0 && paid[0].ID < back[0].ID) {
			p := paid[0]
			paid, id = paid[1:], p.ID
			out.Lines = append(out.Lines, billLine{Payment: p.Number, Amount: p.Paid,
				Currency: p.Currency, At: p.PaidAt})
		} else {
			b := back[0]
			p, err := h.bank.PaymentOf(r.Context(), b)
			if err != nil {
				return nil, err
			}
			back, id = back[1:], b.ID
			out.Lines = append(out.Lines, billLine{Payment: p.Number, Refund: b.Number,
				Amount: -b.Amount, Currency: p.Currency, At: b.DoneAt})
		}
		if len(out.Lines) == billPage {
			out.Next = strconv.FormatInt(id, 10)
			break
		}
	}
	return out, nil
}
