package httpx

import "context"

const keyHeader = "Idempotency-Key"

// IdempotencyKeyOf is the checked Idempotency-Key of a request to a route that is
// Idempotent; empty on other routes. Storing and replaying is the journal's work.
func IdempotencyKeyOf(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil {
		return x.key
	}
	return ""
}

// checkKey refuses a missing key, and one that is not 1..128 printable ASCII characters.
func checkKey(values []string) (string, error) {
	if len(values) == 0 {
		return "", KeyRequired
	}
	key := values[0]
	if len(values) > 1 || len(key) < 1 || len(key) > 128 {
		return "", KeyInvalid
	}
	for i := range len(key) {
		if key[i] < 0x20 || key[i] > 0x7e {
			return "", KeyInvalid
		}
	}
	return key, nil
}
