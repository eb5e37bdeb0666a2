package load

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// Limits of one answer.
const (
	maxHeader = 64 << 10
	maxBody   = 8 << 20
)

// Conn is one keep-alive HTTP/1.1 connection that asks one thing at a time. It exists
// because the generator shares the cores with what it measures: a request costs one write
// and, as a rule, one read, and no allocation. It reads answers with a Content-Length only,
// which is what the product's routes send.
type Conn struct {
	addr string
	end  time.Time // deadline of everything on this connection
	c    net.Conn
	buf  []byte
	used int // bytes of the answer before this one, at the front of buf
	have int
}

// Answer is what came back. Body and ETag are valid until the next request.
type Answer struct {
	Status int
	Body   []byte
	ETag   []byte
	Wire   int // bytes on the wire
}

// NewConn makes a connection to host:port; it dials when it is first used, and again after
// a failure or after the server closed it.
func NewConn(addr string, end time.Time) *Conn {
	return &Conn{addr: addr, end: end, buf: make([]byte, 16<<10)}
}

// Close hangs up.
func (c *Conn) Close() {
	if c.c != nil {
		c.c.Close()
		c.c = nil
	}
}

// Do sends one request, ready as it goes over the wire, and reads its answer.
func (c *Conn) Do(request []byte) (Answer, error) {
	if c.c == nil {
		if err := c.dial(); err != nil {
			return Answer{}, err
		}
	}
	if _, err := c.c.Write(request); err != nil {
		c.Close()
		return Answer{}, err
	}
	a, last, err := c.read()
	if err != nil || last {
		c.Close()
	}
	return a, err
}

func (c *Conn) dial() error {
	d := net.Dialer{Deadline: c.end}
	conn, err := d.Dial("tcp", c.addr)
	if err != nil {
		return err
	}
	c.used, c.have = 0, 0
	c.c = conn
	return conn.SetDeadline(c.end)
}

// fill reads more of the answer; the buffer grows up to the limits.
func (c *Conn) fill(want int) error {
	if want > maxHeader+maxBody {
		return errors.New("load: the answer is too large")
	}
	if want > len(c.buf) {
		c.buf = append(c.buf, make([]byte, want-len(c.buf))...)
	}
	n, err := c.c.Read(c.buf[c.have:])
	c.have += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = errors.New("load: an empty read")
	}
	return err
}

// read reads one answer; last says that the server will close the connection.
func (c *Conn) read() (a Answer, last bool, err error) {
	c.have = copy(c.buf, c.buf[c.used:c.have])
	c.used = 0
	head := -1
	for from := 0; head < 0; {
		if i := bytes.Index(c.buf[from:c.have], []byte("\r\n\r\n")); i >= 0 {
			head = from + i
			break
		}
		from = max(0, c.have-3)
		if c.have >= maxHeader {
			return a, true, errors.New("load: the header is too large")
		}
		if err := c.fill(c.have + 1); err != nil {
			return a, true, err
		}
	}
	h, err := parseHead(c.buf[:head])
	if err != nil {
		return a, true, err
	}
	end := head + 4 + h.length
	for c.have < end {
		if err := c.fill(end); err != nil {
			return a, true, err
		}
	}
	c.used = end
	a = Answer{Status: h.status, Body: c.buf[head+4 : end], Wire: end}
	if h.etag[1] > 0 {
		a.ETag = c.buf[h.etag[0]:h.etag[1]]
	}
	return a, h.last, nil
}

type head struct {
	status, length int
	etag           [2]int
	last           bool
}

// parseHead reads a status line and the few headers that matter.
func parseHead(b []byte) (head, error) {
	var h head
	if len(b) < 12 || string(b[:7]) != "HTTP/1." {
		return h, fmt.Errorf("load: not an answer: %.40q", b)
	}
	var err error
	if h.status, err = strconv.Atoi(string(b[9:12])); err != nil {
		return h, fmt.Errorf("load: not a status: %.40q", b)
	}
	h.last = b[7] == '0'
	h.length = -1
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			break
		}
		at += i + 1
		if err := h.line(b, at); err != nil {
			return h, err
		}
	}
	if h.length < 0 {
		if h.status != 204 && h.status != 304 {
			return h, errors.New("load: an answer without Content-Length")
		}
		h.length = 0
	}
	if h.status == 204 || h.status == 304 {
		h.length = 0
	}
	return h, nil
}

// line reads the header line that begins at an offset.
func (h *head) line(b []byte, at int) error {
	rest := b[at:]
	if i := bytes.IndexByte(rest, '\r'); i >= 0 {
		rest = rest[:i]
	}
	switch {
	case isHeader(rest, "content-length:"):
		n, err := strconv.Atoi(string(bytes.TrimSpace(rest[15:])))
		if err != nil || n < 0 || n > maxBody {
			return fmt.Errorf("load: not a length: %.40q", rest)
		}
		h.length = n
	case isHeader(rest, "etag:"):
		v := bytes.TrimLeft(rest[5:], " ")
		end := at + len(rest)
		h.etag = [2]int{end - len(v), end}
	case isHeader(rest, "connection:"):
		h.last = bytes.EqualFold(bytes.TrimSpace(rest[11:]), []byte("close"))
	}
	return nil
}

func isHeader(line []byte, name string) bool {
	return len(line) >= len(name) && (line[0]|0x20) == name[0] &&
		bytes.EqualFold(line[:len(name)], []byte(name))
}

// Request builds a request in b; body may be nil. Headers are whole lines.
func Request(b []byte, method, path, host, token string, headers []string, body []byte) []byte {
	b = append(b, method...)
	b = append(b, ' ')
	b = append(b, path...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, host...)
	if token != "" {
		b = append(b, "\r\nAuthorization: Bearer "...)
		b = append(b, token...)
	}
	for _, line := range headers {
		b = append(b, "\r\n"...)
		b = append(b, line...)
	}
	if body != nil {
		b = append(b, "\r\nContent-Type: application/json\r\nContent-Length: "...)
		b = strconv.AppendInt(b, int64(len(body)), 10)
	}
	b = append(b, "\r\n\r\n"...)
	return append(b, body...)
}
