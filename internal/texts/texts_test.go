package texts_test

import (
	"context"
	"errors"
	"testing"

	"github.com/asap-go/asap/internal/texts"
)

func TestGroup(t *testing.T) {
	var (
		a, b  = "a: x", "b: y"
		undos = []string{"charge: undo: down", "stock: undo: gone"}
	)
	for _, test := range []struct {
		name string
		g    texts.Group
		want string
	}{
		{"nothing", texts.Group{}, "0 tasks failed"},
		{"nothing, with a name", texts.Group{Name: "cart"}, "group cart: 0 tasks failed"},
		{"one", texts.Group{Name: "cart", Before: []string{a}}, "a: x"},
		{"one, and later ones", texts.Group{Before: []string{a}, Later: 2}, "a: x (and 2 more after it)"},
		{"two", texts.Group{Before: []string{a, b}}, "2 tasks failed: a: x; b: y"},
		{"two, with a name", texts.Group{Name: "cart", Before: []string{a, b}}, "group cart: 2 tasks failed: a: x; b: y"},
		{"an undo", texts.Group{Name: "cart", Undos: undos[:1]}, "charge: undo: down"},
		{"undos", texts.Group{Name: "cart", Undos: undos}, "group cart: 2 undos failed: charge: undo: down; stock: undo: gone"},
		{"one, and undos", texts.Group{Before: []string{a}, Undos: undos}, "a: x; charge: undo: down; stock: undo: gone"},
		{"one, later ones, and an undo", texts.Group{Before: []string{a}, Later: 1, Undos: undos[:1]}, "a: x (and 1 more after it); charge: undo: down"},
		{"from outside", texts.Group{Outside: true, Cause: "context canceled"}, "group: context canceled"},
		{"from outside, with a name", texts.Group{Name: "cart", Outside: true, Cause: "context canceled"}, "group cart: context canceled"},
		{"from outside, for a reason without a text", texts.Group{Outside: true}, "group: "},
		{"from outside, behind one", texts.Group{Name: "cart", Before: []string{a}, Outside: true, Cause: "bye", Running: []string{"b"}},
			"group cart (running: b): a: x; bye"},
		{"five that ran", texts.Group{Outside: true, Cause: "bye", Running: []string{"a", "b", "c", "d", "e"}}, "group (running: a, b, c, d, e): bye"},
		{"seven that ran", texts.Group{Outside: true, Cause: "bye", Running: []string{"a", "b", "c", "d", "e", "f", "g"}}, "group (running: a, b, c, d, e, and 2 more): bye"},
		{"from outside, with undos and later ones", texts.Group{Outside: true, Cause: "bye", Later: 1, Undos: undos[:1]},
			"group: bye (and 1 more after it); charge: undo: down"},
	} {
		if got := test.g.String(); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

type bad struct{ text *string }

func (b bad) Error() string { return *b.text }

func TestOf(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"none", nil, "<nil>"},
		{"a user's", errors.New("not found"), "not found"},
		{"a context's", context.Canceled, "context canceled"},
		{"a sentinel", errors.New("asap: skipped"), "skipped"},
		{"a nil pointer", (*bad)(nil), "a nil *texts_test.bad"},
		{"whose method panics", bad{}, "a texts_test.bad whose Error method panics: runtime error: invalid memory address or nil pointer dereference"},
	} {
		if got := texts.Of(test.err); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	if got := texts.Task("") + " " + texts.Task("user"); got != "task user" {
		t.Errorf("names are %q, want %q", got, "task user")
	}
}
