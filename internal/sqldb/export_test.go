package sqldb

import "database/sql"

// Truncate asks the writer to empty the log after its next batch.
func (db *DB) Truncate() { db.writer.truncate.Store(true) }

// Readers are the connections that read.
func (db *DB) Readers() *sql.DB { return db.read }
