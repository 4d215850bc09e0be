package fetcher

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Cache keeps downloaded URIs by user and URI. Entries are never checked for freshness, as in Mesos; when the size
// limit is exceeded the least recently used go. A download is shared by all who wait for it.
type Cache struct {
	dir   string
	limit int64

	mu      sync.Mutex
	entries map[string]*cacheEntry
	order   *list.List // of *cacheEntry, most recently used first
	size    int64
}

type cacheEntry struct {
	key, path string
	ready     chan struct{}
	err       error
	size      int64
	users     int
	element   *list.Element
}

// NewCache returns an empty cache of at most limit bytes in dir. What an earlier cache left in dir is deleted, since
// Mesos does not keep its cache over restarts either.
func NewCache(dir string, limit int64) (*Cache, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("clear fetcher cache: %w", err)
	}
	return &Cache{dir: dir, limit: limit, entries: make(map[string]*cacheEntry), order: list.New()}, nil
}

// Provide copies the URI's content to target; the first to ask for it calls download.
func (c *Cache) Provide(ctx context.Context, user, uri, target string, download func(path string) error) error {
	e, first := c.entry(user + "\x00" + uri)
	defer c.release(e)
	if first {
		c.fill(e, download)
	}
	select {
	case <-e.ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	if e.err != nil {
		return e.err
	}
	return copyFile(e.path, target)
}

// Size returns the bytes in the cache.
func (c *Cache) Size() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size
}

func (c *Cache) entry(key string) (e *cacheEntry, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[key]; ok {
		e.users++
		c.order.MoveToFront(e.element)
		return e, false
	}
	sum := sha256.Sum256([]byte(key))
	e = &cacheEntry{key: key, path: filepath.Join(c.dir, hex.EncodeToString(sum[:])), ready: make(chan struct{}), users: 1}
	e.element = c.order.PushFront(e)
	c.entries[key] = e
	return e, true
}

func (c *Cache) fill(e *cacheEntry, download func(path string) error) {
	defer close(e.ready)
	if e.err = os.MkdirAll(c.dir, 0o700); e.err == nil {
		e.err = download(e.path)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.err != nil {
		c.drop(e)
		return
	}
	if info, err := os.Stat(e.path); err == nil {
		e.size = info.Size()
		c.size += e.size
	}
}

func (c *Cache) release(e *cacheEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.users--
	for el := c.order.Back(); el != nil && c.size > c.limit; {
		victim, ok := el.Value.(*cacheEntry)
		el = el.Prev()
		if ok && victim.users == 0 {
			c.drop(victim)
		}
	}
}

func (c *Cache) drop(e *cacheEntry) {
	if c.entries[e.key] != e {
		return
	}
	delete(c.entries, e.key)
	c.order.Remove(e.element)
	c.size -= e.size
	// Left over files are cleared with the directory.
	_ = os.Remove(e.path)
}
