package httpx

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
)

const (
	defaultHeartbeat = 15 * time.Second
	defaultStall     = 5 * time.Second
	maxEventID       = 128 // characters of a Last-Event-ID
)

// Reasons for which a stream ends.
var (
	// ErrStreamGone: the reader left, or took longer than the stall time for an event.
	ErrStreamGone = errors.New("httpx: the reader of the stream is gone")
	// ErrStreamClosing: the server shuts down; the reader comes back to another process.
	ErrStreamClosing = errors.New("httpx: the server is shutting down")
)

// Event is one message of a stream. ID is what the reader sends back as Last-Event-ID.
type Event struct {
	ID, Name string
	Data     []byte
}

// Frame is the event as it goes over the wire. Encode once and send to all readers.
func (e Event) Frame() []byte {
	b := make([]byte, 0, len(e.ID)+len(e.Name)+len(e.Data)+32)
	if e.ID != "" {
		b = append(append(append(b, "id: "...), oneLine(e.ID)...), '\n')
	}
	if e.Name != "" {
		b = append(append(append(b, "event: "...), oneLine(e.Name)...), '\n')
	}
	for line := range strings.SplitSeq(string(e.Data), "\n") {
		b = append(append(append(b, "data: "...), strings.TrimSuffix(line, "\r")...), '\n')
	}
	return append(b, '\n')
}

func oneLine(s string) string {
	return strings.NewReplacer("\n", "", "\r", "", "\x00",
		"").Replace(s)
}

// StreamOptions may be left zero.
type StreamOptions struct {
	Heartbeat time.Duration // silence after which a comment is sent; default 15 s
	Stall     time.Duration // longest that one write may take; default 5 s
	Retry     time.Duration // after which a browser comes back; default its own
}

// Stream is an open stream of events to one reader. It is used by one goroutine.
type Stream struct {
	x       *exchange
	rc      *http.ResponseController
	done    <-chan struct{}
	opt     StreamOptions
	lastID  string
	release func()
}

// OpenStream begins the answer. It refuses with TooManyStreams when the reader, or all
// readers together, hold too many. Close it in any case.
func OpenStream(w http.ResponseWriter, r *http.Request, opt StreamOptions) (*Stream, error) {
	x := exchangeOf(r.Context())
	if x == nil {
		return nil, errors.New("httpx: a stream needs a request of a route")
	}
	free, err := x.api.streams.take(x)
	if err != nil {
		return nil, err
	}
	if opt.Heartbeat <= 0 {
		opt.Heartbeat = defaultHeartbeat
	}
	if opt.Stall <= 0 {
		opt.Stall = defaultStall
	}
	s := &Stream{x: x, rc: http.NewResponseController(x.w), done: r.Context().Done(), opt: opt,
		lastID: lastEventID(r), release: free}
	h := x.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h["Cache-Control"] = noStore
	h.Set("X-Accel-Buffering", "no") // a proxy must not hold events back
	x.WriteHeader(http.StatusOK)
	first := ": open\n\n"
	if opt.Retry > 0 {
		first = "retry: " + strconv.FormatInt(opt.Retry.Milliseconds(), 10) + "\n\n"
	}
	if err := s.SendFrame([]byte(first)); err != nil {
		free()
		return nil, http.ErrAbortHandler
	}
	return s, nil
}

// lastEventID is where the reader left off; a browser sends the header by itself, a
// client without header control the query.
func lastEventID(r *http.Request) string {
	id := r.Header.Get("Last-Event-ID")
	if id == "" {
		id = r.URL.Query().Get("last_event_id")
	}
	if len(id) > maxEventID || strings.ContainsAny(id, "\x00\r\n") {
		return ""
	}
	return id
}

// LastEventID is the id of the last event that the reader got before; empty at first.
func (s *Stream) LastEventID() string { return s.lastID }

// Send writes one event.
func (s *Stream) Send(e Event) error { return s.SendFrame(e.Frame()) }

// SendFrame writes encoded events and fails with ErrStreamGone when the reader does not
// take them within the stall time.
func (s *Stream) SendFrame(frame []byte) error {
	// A socket's deadline is compared with the machine's clock, whatever ours says.
	s.rc.SetWriteDeadline(clock.Real{}.Now().Add(s.opt.Stall))
	if _, err := s.x.Write(frame); err != nil {
		return ErrStreamGone
	}
	if err := s.rc.Flush(); err != nil {
		return ErrStreamGone
	}
	return nil
}

// Run sends what comes through frames, and a comment after each silence, until the reader
// leaves, the server shuts down or frames is closed (nil is returned then: its owner
// closes it to drop a reader who is too far behind).
func (s *Stream) Run(frames <-chan []byte) error {
	for {
		silence, stop := s.x.api.cfg.Clock.After(s.opt.Heartbeat)
		err, more := s.next(frames, silence)
		stop()
		if err != nil || !more {
			return err
		}
	}
}

func (s *Stream) next(frames <-chan []byte, silence <-chan time.Time) (err error, more bool) {
	select {
	case frame, ok := <-frames:
		if !ok {
			return nil, false
		}
		return s.SendFrame(frame), true
	case <-silence:
		return s.SendFrame([]byte(": beat\n\n")), true
	case <-s.done:
		return ErrStreamGone, false
	case <-s.x.api.streams.closing:
		return ErrStreamClosing, false
	}
}

// Close gives the reader's place back.
func (s *Stream) Close() { s.release() }

// streamCaps counts open streams: in all, of each actor, of strangers of each address.
type streamCaps struct {
	all, actor, address int
	closing             chan struct{}
	closeOnce           sync.Once

	mu   sync.Mutex
	open int
	by   map[string]int
}

func newStreamCaps(cfg Config) *streamCaps {
	or := func(n, d int) int {
		if n > 0 {
			return n
		}
		return d
	}
	return &streamCaps{all: or(cfg.MaxStreams, 20_000), actor: or(cfg.MaxStreamsPerActor, 8),
		address: or(cfg.MaxStreamsPerAddress, 512), by: map[string]int{},
		closing: make(chan struct{})}
}

func (c *streamCaps) close() { c.closeOnce.Do(func() { close(c.closing) }) }

func (c *streamCaps) take(x *exchange) (release func(), err error) {
	key, limit := addressKey(x.origin.client), c.address
	if x.actor.Kind != actor.Anonymous {
		key, limit = actorKey(x.actor), c.actor
	}
	select {
	case <-c.closing:
		return nil, fault.Busy.Retry(time.Second)
	default:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open >= c.all || c.by[key] >= limit {
		return nil, TooManyStreams.Retry(10 * time.Second)
	}
	c.open++
	c.by[key]++
	return sync.OnceFunc(func() { c.free(key) }), nil
}

func (c *streamCaps) free(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open--
	if c.by[key]--; c.by[key] == 0 {
		delete(c.by, key)
	}
}
