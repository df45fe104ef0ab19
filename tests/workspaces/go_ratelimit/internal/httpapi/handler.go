// Package httpapi serves the limiter over HTTP.
package httpapi

import (
	"net/http"
	"sync"

	"example.org/ratelimit/internal/bucket"
)

// New returns a handler for GET /allow?client=NAME: 204 where allowed, 429 where not.
func New(rate, capacity float64) http.Handler {
	var buckets sync.Map
	mux := http.NewServeMux()
	mux.HandleFunc("GET /allow", func(w http.ResponseWriter, r *http.Request) {
		client := r.URL.Query().Get("client")
		known, _ := buckets.LoadOrStore(client, bucket.New(rate, capacity, nil))
		if ok, err := known.(*bucket.Bucket).Take(1); err != nil || !ok {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}
