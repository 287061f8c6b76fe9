package money_test

import (
	"testing"

	"github.com/asap-go/asap/examples/storefront/money"
)

func TestString(t *testing.T) {
	for _, tt := range []struct {
		m    money.Money
		want string
	}{
		{money.Money{Currency: "USD"}, "$0.00"},
		{money.Money{Currency: "USD", Minor: 5}, "$0.05"},
		{money.Money{Currency: "EUR", Minor: 123456789}, "€1,234,567.89"},
		{money.Money{Currency: "JPY", Minor: 1999}, "¥1,999"},
		{money.Money{Currency: "GBP", Minor: -120}, "-£1.20"},
		{money.Money{Currency: "XXX", Minor: 7}, "XXX 7"},
	} {
		if got := tt.m.String(); got != tt.want {
			t.Errorf("%#v.String() = %q, want %q", tt.m, got, tt.want)
		}
	}
}

func TestPlus(t *testing.T) {
	a := money.Money{Currency: "USD", Minor: 150}
	if got, err := a.Plus(a.Times(2)); err != nil || got.Minor != 450 {
		t.Errorf("Plus = %v, %v, want $4.50", got, err)
	}
	if _, err := a.Plus(money.Money{Currency: "EUR", Minor: 1}); err == nil {
		t.Error("USD plus EUR gave no error")
	}
}
