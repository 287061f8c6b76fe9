// Package money holds amounts as whole numbers of the smallest unit, so that
// sums and comparisons are exact.
package money

import (
	"fmt"
	"slices"
	"strconv"
)

// Money is an amount in the smallest unit of its currency: 1999 in USD is
// $19.99, in JPY ¥1,999.
type Money struct {
	Currency string `json:"currency"`
	Minor    int64  `json:"minor"`
}

type unit struct {
	code, symbol string
	digits       int
}

var units = []unit{
	{"USD", "$", 2},
	{"EUR", "€", 2},
	{"GBP", "£", 2},
	{"CHF", "Fr. ", 2},
	{"SEK", "kr ", 2},
	{"JPY", "¥", 0},
}

// Currencies returns the codes that the shop knows, the one of its price list
// first.
func Currencies() []string {
	codes := make([]string, len(units))
	for i, u := range units {
		codes[i] = u.code
	}
	return codes
}

// Known says whether the code is one of [Currencies].
func Known(code string) bool { return find(code) >= 0 }

// Digits returns how many decimals the currency is written with, 0 when it is
// not known.
func Digits(code string) int {
	if i := find(code); i >= 0 {
		return units[i].digits
	}
	return 0
}

func find(code string) int {
	return slices.IndexFunc(units, func(u unit) bool { return u.code == code })
}

// Times returns n times the amount.
func (m Money) Times(n int) Money { return Money{m.Currency, m.Minor * int64(n)} }

// Plus returns the sum. Amounts of different currencies have none.
func (m Money) Plus(o Money) (Money, error) {
	if m.Currency != o.Currency {
		return Money{}, fmt.Errorf("cannot add %s to %s", o.Currency, m.Currency)
	}
	return Money{m.Currency, m.Minor + o.Minor}, nil
}

// String writes the amount for a reader: $1,234.50.
func (m Money) String() string {
	u := unit{symbol: m.Currency + " "}
	if i := find(m.Currency); i >= 0 {
		u = units[i]
	}
	sign, minor := "", m.Minor
	if minor < 0 {
		sign, minor = "-", -minor
	}
	scale := int64(1)
	for range u.digits {
		scale *= 10
	}
	whole := strconv.FormatInt(minor/scale, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if u.digits == 0 {
		return sign + u.symbol + whole
	}
	return fmt.Sprintf("%s%s%s.%0*d", sign, u.symbol, whole, u.digits, minor%scale)
}
