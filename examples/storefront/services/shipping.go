package services

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"

	"github.com/asap-go/asap/examples/storefront/money"
)

// Shipping quotes and sends parcels.
type Shipping struct{ client }

type quoteRequest struct {
	Pieces int `json:"pieces"`
}

// Quote returns what it costs to send so many pieces, in USD.
func (s *Shipping) Quote(ctx context.Context, pieces int) (money.Money, error) {
	var out money.Money
	err := s.ask(ctx, "POST", "/quote", quoteRequest{pieces}, &out, func() error {
		if out.Currency != "USD" || out.Minor < 0 || out.Minor == 0 && pieces > 0 {
			return fmt.Errorf("quote of %v", out)
		}
		return nil
	})
	return out, err
}

type parcel struct {
	Order   string `json:"order"`
	Address string `json:"address"`
}

type shipped struct {
	Order    string `json:"order"`
	Tracking string `json:"tracking"`
}

// Ship sends an order to an address and returns the tracking number, always
// the same one for an order.
func (s *Shipping) Ship(ctx context.Context, order, address string) (string, error) {
	var out shipped
	err := s.ask(ctx, "POST", "/ship", parcel{order, address}, &out, func() error {
		if out.Order != order || out.Tracking == "" {
			return fmt.Errorf("parcel %q of order %q", out.Tracking, out.Order)
		}
		return nil
	})
	return out.Tracking, err
}

func shippingHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /quote", func(w http.ResponseWriter, r *http.Request) {
		var in quoteRequest
		if !take(w, r, &in) {
			return
		}
		if in.Pieces < 1 {
			http.Error(w, fmt.Sprintf("quote for %d pieces", in.Pieces), http.StatusBadRequest)
			return
		}
		reply(w, money.Money{Currency: "USD", Minor: 490 + 75*int64(in.Pieces)})
	})
	mux.HandleFunc("POST /ship", func(w http.ResponseWriter, r *http.Request) {
		var in parcel
		if !take(w, r, &in) {
			return
		}
		if err := in.check(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		sum := crc32.ChecksumIEEE([]byte(in.Order))
		reply(w, shipped{in.Order, fmt.Sprintf("AS-%04X-%04X", sum>>16, sum&0xffff)})
	})
	return mux
}

func (p parcel) check() error {
	if p.Order == "" || p.Address == "" {
		return errors.New("a parcel needs an order and an address")
	}
	return nil
}
