package signin

import (
	"context"
	"time"

	"foyer/internal/secret"
)

// Recent pages over the sign-ins that are live and were seen since a time.
type Recent interface {
	// SeenSince is a page in the order of hashes, after one; nil starts. last is the hash of
	// the last row looked at, nil at the end.
	SeenSince(ctx context.Context, since, now time.Time, after []byte, limit int) (
		page []StoredSignIn, last []byte, err error)
}

// How long ago those were seen who are expected back after a start, and how many rows are
// looked at in one page.
const (
	warmSince = 24 * time.Hour
	warmPage  = 1000
)

// Warm remembers who was here lately: after a restart in the minute of an on-sale, each of
// them would have to be read by himself. It ends with half of the memory in use, or after
// looking at four times as many sign-ins as it holds.
func (d *Door) Warm(ctx context.Context, rows Recent) error {
	most := d.cache.half * cacheShards
	var after []byte
	for kept, seen := 0, 0; kept < most && seen < 8*most; seen += warmPage {
		now, epochs := d.clk.Now(), d.cache.epochs()
		page, last, err := rows.SeenSince(ctx, now.Add(-warmSince), now, after, warmPage)
		if err != nil {
			return err
		}
		for _, s := range page {
			hash := secret.TokenHash(s.Hash)
			d.cache.put(hash, s.SignIn, now, epochs[hash[0]%cacheShards])
		}
		if last == nil {
			return nil
		}
		after, kept = last, kept+len(page)
	}
	return nil
}

// epochs are those of all shards.
func (c *cache) epochs() (list [cacheShards]uint64) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.RLock()
		list[i] = s.revoked
		s.mu.RUnlock()
	}
	return list
}
