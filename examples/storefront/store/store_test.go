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

func open(t *testing.T, dir string, seed uint64) *store.Store {
	t.Helper()
	s, err := store.Open(dir, seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// A shop is a function of its seed.
func TestSeed(t *testing.T) {
	a, same, other := open(t, t.TempDir(), 1), open(t, t.TempDir(), 1), open(t, t.TempDir(), 2)
	if len(a.Products) != 240 || len(a.Users) != store.Users {
		t.Fatalf("%d products and %d users, want 240 and %d", len(a.Products), len(a.Users), store.Users)
	}
	for i, p := range a.Products {
		if p.ID != i+1 || p.Name == "" || p.List.Minor < 100 || !strings.HasSuffix(p.Description, ".") {
			t.Errorf("product %d = %+v, want a whole one", i+1, p)
		}
	}
	if !reflect.DeepEqual(a.Catalogue, same.Catalogue) || !reflect.DeepEqual(a.Cart(7, "EUR"), same.Cart(7, "EUR")) {
		t.Error("the same seed gave another catalogue, or another cart")
	}
	if reflect.DeepEqual(a.Products, other.Products) {
		t.Error("another seed gave the same products")
	}
}

func TestCatalogue(t *testing.T) {
	s := open(t, t.TempDir(), 1)
	if got := s.Page(1, 9); len(got) != 9 || got[0].ID != 10 {
		t.Errorf("Page(1, 9) = %v, want nine products from the tenth", got)
	}
	if got := append(s.Page(26, 9), s.Page(1000, 9)...); len(got) != 6 {
		t.Errorf("the last page and one far behind it have %d products, want 6", len(got))
	}
	for _, id := range []int{-1, 0, 9999} {
		_, err1 := s.Product(id)
		_, err2 := s.User(id)
		_, ok1 := errors.AsType[*store.NotFoundError](err1)
		_, ok2 := errors.AsType[*store.NotFoundError](err2)
		if !ok1 || !ok2 || err1.Error() != fmt.Sprintf("product %d: not found", id) {
			t.Errorf("Product(%d) and User(%d): %v, %v; want that there is none", id, id, err1, err2)
		}
	}
}

// clear empties a user's cart.
func clear(t *testing.T, s *store.Store, user int) {
	t.Helper()
	for _, l := range s.Cart(user, "") {
		if err := s.Add(user, l.Product, -99); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1)
	if n := len(s.Cart(1, "EUR")); n != 3 {
		t.Errorf("the first cart has %d lines, want 3", n)
	}
	clear(t, s, 1)
	for _, l := range []struct{ product, n int }{{20, 4}, {20, 1}, {10, 1}, {30, 200}, {30, -1}, {5, 1}, {5, -3}, {6, -1}} {
		if err := s.Add(1, l.product, l.n); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Add(1, 9999, 1); err == nil || err.Error() != "product 9999: not found" {
		t.Errorf("Add of an unknown product: %v, want that there is none", err)
	}
	want := []store.CartLine{{10, 1, "SEK"}, {20, 5, "SEK"}, {30, 98, "SEK"}}
	if got := s.Cart(1, "SEK"); !reflect.DeepEqual(got, want) {
		t.Errorf("Cart = %v, want %v", got, want)
	}
	s.Close()
	if got := open(t, dir, 1).Cart(1, "SEK"); !reflect.DeepEqual(got, want) {
		t.Errorf("opened again: Cart = %v, want %v", got, want)
	}
}

// An order keeps the lines of its first claim, closes once, and takes only
// its own lines out of the cart. All that is there when the file is opened again.
func TestOrder(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1)
	user, _ := s.User(2)
	o := store.Order{ID: "o1", User: user, Currency: "EUR"}
	lines, err := s.Claim(o)
	if err != nil || len(lines) != 3 {
		t.Fatalf("Claim = %v, %v; want the cart", lines, err)
	}
	late := 1
	for late == lines[0].Product || late == lines[1].Product || late == lines[2].Product {
		late++
	}
	if err := s.Add(2, late, 1); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, dir, 1)
	if again, err := s.Claim(o); err != nil || !reflect.DeepEqual(again, lines) {
		t.Errorf("second Claim = %v, %v; want the lines of the first, %v", again, err, lines)
	}
	if _, _, err := s.Receipt(o.ID); err == nil || err.Error() != "order o1: not found" {
		t.Errorf("Receipt of an open order: %v, want that there is none", err)
	}
	r := store.Receipt{Order: o, Payment: "pay-1", Tracking: "T1",
		Shipping: money.Money{Currency: "EUR", Minor: 500}, Total: money.Money{Currency: "EUR", Minor: 2300}}
	if err := s.Mailed(o.ID, "m1"); err != nil { // before it is closed
		t.Fatal(err)
	}
	other := r
	other.Tracking = "T2"
	for _, r := range []store.Receipt{r, other} {
		if err := s.CloseOrder(r); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	s = open(t, dir, 1)
	if got, mail, err := s.Receipt(o.ID); err != nil || mail != "m1" || !reflect.DeepEqual(got, r) {
		t.Errorf("Receipt = %+v, %q, %v; want %+v, m1", got, mail, err, r)
	}
	if left := s.Cart(2, ""); len(left) != 1 || left[0].Product != late {
		t.Errorf("cart after the order = %v, want only product %d, which came later", left, late)
	}
	o.User.ID = 3
	if _, err := s.Claim(o); err == nil || !strings.Contains(err.Error(), "order o1 is of user 2") {
		t.Errorf("claim by another user: %v, want an error that says whose the order is", err)
	}
}

func TestClaimOfEmptyCart(t *testing.T) {
	s := open(t, t.TempDir(), 1)
	clear(t, s, 1)
	user, _ := s.User(1)
	o := store.Order{ID: "o", User: user, Currency: "EUR"}
	_, err := s.Claim(o)
	if _, ok := errors.AsType[*store.EmptyCartError](err); !ok {
		t.Errorf("Claim = %v, want an EmptyCartError", err)
	}
	if err := s.Add(1, 5, 1); err != nil {
		t.Fatal(err)
	}
	if lines, err := s.Claim(o); err != nil || len(lines) != 1 {
		t.Errorf("Claim after the cart was filled = %v, %v; want its line: the refused order must leave nothing behind", lines, err)
	}
}

// Who writes at the same time loses nothing, in memory and in the file, and a
// line that was cut is as if it had not been begun.
func TestTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "table.jsonl")
	table, err := store.OpenTable[string, int](path)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 400 {
		wg.Go(func() {
			if _, err := table.Update(fmt.Sprint(i%40), func(n int) (int, error) { return n + 1, nil }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	no := errors.New("no")
	if _, err := table.Update("0", func(int) (int, error) { return 0, no }); err != no || table.Get("0") != 10 {
		t.Errorf("a refused update: %v, then the row is %d; want %v and 10", err, table.Get("0"), no)
	}
	table.Close()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"Key": "0", "Ro`)
	f.Close()
	for want := 10; want <= 12; want++ { // twice more after the cut
		if table, err = store.OpenTable[string, int](path); err != nil {
			t.Fatal(err)
		}
		for i := range 40 {
			if got := table.Get(fmt.Sprint(i)); i > 0 && got != 10 || i == 0 && got != want {
				t.Errorf("opened again: row %d is %d", i, got)
			}
		}
		table.Update("0", func(n int) (int, error) { return n + 1, nil })
		table.Close()
	}
	if err := os.WriteFile(path, []byte("[1]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.OpenTable[string, int](path); err == nil || !strings.Contains(err.Error(), "table.jsonl") {
		t.Errorf("a file of something else: %v, want an error with its name", err)
	}
}
