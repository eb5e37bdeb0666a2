package rig

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// Person is somebody, or a device, with an address and perhaps a sign-in of their own.
type Person struct {
	S       *Server
	Token   string
	Address string
	Phone   string

	bought int
}

// Stranger is somebody who is not signed in.
func (s *Server) Stranger() *Person {
	s.people++
	n := s.people
	return &Person{S: s, Address: fmt.Sprintf("10.1.%d.%d", n/250, n%250+1),
		Phone: fmt.Sprintf("139%08d", n)}
}

// Answer is what came back.
type Answer struct {
	T      testing.TB
	What   string
	Status int
	Header http.Header
	Raw    []byte
}

// Ask sends one request; body is marshalled unless it is []byte or nil. More headers are
// given as name, value. An answer that never comes is Status 0.
func (p *Person) Ask(method, path string, body any, header ...string) Answer {
	a := Answer{T: p.S.T, What: method + " " + path}
	req, err := p.Request(method, path, body, header...)
	if err != nil {
		a.Raw = []byte(err.Error())
		return a
	}
	res, err := p.S.HTTP.Do(req)
	if err != nil {
		a.Raw = []byte(err.Error())
		return a
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		a.Raw = []byte(err.Error())
		return a
	}
	a.Status, a.Header, a.Raw = res.StatusCode, res.Header, raw
	return a
}

// Request makes a request of the person's.
func (p *Person) Request(method, path string, body any, header ...string) (*http.Request, error) {
	var r io.Reader
	if raw, ok := body.([]byte); ok {
		r = bytes.NewReader(raw)
	} else if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		r = bytes.NewReader(raw)
	}
	url := path
	if strings.HasPrefix(path, "/") {
		url = p.S.URL + "/api/v1" + path
	}
	req, err := http.NewRequest(method, url, r)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if p.Token != "" {
		req.Header.Set("Authorization", "Bearer "+p.Token)
	}
	req.Header.Set("X-Forwarded-For", p.Address)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req, nil
}

// Get reads what must be there.
func (p *Person) Get(path string) Doc {
	p.S.T.Helper()
	return p.Ask("GET", path, nil).Want(200)
}

// Post does what must succeed with a status.
func (p *Person) Post(status int, path string, body any, header ...string) Doc {
	p.S.T.Helper()
	return p.Ask("POST", path, body, header...).Want(status)
}

// Key is the header of an idempotency key.
func Key(key string) []string { return []string{"Idempotency-Key", key} }

// Want fails the test unless the answer has the status, and reads it.
func (a Answer) Want(status int) Doc {
	a.T.Helper()
	if a.Status != status {
		a.T.Fatalf("%s: %d, want %d: %s", a.What, a.Status, status, a.Raw)
	}
	return a.Doc()
}

// Refused fails the test unless the answer is a problem with the code, and reads it.
func (a Answer) Refused(code string) Doc {
	a.T.Helper()
	d := a.Doc()
	if a.Status < 400 || d.S("code") != code {
		a.T.Fatalf("%s: %d, want %s: %s", a.What, a.Status, code, a.Raw)
	}
	return d
}

// Doc reads the answer.
func (a Answer) Doc() Doc {
	d := Doc{T: a.T, what: a.What}
	if len(a.Raw) == 0 {
		return d
	}
	dec := json.NewDecoder(bytes.NewReader(a.Raw))
	dec.UseNumber()
	if err := dec.Decode(&d.v); err != nil {
		a.T.Helper()
		a.T.Fatalf("%s: %v: %s", a.What, err, a.Raw)
	}
	return d
}

// Try reads the answer, and is empty when it is no JSON: for those who ask a dying server.
func (a Answer) Try() Doc {
	d := Doc{T: a.T, what: a.What}
	dec := json.NewDecoder(bytes.NewReader(a.Raw))
	dec.UseNumber()
	if dec.Decode(&d.v) != nil {
		d.v = nil
	}
	return d
}

// Doc is a piece of JSON; its readers take paths like lines.0.units.
type Doc struct {
	T    testing.TB
	what string
	v    any
}

func itoa(n int) string { return strconv.Itoa(n) }

func (d Doc) at(path string) any {
	v := d.v
	if path == "" {
		return v
	}
	for _, step := range strings.Split(path, ".") {
		switch now := v.(type) {
		case map[string]any:
			v = now[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(now) {
				return nil
			}
			v = now[i]
		default:
			return nil
		}
	}
	return v
}

// S is a text, empty when it is missing.
func (d Doc) S(path string) string {
	s, _ := d.at(path).(string)
	return s
}

// N is a number, 0 when it is missing.
func (d Doc) N(path string) int64 {
	n, ok := d.at(path).(json.Number)
	if !ok {
		return 0
	}
	i, err := n.Int64()
	if err != nil {
		d.T.Fatalf("%s: %s is %s", d.what, path, n)
	}
	return i
}

// B is a truth value.
func (d Doc) B(path string) bool {
	b, _ := d.at(path).(bool)
	return b
}

// Has says whether there is something.
func (d Doc) Has(path string) bool { return d.at(path) != nil }

// L is a list; it fails the test when there is none.
func (d Doc) L(path string) []Doc {
	d.T.Helper()
	if _, ok := d.at(path).([]any); !ok {
		d.T.Fatalf("%s: no list %s in %s", d.what, path, d)
	}
	return d.List(path)
}

// List is a list, empty when it is missing.
func (d Doc) List(path string) []Doc {
	list, _ := d.at(path).([]any)
	out := make([]Doc, len(list))
	for i, v := range list {
		out[i] = Doc{d.T, d.what, v}
	}
	return out
}

// One is the first element that fits; it fails the test when there is none.
func (d Doc) One(path string, fits func(Doc) bool) Doc {
	d.T.Helper()
	for _, e := range d.L(path) {
		if fits(e) {
			return e
		}
	}
	d.T.Fatalf("%s: nothing fits in %s of %s", d.what, path, d)
	return Doc{}
}

// Raw is the piece as bytes.
func (d Doc) Raw() []byte {
	b, err := json.Marshal(d.v)
	if err != nil {
		d.T.Fatal(err)
	}
	return b
}

func (d Doc) String() string { return string(d.Raw()) }
