package seatmap

import (
	"slices"
	"strconv"
)

// LeftRight numbers n seats from the left, from the given start, leaving out what skip
// names (13, for instance). Labels are in the order in which the seats stand.
func LeftRight(n, start int, skip ...int) []string {
	return texts(upward(n, start, 1, skip))
}

// RightLeft numbers n seats from the right.
func RightLeft(n, start int, skip ...int) []string {
	list := LeftRight(n, start, skip...)
	slices.Reverse(list)
	return list
}

// OddEven numbers outwards from the centre: odd numbers to the left of it, even numbers to
// the right, as most Chinese theatres do (… 5 3 1 2 4 6 …).
func OddEven(left, right int, skip ...int) []string {
	return outward(left, 1, right, 2, skip)
}

// EvenOdd is OddEven with the sides exchanged (… 6 4 2 1 3 5 …).
func EvenOdd(left, right int, skip ...int) []string {
	return outward(left, 2, right, 1, skip)
}

// RowNumbers labels n rows 1, 2, 3 … from start, leaving out what skip names.
func RowNumbers(n, start int, skip ...int) []string { return LeftRight(n, start, skip...) }

// RowLetters labels n rows A … Z, AA … ZZ, AAA … from the given letters on, leaving out
// every label that contains a letter of skip: "IO" avoids what reads like 1 and 0. It
// returns fewer than n labels when from is no row letter or skip leaves nothing.
func RowLetters(n int, from, skip string) []string {
	at := letterIndex(from)
	if at < 0 {
		return nil
	}
	list := make([]string, 0, max(n, 0))
	for tries := 0; len(list) < n && tries < 20_000; tries, at = tries+1, at+1 {
		label := letterLabel(at)
		if !containsAny(label, skip) {
			list = append(list, label)
		}
	}
	return list
}

func outward(left, leftStart, right, rightStart int, skip []int) []string {
	l := texts(upward(left, leftStart, 2, skip))
	slices.Reverse(l)
	return append(l, texts(upward(right, rightStart, 2, skip))...)
}

func upward(n, start, by int, skip []int) []int {
	list := make([]int, 0, max(n, 0))
	for v := start; len(list) < n; v += by {
		if !slices.Contains(skip, v) {
			list = append(list, v)
		}
	}
	return list
}

func texts(numbers []int) []string {
	list := make([]string, len(numbers))
	for i, v := range numbers {
		list[i] = strconv.Itoa(v)
	}
	return list
}

// letterIndex is the position of A, B … Z, AA … in the endless list, -1 for other text.
func letterIndex(label string) int {
	at := 0
	for _, c := range label {
		if c < 'A' || c > 'Z' || at > 1_000_000 {
			return -1
		}
		at = at*26 + int(c-'A') + 1
	}
	return at - 1
}

func letterLabel(at int) string {
	var b []byte
	for at++; at > 0; at = (at - 1) / 26 {
		b = append(b, byte('A'+(at-1)%26))
	}
	slices.Reverse(b)
	return string(b)
}

func containsAny(label, letters string) bool {
	for i := range len(label) {
		for j := range len(letters) {
			if label[i] == letters[j] {
				return true
			}
		}
	}
	return false
}
