// Package journalhttp is the journal's side of the door: repeats of a request answered
// once, and the search of the journal for staff.
package journalhttp

import (
	"context"
	"net/http"

	"foyer/internal/httpx"
	"foyer/internal/journal"
)

// Once runs a command under the request's idempotency key: a repeat of the key with the
// same body gets the first answer, byte for byte, with the header Idempotency-Replayed.
// The route must be Idempotent, so that httpx has checked the key.
func Once(w http.ResponseWriter, r *http.Request, keys *journal.Keys, body []byte,
	fn func(ctx context.Context, receipt *journal.Receipt) (journal.Answer, error),
) error {
	ctx := r.Context()
	call := journal.Call{Caller: httpx.ActorOf(ctx).ID, Key: httpx.IdempotencyKeyOf(ctx),
		Input: input(r, body)}
	answer, replayed, err := keys.Run(ctx, call, fn)
	if err != nil {
		return err
	}
	if replayed {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	httpx.WriteBytes(w, r, answer.Status, "application/json", answer.Body)
	return nil
}

// input is what makes two requests the same: method, path and the very body.
func input(r *http.Request, body []byte) []byte {
	in := make([]byte, 0, len(r.Method)+len(r.URL.Path)+len(body)+2)
	in = append(in, r.Method...)
	in = append(in, ' ')
	in = append(in, r.URL.Path...)
	in = append(in, '\n')
	return append(in, body...)
}
