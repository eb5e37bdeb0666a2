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

// mostRows is how many rows one statement of InsertRows holds at the most.
const mostRows = 32

// InsertRows runs head, which ends in VALUES, with a row for each run of perRow arguments,
// in as few statements as go. Their sizes are powers of two, so that few texts are
// prepared. It stops at the first statement that fails: undo all of it then.
func (tx *Tx) InsertRows(head, row string, perRow int, args []any) error {
	for size := mostRows; len(args) > 0; {
		if len(args) < size*perRow {
			size /= 2
			continue
		}
		text := head + strings.Repeat(row+",", size-1) + row
		if _, err := tx.Exec(text, args[:size*perRow]...); err != nil {
			return err
		}
		args = args[size*perRow:]
	}
	return nil
}
