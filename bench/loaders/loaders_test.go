package loaders

import (
	"fmt"
	"testing"

	"github.com/asap-go/asap"
)

// BenchmarkTwoLevels is a request after the other, without a limit and one body at a time.
func BenchmarkTwoLevels(b *testing.B) {
	for _, limit := range []int{0, 1} {
		for _, c := range contenders {
			b.Run(fmt.Sprintf("Limit%d/%s", limit, c.name), func(b *testing.B) {
				var options []asap.Option
				if limit > 0 {
					options = append(options, asap.Limit(limit))
				}
				var s store
				for b.Loop() {
					if err := request(b.Context(), c, &s, options...); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(s.calls.Load())/float64(b.N), "calls/op")
			})
		}
	}
}

// TestCalls: batch makes two calls, whatever the machine does. The others may make more.
func TestCalls(t *testing.T) {
	for _, c := range contenders {
		var s store
		if err := request(t.Context(), c, &s, asap.Limit(1)); err != nil {
			t.Fatal(err)
		}
		if n := s.calls.Load(); n < 2 || c.name == "batch" && n != 2 {
			t.Errorf("%s makes %d calls, want 2", c.name, n)
		}
	}
}
