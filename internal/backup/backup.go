// Package backup copies an embedded installation while it sells, and brings a copy back.
//
// A backup is a folder. Everything in it is named and digested by its manifest, which is
// signed by the installation's journal key:
//
//	foyer-<installation>-<UTC time>/
//	  manifest.json   what is inside, of whom, when, and where the journal stood
//	  foyer.db        one moment of the database
//	  files/aa/aa…    pictures, each named by its own digest
//	  journal/…       closed months of the journal
//	  keys.age        the keys, locked by a passphrase or an age recipient: only if asked for
//
// The database is copied first and the files after it: a row never lacks its file. Without
// the keys nothing personal in a backup can be read, so by default they are not in it.
package backup

import (
	"context"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/keyring"
	"foyer/internal/sqldb"
)

// The names of what lies in a backup, and of what lies in a data folder.
const (
	manifestName = "manifest.json"
	databaseName = "foyer.db"
	keyCopyName  = "keys.age"
	keyFileName  = "keys.json"
	filesFolder  = "files"
	monthsFolder = "journal"
)

// UsualRate is what a backup reads a second unless somebody says otherwise: a disk that
// sells hardly notices it, and a million orders take a minute and a half.
const UsualRate = 32 << 20 // bytes

const (
	maxMembers  = 200_000  // files in a backup
	maxManifest = 64 << 20 // bytes
	folderMode  = 0o700
	fileMode    = 0o600
)

// The refusals of backup and restore. They end a command, never a buyer's request.
var (
	ErrNotEmbedded = fault.Define(fault.Conflict, "backup_not_embedded",
		"此命令只用于内置数据库", "This installation keeps its data in MySQL or MariaDB.",
		"Back it up with the server's own tools: mariadb-backup, or mysqldump "+
			"--single-transaction --quick; copy the folder files and the key file besides.")
	ErrPlaceTaken = fault.Define(fault.Conflict, "backup_place_taken",
		"目标位置已有文件", "There is something at that place already; it is never overwritten.",
		"Name another place, or an empty folder.")
	ErrDamaged = fault.Define(fault.Conflict, "backup_damaged",
		"备份不完整或被改动过", "The backup is cut off, altered or of a newer release.",
		"Use another backup; nothing was touched.")
	ErrOtherKeys = fault.Define(fault.Conflict, "backup_other_keys",
		"密钥不属于这个安装", "These keys are not those of the data.",
		"Use the key file of this installation, as it was when the backup was taken or later, "+
			"with no key retired that the backup needs.")
	ErrKeysNeeded = fault.Define(fault.Conflict, "backup_keys_needed",
		"恢复需要密钥", "The data cannot be restored without its keys.",
		"Give the key file or its encrypted copy. Without them phones, names, e-mail addresses "+
			"and second factors stay sealed, so no member and no staff can sign in; public "+
			"addresses and issued ticket codes are invalid; the journal's signatures cannot be "+
			"checked. New keys would repair none of it.")
)

// Records reads from a copy what its manifest tells; the journal's store implements it.
type Records interface {
	Lanes(ctx context.Context) ([]journal.Lane, error)
	Setting(ctx context.Context, name string) (value []byte, ok bool, err error)
}

// Source is the installation that is backed up. All fields are required.
type Source struct {
	DB      sqldb.Config // as it is served
	Data    string       // folder that holds the folders of files and months
	Ring    *keyring.Ring
	Records func(*sqldb.DB) Records
	Clock   clock.Clock
	Release string
}

// Options say how a backup is taken.
type Options struct {
	Into string // folder in which the backup's folder is made
	// BytesPerSecond bounds reading, so that selling does not notice; 0 means no bound.
	BytesPerSecond int64
	// Lock is a passphrase or an age recipient; empty leaves the keys out.
	Lock     string
	Progress Progress
}

// Progress is told what is going on: stage is "database", "check" or "files", and total is
// 0 when nobody knows. It may be nil.
type Progress func(stage string, done, total int64)

func (p Progress) tell(stage string, done, total int64) {
	if p != nil {
		p(stage, done, total)
	}
}

// Taken is a finished backup.
type Taken struct {
	Path     string
	Manifest *Manifest
	// Damaged are files of the installation that are no longer what their name says. They
	// are not in the backup: an older one may still have them.
	Damaged []string
}

// Target is where and how a backup is brought back.
type Target struct {
	Archive string // the backup's folder
	Data    string // missing or empty
	// KeyFile is a plain key file; else the copy at KeyCopy (empty: the backup's own) is
	// opened by Lock, a passphrase or an age identity.
	KeyFile, KeyCopy, Lock string

	IDs      *idgen.Source
	Clock    clock.Clock
	Records  func(*sqldb.DB) Records
	Progress Progress
}

// Restored says what was brought back.
type Restored struct {
	Manifest *Manifest
	// StepsDue is how many steps of the schema the first start will apply.
	StepsDue int
}
