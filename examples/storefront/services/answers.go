package services

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/store"
)

// This file has what the services do, and what they are asked.

// currencies returns the codes of the currencies that there are.
func currencies(*http.Request, any) ([]string, error) { return money.Currencies(), nil }

// Conversion asks what an amount is in another currency.
type Conversion struct {
	Amount money.Money
	To     string
}

// perDollar is what one dollar buys.
var perDollar = map[string]float64{"USD": 1, "EUR": 0.8613, "GBP": 0.7475, "CHF": 0.8021, "SEK": 9.4732, "JPY": 151.62}

// convert rounds to the smallest unit.
func convert(_ *http.Request, in Conversion) (money.Money, error) {
	from := in.Amount.Currency
	if !money.Known(from) || !money.Known(in.To) {
		return money.Money{}, fmt.Errorf("cannot convert %v to %q", in.Amount, in.To)
	}
	rate := perDollar[in.To] / perDollar[from] * math.Pow10(money.Digits(in.To)-money.Digits(from))
	return money.Money{Currency: in.To, Minor: int64(math.Round(float64(in.Amount.Minor) * rate))}, nil
}

// quote says what it costs to send so many pieces, in USD.
func quote(_ *http.Request, pieces int) (money.Money, error) {
	if pieces < 1 {
		return money.Money{}, fmt.Errorf("quote for %d pieces", pieces)
	}
	return money.Money{Currency: "USD", Minor: 490 + 75*int64(pieces)}, nil
}

// Letter is an order and where something about it goes.
type Letter struct{ Order, To string }

// ship sends a parcel and returns its number, always the same for an order.
func ship(_ *http.Request, parcel Letter) (string, error) {
	if parcel.Order == "" || parcel.To == "" {
		return "", errors.New("a parcel needs an order and an address")
	}
	sum := crc32.ChecksumIEEE([]byte(parcel.Order))
	return fmt.Sprintf("AS-%04X-%04X", sum>>16, sum&0xffff), nil
}

// confirm sends a letter and returns its number, always the same for an order.
func confirm(_ *http.Request, mail Letter) (string, error) {
	if mail.Order == "" || !strings.Contains(mail.To, "@") {
		return "", fmt.Errorf("cannot mail order %q to %q", mail.Order, mail.To)
	}
	return fmt.Sprintf("mail-%08x", crc32.ChecksumIEEE([]byte(mail.Order+mail.To))), nil
}

// Basket asks for products that go with the given ones.
type Basket struct {
	Products []int
	Most     int
}

// recommend gives others in the finish of the first, those that come after it
// in the catalogue: people furnish in one colour.
func (c *Cluster) recommend(_ *http.Request, b Basket) ([]int, error) {
	out := []int{}
	for i := range c.Products {
		if len(b.Products) == 0 || len(out) == b.Most {
			break
		}
		first := b.Products[0] - 1
		p := c.Products[(first+i)%len(c.Products)]
		if p.Finish == c.Products[first].Finish && !slices.Contains(b.Products, p.ID) {
			out = append(out, p.ID)
		}
	}
	return out, nil
}

// Ad is an advertisement for a product.
type Ad struct {
	Product int    `json:"product"`
	Text    string `json:"text"`
}

var slogans = []string{
	"%s: your neighbours have one.",
	"This week only: %s, wrapped for free.",
	"%s: nobody has ever sent one back.",
	"%s. You know where it would go.",
}

// ad advertises something of another category than the one that the visitor
// looks at, always the same for a request.
func (c *Cluster) ad(r *http.Request, category string) (Ad, error) {
	fit := slices.DeleteFunc(slices.Clone(c.Products), func(p store.Product) bool { return p.Category == category })
	h := fnv.New32a()
	h.Write([]byte(category + "\x00" + r.Header.Get(requestHeader)))
	p := fit[int(h.Sum32()%uint32(len(fit)))]
	return Ad{p.ID, fmt.Sprintf(slogans[int(h.Sum32()>>16)%len(slogans)], p.Name)}, nil
}

// Bill is what payment is asked to charge.
type Bill struct {
	Order  string
	Amount money.Money
}

// Ledger is the book of payment, by order, in a file of its own: what was
// charged stays charged whatever happens to the shop.
type Ledger = store.Table[string, Entry]

// Entry is what an order was charged, and how often the shop has asked for that.
type Entry struct {
	Payment string
	Amount  money.Money
	Asked   int
}

// charge charges an order once and returns the number of the payment: for a
// second call the answer is that of the first, and with another amount an error.
func (c *Cluster) charge(_ *http.Request, b Bill) (string, error) {
	if b.Order == "" || b.Amount.Minor <= 0 || !money.Known(b.Amount.Currency) {
		return "", fmt.Errorf("cannot charge %v for order %q", b.Amount, b.Order)
	}
	e, err := c.Ledger.Update(b.Order, func(e Entry) (Entry, error) {
		if e.Payment == "" {
			sum := sha256.Sum256([]byte(b.Order))
			e = Entry{Payment: "pay-" + hex.EncodeToString(sum[:6]), Amount: b.Amount}
		}
		e.Asked++
		return e, nil
	})
	if err == nil && e.Amount != b.Amount {
		err = fmt.Errorf("order was charged another amount: %v, not %v", e.Amount, b.Amount)
	}
	return e.Payment, err
}
