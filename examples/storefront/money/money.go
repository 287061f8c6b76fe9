// Package money holds amounts as whole numbers of the smallest unit, so that
// sums and comparisons are exact.
package money

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Money is an amount in the smallest unit of its currency: 1999 in USD is
// $19.99, in JPY ¥1,999.
type Money struct {
	Currency string `json:"currency"`
	Minor    int64  `json:"minor"`
}

var (
	codes   = []string{"USD", "EUR", "GBP", "CHF", "SEK", "JPY"}
	symbols = map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "CHF": "Fr. ", "SEK": "kr ", "JPY": "¥"}
)

// Currencies returns the codes that the shop knows, the one of its price list
// first.
func Currencies() []string { return slices.Clone(codes) }

// Known says whether the code is one of [Currencies].
func Known(code string) bool { return symbols[code] != "" }

// Digits returns how many decimals the currency is written with, 0 when it is
// not known.
func Digits(code string) int {
	if !Known(code) || code == "JPY" {
		return 0
	}
	return 2
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
	symbol, digits := symbols[m.Currency], Digits(m.Currency)
	if symbol == "" {
		symbol = m.Currency + " "
	}
	if m.Minor < 0 {
		symbol, m.Minor = "-"+symbol, -m.Minor
	}
	scale := int64(math.Pow10(digits))
	whole := strconv.FormatInt(m.Minor/scale, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if digits == 0 {
		return symbol + whole
	}
	return fmt.Sprintf("%s%s.%0*d", symbol, whole, digits, m.Minor%scale)
}
