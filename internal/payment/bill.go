package payment

import (
	"context"
	"errors"
	"time"
)

// BillReport is what a provider's bill of a day says against our rows.
type BillReport struct {
	Lines   int
	Late    int // money that we did not know of, and settled now
	Strange int // numbers that are not ours
	Wrong   int // sums that differ from ours; a person must look
}

// billDay is a provider's day: all of them keep Beijing time.
const billDay = "20060102"

// CheckBill compares a provider's bill of a day (YYYYMMDD) with our rows, the last net
// under everything: money of an attempt that had ended, and was never told of, is asked
// about and settled.
func (p *Payments) CheckBill(ctx context.Context, name, day string) (BillReport, error) {
	var r BillReport
	provider, err := p.provider(name)
	if err != nil {
		return r, err
	}
	lines, err := provider.Bill(ctx, day)
	if err != nil {
		return r, ErrProviderSilent.Wrap(err).Retry(time.Minute)
	}
	for _, l := range lines {
		r.Lines++
		if l.Refund != "" {
			err = p.checkRefund(ctx, l, &r)
		} else {
			err = p.checkPaid(ctx, name, l, &r)
		}
		if err != nil {
			return r, err
		}
	}
	if r.Late+r.Strange+r.Wrong > 0 {
		p.Log.Error("a provider's bill differs from our rows", "provider", name, "day", day,
			"lines", r.Lines, "late", r.Late, "strange", r.Strange, "wrong", r.Wrong)
	}
	return r, nil
}

func (p *Payments) checkPaid(ctx context.Context, name string, l BillLine, r *BillReport) error {
	id, ok := idOf(prefixPayment, l.Number)
	if !ok {
		r.Strange++
		return nil
	}
	pay, err := p.Store.Find(ctx, id)
	if isMissing(err) || (err == nil && pay.Provider != name) {
		r.Strange++
		return nil
	}
	if err != nil {
		return err
	}
	if pay.State != Captured {
		if pay, err = p.look(ctx, id, false, nil); err != nil {
			return err
		}
		r.Late++
	}
	if pay.State != Captured || pay.Captured != l.Amount {
		r.Wrong++
	}
	return nil
}

func (p *Payments) checkRefund(ctx context.Context, l BillLine, r *BillReport) error {
	id, ok := idOf(prefixRefund, l.Refund)
	if !ok {
		r.Strange++
		return nil
	}
	back, err := p.Store.FindRefund(ctx, id)
	if isMissing(err) {
		r.Strange++
		return nil
	}
	if err != nil {
		return err
	}
	if back.State != Arrived {
		if err := p.lookRefund(ctx, id); err != nil {
			return err
		}
		r.Late++
	}
	if -l.Amount != back.Amount {
		r.Wrong++
	}
	return nil
}

// RunBills checks each provider's bill of the day before, once a day from ten o'clock on,
// until ctx ends. A provider that does not answer is asked again within the hour.
func (p *Payments) RunBills(ctx context.Context) error {
	checked := map[string]string{}
	for ctx.Err() == nil {
		now := p.Clock.Now().In(time.FixedZone("UTC+8", 8*3600))
		day := now.AddDate(0, 0, -1).Format(billDay)
		for name := range p.providers {
			if now.Hour() < 10 || checked[name] == day {
				continue
			}
			_, err := p.CheckBill(ctx, name, day)
			if err == nil {
				checked[name] = day
			} else if ctx.Err() == nil && !errors.Is(err, context.Canceled) {
				p.Log.Warn("a bill could not be checked", "provider", name, "error", err)
			}
		}
		tick, stop := p.Clock.After(30 * time.Minute)
		select {
		case <-ctx.Done():
		case <-tick:
		}
		stop()
	}
	return nil
}
