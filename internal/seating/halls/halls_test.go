package halls_test

import (
	"testing"

	"foyer/internal/seating/halls"
	"foyer/internal/seating/seatmap"
)

func TestHallsAreValid(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		m     *seatmap.Map
		seats int
	}{
		"cinema": {halls.Cinema(halls.CinemaSpec{
			Name: "1号厅", Rows: 10, Columns: 20, Couples: true,
		}), 190},
		"recliner": {halls.Cinema(halls.CinemaSpec{
			Name: "贵宾厅", Rows: 5, Columns: 8, Recliner: true,
		}), 36},
		"tiny":    {halls.Cinema(halls.CinemaSpec{Name: "小厅", Couples: true}), 0},
		"theatre": {halls.Theatre("大剧院"), 1200},
		"arena":   {halls.Arena("体育馆"), halls.ArenaSeats},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := tc.m.Validate(); err != nil {
				t.Errorf("Validate: %v", err)
			}
			if n := tc.m.SeatCount(); tc.seats > 0 && n != tc.seats {
				t.Errorf("%d seats, want %d", n, tc.seats)
			}
		})
	}
}
