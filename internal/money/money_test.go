package money

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// amount is any amount of the product, the edges more often than chance would give.
func amount() *rapid.Generator[Minor] {
	return rapid.OneOf(
		rapid.SampledFrom([]Minor{0, 1, -1, Max, -Max, Max - 1, 1 - Max}),
		rapid.Map(rapid.Int64Range(-int64(Max), int64(Max)), func(v int64) Minor {
			return Minor(v)
		}),
		rapid.Map(rapid.Int64Range(-10_000, 10_000), func(v int64) Minor { return Minor(v) }))
}

// anything is any number that a caller can hand in, in bounds or not.
func anything() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1000, 1000),
		rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, int64(Max), int64(Max) + 1}))
}

func fits(v *big.Int) bool { return v.CmpAbs(big.NewInt(int64(Max))) <= 0 }

// same fails unless got is want where want fits, and ErrOverflow where it does not.
func same(t *rapid.T, got Minor, err error, want *big.Int) {
	t.Helper()
	if !fits(want) {
		if !errors.Is(err, ErrOverflow) || got != 0 {
			t.Fatalf("%v is out of range, and got %d, %v", want, got, err)
		}
		return
	}
	if err != nil || big.NewInt(int64(got)).Cmp(want) != 0 {
		t.Fatalf("got %d, %v, want %v", got, err, want)
	}
}

func TestAddAgainstBigNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.OneOf(amount(), rapid.Map(anything(),
			func(v int64) Minor { return Minor(v) })), 0, 20).Draw(t, "amounts")
		got, err := Add(list...)
		sum := new(big.Int)
		for _, a := range list {
			sum.Add(sum, big.NewInt(int64(a)))
			if !fits(big.NewInt(int64(a))) || !fits(sum) {
				sum = big.NewInt(int64(Max) + 1) // leaves the range on its way
				break
			}
		}
		same(t, got, err, sum)
	})
}

func TestMulAgainstBigNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, n := anything().Draw(t, "a"), anything().Draw(t, "n")
		got, err := Mul(Minor(a), int(n))
		same(t, got, err, new(big.Int).Mul(big.NewInt(a), big.NewInt(n)))
	})
}

func TestPortionAgainstBigNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, num := anything().Draw(t, "a"), anything().Draw(t, "num")
		den := rapid.OneOf(rapid.Int64Range(1, math.MaxInt64), rapid.Int64Range(1, 200),
			rapid.SampledFrom([]int64{1, 2, 100, 10_000, math.MaxInt64})).Draw(t, "den")
		got, err := Portion(Minor(a), num, den)
		exact := new(big.Rat).SetFrac(
			new(big.Int).Mul(big.NewInt(a), big.NewInt(num)), big.NewInt(den))
		want, _ := new(big.Int).SetString(exact.FloatString(0), 10) // half away from zero
		same(t, got, err, want)
	})
}

func TestPortionRoundsHalfAwayFromZero(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a        Minor
		num, den int64
		want     Minor
	}{
		{5, 1, 2, 3}, {-5, 1, 2, -3}, {5, -1, 2, -3}, {4, 1, 3, 1}, {5, 1, 3, 2},
		{4800, 2000, 10_000, 960}, {1, 1, math.MaxInt64, 0},
		{Max, math.MaxInt64, math.MaxInt64, Max},
	} {
		if got, err := Portion(c.a, c.num, c.den); err != nil || got != c.want {
			t.Errorf("%d × %d ÷ %d: got %d, %v, want %d", c.a, c.num, c.den, got, err, c.want)
		}
	}
	for _, den := range []int64{0, -1, math.MinInt64} {
		if _, err := Portion(1, 1, den); err == nil {
			t.Errorf("a denominator of %d was taken", den)
		}
	}
}

func TestAllocateSumsExactlyAndIsFair(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		total := amount().Draw(t, "total")
		weights := rapid.SliceOfN(rapid.OneOf(
			rapid.Map(rapid.Int64Range(0, 5), func(v int64) Minor { return Minor(v) }),
			rapid.Map(rapid.Int64Range(0, math.MaxInt64), func(v int64) Minor {
				return Minor(v)
			})), 1, 30).Draw(t, "weights")
		parts := Allocate(total, weights)
		if len(parts) != len(weights) {
			t.Fatalf("%d parts of %d weights", len(parts), len(weights))
		}
		sum, weight := new(big.Int), new(big.Int)
		for i := range parts {
			sum.Add(sum, big.NewInt(int64(parts[i])))
			weight.Add(weight, big.NewInt(int64(weights[i])))
		}
		if sum.Cmp(big.NewInt(int64(total))) != 0 {
			t.Fatalf("the parts %v sum to %v, not %d", parts, sum, total)
		}
		even := weight.Sign() == 0
		for i := range parts {
			if !even && weights[i] == 0 && parts[i] != 0 {
				t.Fatalf("part %d weighs nothing and gets %d", i, parts[i])
			}
			if !even {
				nearExact(t, total, weights[i], weight, parts[i])
			}
			for k := range i {
				d := parts[k] - parts[i] // ties go to the earlier part
				if total < 0 {
					d = -d
				}
				if weights[k] == weights[i] && (d < 0 || d > 1) {
					t.Fatalf("equal weights get %d and %d", parts[k], parts[i])
				}
			}
		}
	})
}

// nearExact fails when a part is a whole unit or more away from its exact share.
func nearExact(t *rapid.T, total, w Minor, sum *big.Int, part Minor) {
	t.Helper()
	exact := new(big.Rat).SetFrac(
		new(big.Int).Mul(big.NewInt(int64(total)), big.NewInt(int64(w))), sum)
	off := exact.Sub(exact, new(big.Rat).SetInt64(int64(part)))
	if off.Abs(off).Cmp(big.NewRat(1, 1)) >= 0 {
		t.Fatalf("a part of %d is %s away from its share", part, off.FloatString(3))
	}
}

func TestAllocateByHand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		total         Minor
		weights, want []Minor
	}{
		{100, []Minor{1, 1, 1}, []Minor{34, 33, 33}},
		{-100, []Minor{1, 1, 1}, []Minor{-34, -33, -33}},
		{5, []Minor{0, 0}, []Minor{3, 2}},
		{1, []Minor{1, 3}, []Minor{0, 1}},
		{0, []Minor{2, 1}, []Minor{0, 0}},
		{7, nil, []Minor{}},
		{2, []Minor{0, 9, 0, 9}, []Minor{0, 1, 0, 1}},
	} {
		got := Allocate(c.total, c.weights)
		if len(got) != len(c.want) {
			t.Fatalf("%+v: got %v", c, got)
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%+v: got %v", c, got)
				break
			}
		}
	}
}
