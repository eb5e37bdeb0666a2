package actor

import (
	"slices"
	"testing"
)

func TestMay(t *testing.T) {
	t.Parallel()
	a := Actor{Kind: Staff, Grants: []Grant{
		{Organization: 1, Venue: 10, Permissions: []Permission{"order.refund"}},
		{Organization: 1, Permissions: []Permission{"order.read"}},
		{Organization: 2, Permissions: []Permission{Everything}},
		{Organization: 3, Venue: 30, Permissions: []Permission{Everything}},
		{Organization: 4},
	}}
	for _, c := range []struct {
		p                   Permission
		organization, venue int64
		want                bool
	}{
		{"order.refund", 1, 10, true}, {"order.refund", 1, 11, false},
		{"order.refund", 1, 0, false}, // one venue is not the whole organization
		{"order.read", 1, 0, true}, {"order.read", 1, 10, true}, {"order.read", 1, 99, true},
		{"order.sell", 1, 10, false}, // permissions of two grants do not mix
		{"order.refund", 2, 0, true}, {"anything", 2, 77, true},
		{"order.refund", 3, 30, true}, {"order.refund", 3, 0, false},
		{"order.read", 4, 0, false}, {"order.read", 5, 0, false}, {"order.read", 0, 0, false},
		{"", 1, 0, false}, {Everything, 1, 10, false},
	} {
		if got := a.May(c.p, c.organization, c.venue); got != c.want {
			t.Errorf("%s in %d at %d: got %v", c.p, c.organization, c.venue, got)
		}
	}
	for _, nobody := range []Actor{{}, {Kind: Staff}, {Kind: Member, ID: 7}, SystemActor} {
		if nobody.May("order.read", 1, 0) || nobody.May("", 0, 0) {
			t.Errorf("%v may without a grant", nobody.Kind)
		}
	}
	if got := a.Organizations(); !slices.Equal(got, []int64{1, 2, 3, 4}) {
		t.Errorf("organizations: %v", got)
	}
}

func TestKindsHaveWords(t *testing.T) {
	t.Parallel()
	for k, want := range map[Kind]string{Anonymous: "anonymous", Member: "member",
		Staff: "staff", Device: "device", System: "system", 5: "unknown", 255: "unknown"} {
		if got := k.String(); got != want {
			t.Errorf("%d: got %q, want %q", uint8(k), got, want)
		}
	}
}
