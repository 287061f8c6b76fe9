// Package store is the shop's database: a catalogue and customers, which
// follow from a seed, and carts and orders, which are kept in a file.
package store

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/asap-go/asap/examples/storefront/money"
)

// NotFoundError is the error of a look-up of something that is not there.
type NotFoundError struct{ What string }

func (e *NotFoundError) Error() string { return e.What + ": not found" }

// EmptyCartError is the error of an order for nothing.
type EmptyCartError struct{}

func (*EmptyCartError) Error() string { return "the cart is empty" }

// CartLine is how many of a product are in a cart, and the currency in which
// its owner wants the price.
type CartLine struct {
	Product  int    `json:"product"`
	Quantity int    `json:"quantity"`
	Currency string `json:"currency"`
}

// Order is a wish to buy what is in a cart. Its ID is made with the form that
// asks for the order, so that a form sent twice is one order.
type Order struct {
	ID       string `json:"id"`
	User     User   `json:"user"`
	Currency string `json:"currency"`
}

// Line is a product in a cart or an order, and the price of all its pieces in
// the visitor's currency.
type Line struct {
	Product  Product     `json:"product"`
	Quantity int         `json:"quantity"`
	Price    money.Money `json:"price"`
}

// Receipt is an order that went through, step by step: paid, shipped.
type Receipt struct {
	Order    Order       `json:"order"`
	Lines    []Line      `json:"lines"`
	Shipping money.Money `json:"shipping"`
	Total    money.Money `json:"total"`
	Payment  string      `json:"payment"`
	Tracking string      `json:"tracking"`
}

// Store is an open database. Its methods may be called at the same time; what
// they have changed is in its files when they return.
type Store struct {
	*Catalogue
	carts  *Table[int, []CartLine] // by user
	orders *Table[string, claim]
}

// claim is an order that was begun: for what, and what became of it.
type claim struct {
	Lines   []CartLine
	Receipt Receipt // without payment while it is not closed
	Mail    string  // number of the confirmation, when it is out
}

// Open opens the files carts.jsonl and orders.jsonl of a folder, and makes them
// if they are new. The same seed gives the same catalogue, customers and first
// carts.
func Open(dir string, seed uint64) (*Store, error) {
	carts, err := OpenTable[int, []CartLine](filepath.Join(dir, "carts.jsonl"))
	if err != nil {
		return nil, err
	}
	orders, err := OpenTable[string, claim](filepath.Join(dir, "orders.jsonl"))
	if err != nil {
		return nil, errors.Join(err, carts.Close())
	}
	c, first := newCatalogue(seed)
	maps.Copy(first, carts.rows)
	carts.rows = first
	return &Store{c, carts, orders}, nil
}

// Close closes the files.
func (s *Store) Close() error { return errors.Join(s.carts.Close(), s.orders.Close()) }

// Cart returns the lines of a user's cart, by product.
func (s *Store) Cart(user int, currency string) []CartLine {
	lines := slices.Clone(s.carts.Get(user))
	for i := range lines {
		lines[i].Currency = currency
	}
	return lines
}

// Add puts n more of a product into a user's cart, which holds at most 99 of
// it, or takes some out if n is negative.
func (s *Store) Add(user, product, n int) error {
	if _, err := s.Product(product); err != nil {
		return err
	}
	_, err := s.carts.Update(user, func(cart []CartLine) ([]CartLine, error) {
		cart = slices.Clone(cart)
		at, found := slices.BinarySearchFunc(cart, product, func(l CartLine, p int) int { return l.Product - p })
		if !found {
			cart = slices.Insert(cart, at, CartLine{Product: product})
		}
		if cart[at].Quantity = min(cart[at].Quantity+n, 99); cart[at].Quantity <= 0 {
			cart = slices.Delete(cart, at, at+1)
		}
		return cart, nil
	})
	return err
}

// Claim opens an order with a copy of its user's cart and returns the lines.
// The second claim of an order returns the lines of the first: whatever
// happened in between, an order is always for the same things.
func (s *Store) Claim(o Order) ([]CartLine, error) {
	c, err := s.orders.Update(o.ID, func(c claim) (claim, error) {
		of := c.Receipt.Order
		if of.ID == "" {
			c = claim{Lines: s.Cart(o.User.ID, o.Currency), Receipt: Receipt{Order: o}}
			if len(c.Lines) == 0 {
				return c, new(EmptyCartError)
			}
		} else if of.User.ID != o.User.ID || of.Currency != o.Currency {
			return c, fmt.Errorf("order %s is of user %d in %s, not of user %d in %s", o.ID, of.User.ID, of.Currency, o.User.ID, o.Currency)
		}
		return c, nil
	})
	return c.Lines, err
}

// CloseOrder keeps what became of an order and takes its products out of the
// user's cart. Closing it again changes nothing.
func (s *Store) CloseOrder(r Receipt) error {
	_, err := s.orders.Update(r.Order.ID, func(c claim) (claim, error) {
		if c.Receipt.Payment != "" {
			return c, nil
		}
		_, err := s.carts.Update(r.Order.User.ID, func(cart []CartLine) ([]CartLine, error) {
			return slices.DeleteFunc(slices.Clone(cart), func(l CartLine) bool {
				return slices.ContainsFunc(c.Lines, func(o CartLine) bool { return o.Product == l.Product })
			}), nil
		})
		c.Receipt = r
		return c, err
	})
	return err
}

// Mailed notes the confirmation that was sent for an order.
func (s *Store) Mailed(order, mail string) error {
	_, err := s.orders.Update(order, func(c claim) (claim, error) { c.Mail = mail; return c, nil })
	return err
}

// Receipt returns the receipt of an order that is closed, and the number of its
// confirmation if that is out, or a [NotFoundError].
func (s *Store) Receipt(order string) (r Receipt, mail string, err error) {
	c := s.orders.Get(order)
	if c.Receipt.Payment == "" {
		return Receipt{}, "", &NotFoundError{"order " + order}
	}
	return c.Receipt, c.Mail, nil
}
