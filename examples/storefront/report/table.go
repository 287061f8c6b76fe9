package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
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
// of its page whose mode is base.
func Table(w io.Writer, rows []Row, base string) error {
	of := make(map[string]load.Summary)
	for _, r := range rows {
		if r.Mode == base {
			of[r.Page] = r.Summary
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "page\tmode\trequests\tp50 ms\tp95 ms\tp99 ms\t×p50\t×p95\t×p99\tincomplete\tfailed\t\n")
	last := ""
	for _, r := range rows {
		if last != "" && last != r.Page {
			fmt.Fprintln(t, strings.Repeat("\t", 11))
		}
		last = r.Page
		b := of[r.Page]
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t\n", r.Page, r.Mode, r.Requests,
			ms(r.P50), ms(r.P95), ms(r.P99), ratio(r.P50, b.P50), ratio(r.P95, b.P95), ratio(r.P99, b.P99), r.Without, r.Failed)
	}
	return t.Flush()
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()*1e3) }

func ratio(d, base time.Duration) string {
	if base <= 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", float64(d)/float64(base))
}
