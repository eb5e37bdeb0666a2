// Package migrations holds the schema as numbered plain SQL, one text for both engines. A
// file that was released is never edited; a change is a new file. `{{suffix}}` is the only
// placeholder. Each table is declared by a comment above it (see sqldb.Table).
package migrations

import "embed"

// Files are the migrations in the order of their names.
//
//go:embed *.sql
var Files embed.FS
