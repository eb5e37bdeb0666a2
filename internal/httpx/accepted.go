package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
)

// Accepted is an error that is no refusal: the command was taken in and waits, e.g. for a
// second person. The answer is 202 with the body that Accepted gives.
type Accepted interface {
	error
	Accepted() any
}

// reasonHeader says why a command is given, in UTF-8, percent-encoded: names of headers and
// their values travel as ASCII.
const reasonHeader = "Approval-Reason"

// ReasonOf is why the request under way is made, as its Approval-Reason says; empty without
// one, or with one that cannot be read.
func ReasonOf(ctx context.Context) string {
	x := exchangeOf(ctx)
	if x == nil {
		return ""
	}
	return x.reason
}

func reasonOf(h http.Header) string {
	text, err := url.PathUnescape(h.Get(reasonHeader))
	if err != nil || len(text) > 2000 {
		return ""
	}
	return text
}

// accept answers err when it is no refusal but something that waits.
func (x *exchange) accept(err error) bool {
	var a Accepted
	if x.status != 0 || !errors.As(err, &a) {
		return false
	}
	body, jsonErr := json.Marshal(a.Accepted())
	if jsonErr != nil {
		x.api.cfg.Logger.Error("what was accepted is not JSON", "error", jsonErr)
		return false
	}
	body = append(body, '\n')
	h := x.Header()
	h.Del("Content-Encoding")
	h.Del("Etag")
	h["Content-Type"] = []string{jsonMedia}
	h["Cache-Control"] = noStore
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.WriteHeader(http.StatusAccepted)
	x.Write(body)
	return true
}
