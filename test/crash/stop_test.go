package crash_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"foyer/test/rig"
)

// Asked to end, the server ends within ten seconds although hundreds watch seats and others
// buy; streams end in order, and what was answered is there.
func TestStopInOrder(t *testing.T) {
	t.Parallel()
	r := torture(t, "stops in order", 100, 2, 10)
	for r.next() {
		stop(t)
		r.did(1)
	}
}

func stop(t *testing.T) {
	const watchers = 200
	s := rig.Demo(t)
	session := show(s)
	ends := make(chan error, watchers)
	var open sync.WaitGroup
	open.Add(watchers)
	for range watchers {
		p := s.Stranger()
		go func() { ends <- watch(s, p, session, open.Done) }()
	}
	open.Wait()
	c := gather(t, s, 8, session)
	s.Until("answers before the end", 60*time.Second, func() bool { return c.diary.count() >= 100 })
	took := s.Stop()
	if took > 10*time.Second {
		t.Errorf("it took %s to end", took)
	}
	for range watchers {
		if err := <-ends; err != nil {
			t.Errorf("a stream was cut: %v", err)
			break
		}
	}
	t.Logf("ended in %s with %d streams open and %d answers given", took.Round(time.Millisecond),
		watchers, c.diary.count())
	s.Run() // the buyers finish what they began
	c.leave()
	s.Finish(session)
	rig.Doctor(t, s.Dir, c.diary.path)
}

// watch reads a seat stream to its end; nil when it ended in order.
func watch(s *rig.Server, p *rig.Person, session string, opened func()) error {
	req, err := p.Request("GET", "/sessions/"+session+"/seats/stream", nil)
	if err != nil {
		opened()
		return err
	}
	res, err := (&http.Client{Transport: s.HTTP.Transport}).Do(req)
	opened()
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != 200 {
		return errors.New(res.Status)
	}
	_, err = io.Copy(io.Discard, bufio.NewReader(res.Body))
	return err
}
