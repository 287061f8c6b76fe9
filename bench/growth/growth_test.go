package growth_test

import (
	"testing"

	"github.com/asap-go/asap/bench/growth"
)

// TestCases runs each case small: that what it measures is what it says.
func TestCases(t *testing.T) {
	for _, c := range growth.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			for _, n := range []int{1, 2, 50} {
				if err := c.Run(n); err != nil {
					t.Errorf("Run(%d) = %v", n, err)
				}
			}
		})
	}
}

func TestByName(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range growth.Cases() {
		if seen[c.Name] {
			t.Errorf("two cases are called %q", c.Name)
		}
		seen[c.Name] = true
		if got, err := growth.ByName(c.Name); err != nil || got.Name != c.Name || got.Levels != c.Levels {
			t.Errorf("ByName(%q) = %q, %v", c.Name, got.Name, err)
		}
	}
	if _, err := growth.ByName("no such"); err == nil {
		t.Error(`ByName("no such") = nil error, want one`)
	}
}
