package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/go-sql-driver/mysql"
)

// startMariaDB makes an empty server as strict as production should be and as careless
// with the disk as a throw-away may be.
func startMariaDB(folder string, signals <-chan os.Signal) (*server, error) {
	program, err := find("mariadb-server", "mariadbd", "mysqld")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(folder, "mariadb")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	if err := installTables(dir); err != nil {
		return nil, err
	}
	user := mysql.NewConfig()
	user.User, user.Passwd, user.Net = "foyer", rand.Text(), "tcp"
	user.Logger = &mysql.NopLogger{} // refused connections are expected until it is up
	if err := writeUser(dir, user.Passwd); err != nil {
		return nil, err
	}
	ready := func(ctx context.Context, addr string) error {
		user.Addr = addr
		connector, err := mysql.NewConnector(user)
		if err != nil {
			return err
		}
		db := sql.OpenDB(connector)
		defer db.Close()
		return db.PingContext(ctx)
	}
	build := func(port int) []string { return mariaDBArgs(dir, port) }
	s, err := launch("MariaDB", dir, program, build, ready, signals)
	if err != nil {
		return nil, err
	}
	s.env = "FOYER_TEST_MYSQL=" + user.FormatDSN()
	return s, nil
}

func installTables(dir string) error {
	install, err := find("mariadb-server", "mariadb-install-db", "mysql_install_db")
	if err != nil {
		return err
	}
	// A server removes the temporary tables that it finds when it starts, other servers' too
	// when they share a folder for them.
	args := append(asRoot([]string{"--no-defaults"}), "--basedir=/usr", "--datadir="+data(dir),
		"--tmpdir="+dir, "--auth-root-authentication-method=normal", "--skip-test-db",
		"--skip-name-resolve", "--innodb-log-file-size=16M",
		"--innodb-flush-log-at-trx-commit=0")
	if out, err := exec.Command(install, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", install, err, tail(string(out)))
	}
	return nil
}

// asRoot names the user that mariadbd otherwise asks root for; the data are private to it.
func asRoot(args []string) []string {
	if os.Geteuid() == 0 {
		return append(args, "--user=root")
	}
	return args
}

func data(dir string) string { return filepath.Join(dir, "data") }

func initFile(dir string) string { return filepath.Join(dir, "init.sql") }

// writeUser makes the user of the tests when the server starts. The password keeps other
// programs of the machine out; rand.Text has letters and digits alone.
func writeUser(dir, password string) error {
	text := "CREATE USER 'foyer'@'127.0.0.1' IDENTIFIED BY '" + password + "';\n" +
		"GRANT ALL ON *.* TO 'foyer'@'127.0.0.1' WITH GRANT OPTION;\n"
	return os.WriteFile(initFile(dir), []byte(text), 0o600)
}

func mariaDBArgs(dir string, port int) []string {
	return append(asRoot([]string{"--no-defaults"}),
		"--basedir=/usr",
		"--datadir="+data(dir),
		"--tmpdir="+dir,
		"--socket="+filepath.Join(dir, "s"),
		"--pid-file="+filepath.Join(dir, "pid"),
		"--init-file="+initFile(dir),
		"--bind-address=127.0.0.1",
		"--port="+strconv.Itoa(port),
		"--skip-name-resolve",
		"--max-connections=1000",
		// What production is held to.
		"--sql-mode=STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_IN_DATE,NO_ZERO_DATE,"+
			"ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
		"--character-set-server=utf8mb4",
		"--collation-server=utf8mb4_bin",
		"--default-time-zone=+00:00",
		"--transaction-isolation=READ-COMMITTED",
		// What a throw-away may do without.
		"--innodb-flush-log-at-trx-commit=0",
		"--innodb-doublewrite=0",
		"--innodb-log-file-size=64M",
		"--innodb-buffer-pool-size=256M",
		"--innodb-lock-wait-timeout=10",
		"--skip-log-bin",
		"--performance-schema=OFF",
	)
}
