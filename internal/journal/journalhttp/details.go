package journalhttp

import (
	"bytes"
	"encoding/json"
	"math"
)

// smallestKey is below every key of idgen made after its first hours, and above every
// amount (money.Max), time in milliseconds and count of the product.
const smallestKey = 1 << 45

// details is what an entry recorded, without internal keys: those never leave the process,
// and what they name stands among the entry's objects. It is nil for what is not JSON.
func details(data []byte) json.RawMessage {
	if len(data) == 0 {
		return nil
	}
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber() // an int64 does not survive a float
	var v any
	if in.Decode(&v) != nil {
		return nil
	}
	out, err := json.Marshal(withoutKeys(v))
	if err != nil {
		return nil
	}
	return out
}

// withoutKeys replaces numbers that are internal keys by null. Entries are at most 6 KiB,
// so the recursion is shallow.
func withoutKeys(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, w := range v {
			v[k] = withoutKeys(w)
		}
	case []any:
		for i, w := range v {
			v[i] = withoutKeys(w)
		}
	case json.Number:
		if f, err := v.Float64(); err == nil && math.Abs(f) >= smallestKey {
			return nil
		}
	}
	return v
}
