package sqldb

import "strings"

// Marks is n placeholders for an IN list: "?,?,?". Round n up to a few sizes and repeat
// the last value, so that few texts are prepared.
func Marks(n int) string {
	if n <= 0 {
		return ""
	}
	return strings.Repeat("?,", n-1) + "?"
}

// Values is the rows of a multi-row INSERT: "(?,?),(?,?)" for two rows of two columns.
func Values(rows, columns int) string {
	if rows <= 0 || columns <= 0 {
		return ""
	}
	row := "(" + Marks(columns) + ")"
	return strings.Repeat(row+",", rows-1) + row
}
