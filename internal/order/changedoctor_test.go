package order_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"foyer/internal/doctor"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/sqldb"
)

// TestTheDoctorKnowsChanges: one way to spoil a change, one row; the rule that must notice
// it does.
func TestTheDoctorKnowsChanges(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		state order.ChangeState
		rule  doctor.Rule
		says  string
		spoil string // of the change's id
	}{
		"an open change that its order forgot": {order.ChangePending, doctor.I5, "open change",
			`UPDATE orders SET change_id = 0 WHERE change_id = ?`},
		"an order with a change that is over": {order.ChangePending, doctor.I5, "names a change",
			`UPDATE order_change SET state = 'expired' WHERE id = ?`},
		"a price that nobody paid": {order.ChangeDone, doctor.I3, "what the new ones cost",
			`UPDATE order_change SET due_minor = due_minor - 1 WHERE id = ?`},
		"value that went nowhere": {order.ChangeDone, doctor.I3, "pays others",
			`UPDATE refund_unit SET moved_minor = moved_minor - 1 WHERE change_id = ?`},
		"a place that is not held": {order.ChangePending, doctor.I1, "places claimed for it",
			`DELETE FROM claim WHERE owner_kind = 5 AND owner_id = ?`},
		"a place held for nothing": {order.ChangePending, doctor.I1, "does not wait",
			`UPDATE claim SET owner_id = owner_id + 1 WHERE owner_kind = 5 AND owner_id = ?`},
		"places that the member is not counted for": {order.ChangePending, doctor.I8,
			"places of a member", `UPDATE order_change SET places = places + 1 WHERE id = ?`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Each(t, func(t *testing.T, w *World) {
				s := changeIn(t, w, tc.state)
				sound(t, w)
				if err := w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
					n, err := tx.Exec(tc.spoil, s.c.ID)
					if err == nil && n == 0 {
						t.Error("nothing was spoiled")
					}
					return err
				}); err != nil {
					t.Fatal(err)
				}
				list := findings(t, w)
				if !slices.ContainsFunc(list, func(f doctor.Finding) bool {
					return f.Rule == tc.rule && strings.Contains(f.Object+f.Text, tc.says)
				}) {
					t.Errorf("nobody says %s %q: %v", tc.rule, tc.says, list)
				}
			})
		})
	}
}
