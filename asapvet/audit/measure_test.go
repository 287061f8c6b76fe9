package audit_test

import (
	"math"
	"slices"
	"testing"

	"github.com/asap-go/asap/asapvet/audit"
)

// The page of the documentation: its numbers are those of the same page written with
// asap, in skills/asap.
func page() audit.Site {
	s := audit.Site{File: "orders/page.go", Line: 41, Func: "page", Tier: "high", Calls: []audit.Call{
		{Name: "GetUser", Line: 41}, {Name: "GetConfig", Line: 45}, {Name: "GetFlags", Line: 49}, {Name: "ListPosts", Line: 53, Needs: []int{0}},
	}}
	s.Calls[3].Uses("user.ID, line 53")
	return s
}

func TestPage(t *testing.T) {
	samples := slices.Repeat([][]float64{{40.4, 100.2, 0.2, 60.3}}, 214)
	golden(t, "page.txt", audit.Of(audit.Measured(page(), 1, samples...)).Text(20, 100))
}

// Calls that take turns in being slow are each the slow one: the mean of the ends is
// more than the end of the means.
func TestTurns(t *testing.T) {
	s := audit.Measured(audit.Site{Calls: []audit.Call{{Name: "a"}, {Name: "b"}}}, 1, []float64{10, 90}, []float64{90, 10})
	if s.Before != 100 || s.After != 90 || s.Saves != 10 || s.Count != 2 || s.Calls[0].MS != 50 {
		t.Errorf("got %+v, want 100 ms before and 90 after", s)
	}
}

func TestOrder(t *testing.T) {
	two := func(name, tier string) audit.Site {
		return audit.Site{File: name, Tier: tier, Calls: []audit.Call{{Name: "a"}, {Name: "b"}}}
	}
	stale, missing := two("stale", "high"), two("missing", "high")
	stale.Mark, missing.Mark = audit.Stale, audit.NotThere
	r := audit.Of(
		audit.Measured(stale, 1),
		audit.Measured(missing, 1),
		audit.Measured(two("short", "high"), 1, []float64{90, 0.9}),
		audit.Measured(two("often", "low"), 1, []float64{10, 10}, []float64{10, 10}, []float64{10, 10}),
		audit.Measured(two("long", "high"), 1, []float64{29, 29}),
	)
	var got []string
	for _, s := range r.Sites {
		got = append(got, s.File)
	}
	if want := []string{"often", "long", "short", "missing", "stale"}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
	golden(t, "order.txt", r.Text(0, 100))
}

func TestAlike(t *testing.T) {
	for _, row := range []struct {
		key, text string
		want      bool
	}{
		{"/users.Users/GetUser", "/users.Users/GetUser", true},
		{"/users.Users/GetUser", "users.Users/GetUser", true},
		{"/users.Users/GetUser", "/users.Users/ListUsers", false},
		{"SELECT a\n\tFROM b", " select a from b", true},
		{"SELECT a\n\tFROM b", " SELECT a FROM b", true},
		{"SELECT a FROM b WHERE c = $1 LIMIT 5", "SELECT a FROM b WHERE", true},
		{"SELECT a FROM b", "SELECT", false},
		{"/v1/users/17/posts", "/v1/users/%s/posts", true},
		{"/v1/users/17/posts", "/v1/users/{id}/posts", true},
		{"/v1/users/17", "/v1/users/", true},
		{"/v1/users/17", "/v1/users", false},
		{"/v1/users/17", "/v1/teams/", false},
		{"/v1", "v", false},
		{"users", "users of", false},
		{"", "", false},
	} {
		if got := audit.Alike(row.key, row.text) > 0; got != row.want {
			t.Errorf("Alike(%q, %q) is %v", row.key, row.text, got)
		}
	}
}

func TestNothing(t *testing.T) {
	s := audit.Measured(page(), 1)
	if s.Count != 0 || s.Saves != 0 || math.IsNaN(s.Before) {
		t.Errorf("a site without samples is %+v", s)
	}
}
