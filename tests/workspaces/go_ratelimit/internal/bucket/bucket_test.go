package bucket

import (
	"testing"
	"time"
)

type fakeClock struct{ now time.Time }

func (c *fakeClock) Now() time.Time { return c.now }

func TestTakeRefusesWhenEmpty(t *testing.T) {
	b := New(1, 1, &fakeClock{})

	if ok, err := b.Take(1); !ok || err != nil {
		t.Fatalf("first Take = %v, %v", ok, err)
	}
	if ok, _ := b.Take(1); ok {
		t.Error("second Take was allowed")
	}
}
