package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/asap-go/asap/examples/storefront/load"
)

// Row is one page in one mode.
type Row struct {
	Page, Mode string
	Without    int // pages that had to do without an optional part
	load.Summary
}

// Table prints rows, those of a page together. Each is compared with the row
// of its page whose mode is base. An incomplete page did without an optional
// part, a failed one has no part in the percentiles.
func Table(w io.Writer, rows []Row, base string) error {
	of := make(map[string]load.Summary)
	for _, r := range rows {
		if r.Mode == base {
			of[r.Page] = r.Summary
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-9s %-11s %8s %8s %8s %8s %6s %6s %6s %11s %7s\n",
		"page", "mode", "requests", "p50 ms", "p95 ms", "p99 ms", "×p50", "×p95", "×p99", "incomplete", "failed")
	last := ""
	for _, r := range rows {
		if last != "" && last != r.Page {
			b.WriteString("\n")
		}
		last = r.Page
		base := of[r.Page]
		fmt.Fprintf(&b, "%-9s %-11s %8d %8s %8s %8s %6s %6s %6s %11d %7d\n", r.Page, r.Mode, r.Requests,
			ms(r.P50), ms(r.P95), ms(r.P99), ratio(r.P50, base.P50), ratio(r.P95, base.P95), ratio(r.P99, base.P99), r.Without, r.Failed)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()*1e3) }

func ratio(d, base time.Duration) string {
	if base <= 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", float64(d)/float64(base))
}
