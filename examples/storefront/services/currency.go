package services

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"

	"github.com/asap-go/asap/examples/storefront/money"
)

// Currency converts amounts.
type Currency struct{ client }

// List returns the codes of the currencies that can be converted to.
func (c *Currency) List(ctx context.Context) ([]string, error) {
	var codes []string
	err := c.ask(ctx, "GET", "/currencies", nil, &codes, func() error {
		if len(codes) == 0 {
			return errors.New("no currency")
		}
		for _, code := range codes {
			if !money.Known(code) {
				return fmt.Errorf("currency %q", code)
			}
		}
		return nil
	})
	return codes, err
}

// Convert returns the amount in another currency, rounded to its smallest unit.
func (c *Currency) Convert(ctx context.Context, m money.Money, to string) (money.Money, error) {
	q := url.Values{"currency": {m.Currency}, "minor": {strconv.FormatInt(m.Minor, 10)}, "to": {to}}
	var out money.Money
	err := c.ask(ctx, "GET", "/convert?"+q.Encode(), nil, &out, func() error {
		if out.Currency != to {
			return fmt.Errorf("amount in %q, want %q", out.Currency, to)
		}
		if out.Minor < 0 || out.Minor == 0 && m.Minor > 0 {
			return fmt.Errorf("%v for %v", out, m)
		}
		return nil
	})
	return out, err
}

// perDollar is what one dollar buys.
var perDollar = map[string]float64{"USD": 1, "EUR": 0.8613, "GBP": 0.7475, "CHF": 0.8021, "SEK": 9.4732, "JPY": 151.62}

func currencyHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /currencies", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, money.Currencies())
	})
	mux.HandleFunc("GET /convert", func(w http.ResponseWriter, r *http.Request) {
		from, to := r.FormValue("currency"), r.FormValue("to")
		minor, err := strconv.ParseInt(r.FormValue("minor"), 10, 64)
		if err != nil || !money.Known(from) || !money.Known(to) {
			http.Error(w, fmt.Sprintf("cannot convert %q %q to %q", r.FormValue("minor"), from, to), http.StatusBadRequest)
			return
		}
		rate := perDollar[to] / perDollar[from] * math.Pow10(money.Digits(to)-money.Digits(from))
		reply(w, money.Money{Currency: to, Minor: int64(math.Round(float64(minor) * rate))})
	})
	return mux
}
