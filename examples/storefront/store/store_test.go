package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/store"
)

func open(t *testing.T, path string, seed uint64) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), path, seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// A shop is a function of its seed, and opening it again does not add to it.
func TestSeed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a b?.db") // the name needs escaping
	a := open(t, path, 1)
	first, err := a.Page(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if len(first) < 200 {
		t.Fatalf("catalogue has %d products, want a few hundred", len(first))
	}
	a.Close()
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	again, err := open(t, path, 2).Page(t.Context(), 0, 1000)
	if err != nil || !reflect.DeepEqual(first, again) {
		t.Errorf("opened again: %d products, %v; want the same %d", len(again), err, len(first))
	}
	same, err := open(t, filepath.Join(dir, "same.db"), 1).Page(t.Context(), 0, 1000)
	if err != nil || !reflect.DeepEqual(first, same) {
		t.Errorf("the same seed gave other products (%v)", err)
	}
	other, err := open(t, filepath.Join(dir, "other.db"), 3).Page(t.Context(), 0, 1000)
	if err != nil || reflect.DeepEqual(first, other) {
		t.Errorf("another seed gave the same products (%v)", err)
	}
}

func TestProducts(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "shop.db"), 1)
	got, err := s.Products(t.Context(), []int{7, 3, 5})
	if err != nil || len(got) != 3 || got[0].ID != 7 || got[1].ID != 3 || got[2].ID != 5 {
		t.Errorf("Products(7, 3, 5) = %v, %v; want them in this order", got, err)
	}
	if got, err := s.Products(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("Products() = %v, %v; want none", got, err)
	}
	_, err = s.Products(t.Context(), []int{7, 9999, 5})
	if !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "product 9999") {
		t.Errorf("Products(7, 9999, 5) error = %v, want not found naming 9999", err)
	}
	if _, err := s.User(t.Context(), 0); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("User(0) error = %v, want ErrNotFound", err)
	}
	together, err := s.BoughtTogether(t.Context())
	if err != nil || len(together) < 100 {
		t.Errorf("BoughtTogether = %d products, %v; want many", len(together), err)
	}
}

func TestCart(t *testing.T) {
	s, ctx := open(t, filepath.Join(t.TempDir(), "shop.db"), 1), t.Context()
	for _, l := range must(s.Cart(ctx, 1))(t) {
		if err := s.Put(ctx, 1, l.Product, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Put(ctx, 1, 20, 4); err != nil {
		t.Fatal(err)
	}
	if err := s.Add(ctx, 1, 20); err != nil {
		t.Fatal(err)
	}
	if err := s.Add(ctx, 1, 10); err != nil {
		t.Fatal(err)
	}
	want := []store.CartLine{{Product: 10, Quantity: 1}, {Product: 20, Quantity: 5}}
	if got := must(s.Cart(ctx, 1))(t); !reflect.DeepEqual(got, want) {
		t.Errorf("Cart = %v, want %v", got, want)
	}
	if n := must(s.CartSize(ctx, 1))(t); n != 6 {
		t.Errorf("CartSize = %d, want 6", n)
	}
	if err := s.Put(ctx, 1, 10, -1); err == nil {
		t.Error("Put of -1 pieces gave no error")
	}
	if err := s.Add(ctx, 1, 9999); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Add of an unknown product: %v, want ErrNotFound", err)
	}
}

// An order keeps the lines of its first claim, closes once, and takes only
// its own lines out of the cart.
func TestOrder(t *testing.T) {
	s, ctx := open(t, filepath.Join(t.TempDir(), "shop.db"), 1), t.Context()
	user := must(s.User(ctx, 2))(t)
	o := store.Order{ID: "o1", User: user, Currency: "EUR"}
	lines := must(s.Claim(ctx, o))(t)
	if len(lines) == 0 {
		t.Fatal("Claim gave no lines")
	}
	late := 1
	for late == lines[0].Product || late == lines[1].Product || late == lines[2].Product {
		late++
	}
	if err := s.Put(ctx, 2, late, 1); err != nil {
		t.Fatal(err)
	}
	if again := must(s.Claim(ctx, o))(t); !reflect.DeepEqual(again, lines) {
		t.Errorf("second Claim = %v, want the lines of the first, %v", again, lines)
	}
	if _, err := s.Receipt(ctx, o.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Receipt of an open order: %v, want ErrNotFound", err)
	}

	r := store.Receipt{Order: o, Payment: "pay-1", Tracking: "T1",
		Shipping: money.Money{Currency: "EUR", Minor: 500}, Total: money.Money{Currency: "EUR", Minor: 2300}}
	for i, l := range lines {
		p := must(s.Product(ctx, l.Product))(t)
		r.Lines = append(r.Lines, store.Line{Product: p, Quantity: l.Quantity, Price: money.Money{Currency: "EUR", Minor: int64(600 + i)}})
	}
	for range 2 {
		if err := s.CloseOrder(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	if got := must(s.Receipt(ctx, o.ID))(t); !reflect.DeepEqual(got, r) {
		t.Errorf("Receipt = %+v, want %+v", got, r)
	}
	if left := must(s.Cart(ctx, 2))(t); len(left) != 1 || left[0].Product != late {
		t.Errorf("cart after the order = %v, want only product %d, which came later", left, late)
	}
	o.User.ID = 3
	if _, err := s.Claim(ctx, o); err == nil || !strings.Contains(err.Error(), "order o1 is of user 2") {
		t.Errorf("claim by another user: %v, want an error that says whose the order is", err)
	}
}

func TestClaimOfEmptyCart(t *testing.T) {
	s, ctx := open(t, filepath.Join(t.TempDir(), "shop.db"), 1), t.Context()
	for _, l := range must(s.Cart(ctx, 1))(t) {
		if err := s.Put(ctx, 1, l.Product, 0); err != nil {
			t.Fatal(err)
		}
	}
	o := store.Order{ID: "o", User: must(s.User(ctx, 1))(t), Currency: "EUR"}
	if _, err := s.Claim(ctx, o); !errors.Is(err, store.ErrEmptyCart) {
		t.Errorf("Claim = %v, want ErrEmptyCart", err)
	}
	if err := s.Put(ctx, 1, 5, 1); err != nil {
		t.Fatal(err)
	}
	if lines, err := s.Claim(ctx, o); err != nil || len(lines) != 1 {
		t.Errorf("Claim after the cart was filled = %v, %v; want its line: the refused order must leave nothing behind", lines, err)
	}
}

// Writers wait for each other instead of failing with "database is locked".
func TestConcurrentWriters(t *testing.T) {
	s, ctx := open(t, filepath.Join(t.TempDir(), "shop.db"), 1), t.Context()
	var wg sync.WaitGroup
	for user := 1; user <= 40; user++ {
		wg.Go(func() {
			u, err := s.User(ctx, user)
			if err == nil {
				_, err = s.Claim(ctx, store.Order{ID: fmt.Sprint("o", user), User: u, Currency: "USD"})
			}
			if err != nil {
				t.Errorf("user %d: %v", user, err)
			}
		})
	}
	wg.Wait()
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
