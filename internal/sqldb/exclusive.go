package sqldb

import "foyer/internal/fault"

// ErrInUse refuses a second process on the same SQLite file.
var ErrInUse = fault.Define(fault.Unavailable, "database_in_use",
	"数据库正被另一个进程使用", "Another process is serving from this database file.",
	"Stop the other process first; a SQLite file serves one process.")

// Exclusive makes this the only process that serves from the file, until Close, and says
// whether that is certain. It is refused with ErrInUse while another process does. The
// mark is a lock of the operating system beside the file, so it ends with its process,
// however that ends. Over the MySQL protocol, and on systems without such locks, nothing
// is certain: false.
func (db *DB) Exclusive() (bool, error) {
	if db.Engine != SQLite {
		return false, nil
	}
	db.stmtMu.Lock()
	defer db.stmtMu.Unlock()
	if db.mark != nil {
		return true, nil
	}
	mark, certain, err := lockFile(db.cfg.Path + ".lock")
	db.mark = mark
	return certain, err
}
