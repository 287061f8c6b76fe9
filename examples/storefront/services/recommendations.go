package services

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// Recommendations knows what else people bought.
type Recommendations struct{ client }

// For returns at most n products that were bought with the given ones, none
// of which is among them.
func (c *Recommendations) For(ctx context.Context, products []int, n int) ([]int, error) {
	q := url.Values{"n": {strconv.Itoa(n)}}
	for _, p := range products {
		q.Add("for", strconv.Itoa(p))
	}
	var out []int
	err := c.ask(ctx, "GET", "/recommendations?"+q.Encode(), nil, &out, func() error {
		if out == nil || len(out) > n {
			return fmt.Errorf("%d products, want at most %d", len(out), n)
		}
		for _, p := range out {
			if p < 1 || slices.Contains(products, p) {
				return fmt.Errorf("product %d", p)
			}
		}
		return nil
	})
	return out, err
}

func recommendationsHandler(together map[int][]int) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /recommendations", func(w http.ResponseWriter, r *http.Request) {
		n, products, err := parseRecommendations(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		reply(w, recommend(together, products, n))
	})
	return mux
}

func parseRecommendations(r *http.Request) (n int, products []int, err error) {
	if n, err = strconv.Atoi(r.FormValue("n")); err != nil || n < 0 {
		return 0, nil, errors.New("n: want a number from 0")
	}
	for _, text := range r.Form["for"] {
		p, err := strconv.Atoi(text)
		if err != nil {
			return 0, nil, fmt.Errorf("for: %w", err)
		}
		products = append(products, p)
	}
	return n, products, nil
}

// recommend takes the best partner of each product, then the second best of
// each, and so on.
func recommend(together map[int][]int, products []int, n int) []int {
	out := []int{}
	for rank := 0; len(out) < n; rank++ {
		left := false
		for _, p := range products {
			if rank >= len(together[p]) {
				continue
			}
			left = true
			q := together[p][rank]
			if len(out) < n && !slices.Contains(products, q) && !slices.Contains(out, q) {
				out = append(out, q)
			}
		}
		if !left {
			break
		}
	}
	return out
}
