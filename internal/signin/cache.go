package signin

import (
	"sync"
	"time"

	"foyer/internal/secret"
)

const cacheShards = 64

// cache holds a bounded number of sign-ins by the hash of their token, in two generations
// a shard: a full young one becomes the old one, and what was not asked for since goes.
type cache struct {
	half   int // entries of one generation of one shard
	shards [cacheShards]cacheShard
}

type cacheShard struct {
	mu         sync.RWMutex
	revoked    uint64 // counts drops, so that a read that began before one is not kept
	young, old map[secret.TokenHash]cached
}

type cached struct {
	signIn SignIn
	readAt time.Time
}

func newCache(size int) *cache {
	c := &cache{half: max(size/(2*cacheShards), 1)}
	for i := range c.shards {
		c.shards[i].young = map[secret.TokenHash]cached{}
	}
	return c
}

func (c *cache) shard(hash secret.TokenHash) *cacheShard { return &c.shards[hash[0]%cacheShards] }

func (c *cache) get(hash secret.TokenHash) (SignIn, time.Time, bool) {
	s := c.shard(hash)
	s.mu.RLock()
	e, ok := s.young[hash]
	old, inOld := s.old[hash]
	s.mu.RUnlock()
	if ok {
		return e.signIn, e.readAt, true
	}
	if !inOld {
		return SignIn{}, time.Time{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, still := s.old[hash]; still { // not dropped between the two locks
		s.add(hash, old, c.half)
		return old.signIn, old.readAt, true
	}
	e, ok = s.young[hash]
	return e.signIn, e.readAt, ok
}

func (s *cacheShard) add(hash secret.TokenHash, e cached, half int) {
	delete(s.old, hash)
	if len(s.young) >= half {
		s.old, s.young = s.young, make(map[secret.TokenHash]cached, half)
	}
	s.young[hash] = e
}

// epoch is taken before a read and given to put after it.
func (c *cache) epoch(hash secret.TokenHash) uint64 {
	s := c.shard(hash)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.revoked
}

func (c *cache) put(hash secret.TokenHash, in SignIn, readAt time.Time, epoch uint64) {
	s := c.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.revoked == epoch {
		s.add(hash, cached{in, readAt}, c.half)
	}
}

func (c *cache) drop(hash secret.TokenHash) {
	s := c.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked++
	delete(s.young, hash)
	delete(s.old, hash)
}

func (c *cache) len() int {
	n := 0
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.RLock()
		n += len(s.young) + len(s.old)
		s.mu.RUnlock()
	}
	return n
}
