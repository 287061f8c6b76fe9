package services

import (
	"context"
	"fmt"
	"hash/crc32"
	"net/http"
	"strings"
)

// Mail sends letters.
type Mail struct{ client }

type letter struct {
	To    string `json:"to"`
	Order string `json:"order"`
}

type posted struct {
	To string `json:"to"`
	ID string `json:"id"`
}

// Confirm sends the confirmation of an order and returns the letter's number,
// always the same one for an order.
func (m *Mail) Confirm(ctx context.Context, to, order string) (string, error) {
	var out posted
	err := m.ask(ctx, "POST", "/confirmation", letter{to, order}, &out, func() error {
		if out.To != to || out.ID == "" {
			return fmt.Errorf("letter %q to %q", out.ID, out.To)
		}
		return nil
	})
	return out.ID, err
}

func mailHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /confirmation", func(w http.ResponseWriter, r *http.Request) {
		var in letter
		if !take(w, r, &in) {
			return
		}
		if !strings.Contains(in.To, "@") || in.Order == "" {
			http.Error(w, fmt.Sprintf("cannot mail order %q to %q", in.Order, in.To), http.StatusBadRequest)
			return
		}
		reply(w, posted{in.To, fmt.Sprintf("mail-%08x", crc32.ChecksumIEEE([]byte(in.Order+in.To)))})
	})
	return mux
}
