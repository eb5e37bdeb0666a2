// Package money counts in integer minor units (fen, cents) and never in floats.
package money

import (
	"errors"
	"math"
	"math/big"
	"math/bits"
	"sort"
)

// Minor is an amount in the smallest unit of its currency: 4800 is ¥48.00.
type Minor int64

// Currency is an ISO 4217 code in capitals.
type Currency string

// CNY is the currency of an installation that names none.
const CNY Currency = "CNY"

// Max bounds every amount of the product: 10^13 minor units. Sums of up to 900,000
// amounts within it cannot overflow an int64.
const Max Minor = 10_000_000_000_000

// ErrOverflow is returned by Add, Mul and Portion when the result leaves ±Max.
var ErrOverflow = errors.New("money: amount out of range")

// Add sums amounts; ErrOverflow when one of them, or the sum on its way, leaves ±Max.
func Add(amounts ...Minor) (Minor, error) {
	var sum Minor
	for _, a := range amounts {
		if a > Max || a < -Max {
			return 0, ErrOverflow
		}
		sum += a
		if sum > Max || sum < -Max {
			return 0, ErrOverflow
		}
	}
	return sum, nil
}

// Mul is a × n; ErrOverflow outside ±Max.
func Mul(a Minor, n int) (Minor, error) {
	hi, lo := bits.Mul64(uint64(abs(int64(a))), uint64(abs(int64(n))))
	if hi != 0 || lo > uint64(Max) {
		return 0, ErrOverflow
	}
	r := Minor(lo)
	if (a < 0) != (n < 0) {
		r = -r
	}
	return r, nil
}

func abs(v int64) int64 {
	if v < 0 && v != math.MinInt64 {
		return -v
	}
	return v
}

// Portion is a × num ÷ den rounded half away from zero. den must be positive.
func Portion(a Minor, num, den int64) (Minor, error) {
	if den <= 0 {
		return 0, errors.New("money: denominator must be positive")
	}
	// (2·a·num ± den) ÷ 2·den: the half that rounds is whole for every den.
	half := big.NewInt(den)
	n := new(big.Int).Mul(big.NewInt(int64(a)), big.NewInt(num))
	n.Lsh(n, 1)
	if n.Sign() < 0 {
		n.Sub(n, half)
	} else {
		n.Add(n, half)
	}
	n.Quo(n, new(big.Int).Lsh(half, 1))
	if !n.IsInt64() || n.Int64() > int64(Max) || n.Int64() < -int64(Max) {
		return 0, ErrOverflow
	}
	return Minor(n.Int64()), nil
}

// Allocate splits total over weights by largest remainder: the parts sum to total to
// the fen, and equal weights differ by at most one. Ties go to the earlier part.
// All weights zero split evenly. Weights must not be negative; total may be.
func Allocate(total Minor, weights []Minor) []Minor {
	parts := make([]Minor, len(weights))
	if len(weights) == 0 || total == 0 {
		return parts
	}
	sign, t := Minor(1), int64(total)
	if t < 0 {
		sign, t = -1, -t
	}
	sum := new(big.Int)
	for _, w := range weights {
		sum.Add(sum, big.NewInt(int64(w)))
	}
	even := sum.Sign() == 0
	if even {
		sum.SetInt64(int64(len(weights)))
	}
	type rest struct {
		i int
		r *big.Int
	}
	rests := make([]rest, len(weights))
	left := t
	for i, w := range weights {
		if even {
			w = 1
		}
		q, r := new(big.Int).QuoRem(
			new(big.Int).Mul(big.NewInt(t), big.NewInt(int64(w))), sum, new(big.Int))
		parts[i] = Minor(q.Int64()) * sign
		left -= q.Int64()
		rests[i] = rest{i, r}
	}
	sort.SliceStable(rests, func(a, b int) bool { return rests[a].r.Cmp(rests[b].r) > 0 })
	for k := int64(0); k < left; k++ {
		parts[rests[k].i] += sign
	}
	return parts
}
