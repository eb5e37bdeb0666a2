package bench

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
)

// noopBody has the shape of a placed order's request.
type noopBody struct {
	Session string `json:"session_id"`
	Lines   []struct {
		TicketType string  `json:"ticket_type_id"`
		Places     []int32 `json:"places"`
	} `json:"lines"`
}

// noop is the floor that every ratio is measured against: a JSON POST through the bare
// net/http mux of this binary. It reads the same body as placing an order, decodes it, and
// answers with as many bytes. The answer is ready in advance, so that the floor is a low
// one: whatever the product does to make its answer counts against the product.
type noop struct {
	answer   []byte
	listener net.Listener
	server   *http.Server
}

// openNoop serves the floor on a port of its own until close.
func openNoop(size int) (*noop, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	n := &noop{answer: paddedAnswer(size), listener: l}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /noop", n.serve)
	n.server = &http.Server{Handler: mux}
	go n.server.Serve(l) // ends with Close, which is the only way that it fails
	return n, nil
}

func (n *noop) addr() string { return n.listener.Addr().String() }

func (n *noop) close() error { return n.server.Close() }

func (n *noop) serve(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	var body noopBody
	if err == nil {
		err = json.Unmarshal(raw, &body)
	}
	if err == nil && len(body.Lines) == 0 {
		err = errors.New("no lines")
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header()["Content-Type"] = []string{"application/json"}
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(n.answer))}
	w.Write(n.answer)
}

// paddedAnswer is a JSON document of a size, at least 12 bytes.
func paddedAnswer(size int) []byte {
	b := []byte(`{"noop":"`)
	for len(b) < size-2 {
		b = append(b, 'x')
	}
	return append(b, `"}`...)
}
