// Package bucket limits how often something may happen.
package bucket

import (
	"errors"
	"sync"
	"time"
)

// ErrCost is returned for a cost below one or above the capacity.
var ErrCost = errors.New("bucket: cost out of range")

// Bucket is a token bucket. It is safe for concurrent use.
type Bucket struct {
	mu       sync.Mutex
	clock    Clock
	rate     float64
	capacity float64
	tokens   float64
	last     time.Time
}

// New returns a full bucket that gains rate tokens a second, up to capacity.
// A nil clock means the system's.
func New(rate, capacity float64, clock Clock) *Bucket {
	if clock == nil {
		clock = systemClock{}
	}
	return &Bucket{clock: clock, rate: rate, capacity: capacity, tokens: capacity, last: clock.Now()}
}

// Take removes cost tokens and reports whether there were enough; if not, none is removed.
// It returns ErrCost where cost is below one or above the capacity.
func (b *Bucket) Take(cost float64) (bool, error) {
	if cost < 1 || cost > b.capacity {
		return false, ErrCost
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.Now()
	b.tokens = min(b.capacity, b.tokens+b.rate*now.Sub(b.last).Seconds())
	b.last = now
	if b.tokens < cost {
		return false, nil
	}
	b.tokens -= cost
	return true, nil
}

// Wait returns how long a caller must wait until cost tokens are there.
// TODO: what about callers that wait already? First come, first served is not decided.
func (b *Bucket) Wait(cost float64) (time.Duration, error) {
	panic("not implemented")
}
