package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// startRedis makes an empty server that keeps nothing.
func startRedis(folder string, signals <-chan os.Signal) (*server, error) {
	program, err := find("redis-server", "redis-server")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(folder, "redis")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	build := func(port int) []string {
		return []string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir,
			"--daemonize", "no", "--save", "", "--appendonly", "no", "--databases", "64",
			"--pidfile", filepath.Join(dir, "pid")}
	}
	s, err := launch("Redis", dir, program, build, pingRedis, signals)
	if err != nil {
		return nil, err
	}
	s.env = "FOYER_TEST_REDIS=" + s.addr
	return s, nil
}

func pingRedis(ctx context.Context, addr string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(conn, "PING\r\n"); err != nil {
		return err
	}
	answer := make([]byte, len("+PONG\r\n"))
	if _, err := io.ReadFull(conn, answer); err != nil {
		return err
	}
	if string(answer) != "+PONG\r\n" {
		return errors.New("redis answered " + strconv.Quote(string(answer)))
	}
	return nil
}
