package services

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/asap-go/asap/examples/storefront/money"
)

// Payment charges customers.
type Payment struct{ client }

type charge struct {
	Order  string      `json:"order"`
	Amount money.Money `json:"amount"`
}

type charged struct {
	Payment string      `json:"payment"`
	Order   string      `json:"order"`
	Amount  money.Money `json:"amount"`
}

// Charge charges an order and returns the number of the payment. An order is
// charged once: for a second call the answer is that of the first, and with
// another amount an error.
func (p *Payment) Charge(ctx context.Context, order string, amount money.Money) (string, error) {
	var out charged
	err := p.ask(ctx, "POST", "/charge", charge{order, amount}, &out, func() error {
		if out.Payment == "" || out.Order != order || out.Amount != amount {
			return fmt.Errorf("payment %q of %v for order %q, want %v for order %q", out.Payment, out.Amount, out.Order, amount, order)
		}
		return nil
	})
	return out.Payment, err
}

func paymentHandler(l *Ledger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /charge", func(w http.ResponseWriter, r *http.Request) {
		var in charge
		if !take(w, r, &in) {
			return
		}
		if in.Order == "" || in.Amount.Minor <= 0 || !money.Known(in.Amount.Currency) {
			http.Error(w, fmt.Sprintf("cannot charge %v for order %q", in.Amount, in.Order), http.StatusBadRequest)
			return
		}
		e, err := l.enter(r.Context(), in.Order, in.Amount)
		switch {
		case errors.Is(err, errOtherAmount):
			http.Error(w, err.Error(), http.StatusConflict)
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		default:
			reply(w, charged{e.Payment, e.Order, e.Amount})
		}
	})
	return mux
}
