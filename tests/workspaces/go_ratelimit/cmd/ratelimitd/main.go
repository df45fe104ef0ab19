// Command ratelimitd answers whether a client may go on.
package main

import (
	"log"
	"net/http"
	"os"

	"example.org/ratelimit/internal/httpapi"
)

func main() {
	address := os.Getenv("LISTEN_ADDRESS")
	if address == "" {
		address = ":9090"
	}
	log.Fatal(http.ListenAndServe(address, httpapi.New(5, 10)))
}
