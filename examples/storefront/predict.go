package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/asap-go/asap/waterfall"
)

// predicted has, of each page, how many of its tasks call something, and what mode tail
// changes in it, as a question to the runs of mode asap, beside the budget.
var predicted = map[string]struct {
	tasks   int
	changes string
}{
	"home":     {14, "hedge:currencies=p95 hedge:price[]=p95 within:ad=D"},
	"product":  {6, "hedge:currencies=p95 hedge:price=p95 within:recommendations=D within:ad=D"},
	"cart":     {8, "hedge:currencies=p95 hedge:line[]=p95 hedge:shippingQuote=p95 hedge:shippingPrice=p95 within:recommendations=D"},
	"checkout": {11, "hedge:line[]=p95 hedge:shippingQuote=p95 hedge:shippingPrice=p95 hedge:ship=p95 within:confirmationMail=M"},
}

// prediction is what was predicted of a page in mode tail, or why that could not be, and
// what its p99 was: of the groups, without the way to the visitor.
type prediction struct {
	*waterfall.Forecast
	err error
	was time.Duration
}

// predict asks the runs of a page in mode asap what mode tail would be.
func (s *Shop) predict(page string, runs *waterfall.Sample) (*waterfall.Forecast, error) {
	times := strings.NewReplacer("=D", "="+s.Deadline.String(), "=M", "="+(mailDeadline*s.Deadline).String())
	changes := []waterfall.Change{waterfall.Correlation(s.together), waterfall.Budget(s.share)}
	for text := range strings.FieldsSeq(times.Replace(predicted[page].changes)) {
		c, err := waterfall.ParseChange(text)
		if err != nil {
			return nil, err
		}
		changes = append(changes, c)
	}
	return runs.WhatIf(changes...)
}

// predictions prints what was predicted, by page, beside what was measured.
func predictions(w io.Writer, forecasts map[string]prediction, rows []row, speed float64) {
	fmt.Fprintf(w, "\nMode tail, as the runs of mode asap predict it, and as it was, from the start\nof the group to its end. The range is where p99 is nine times in ten; second\ncalls are a share of all tasks that call something.\n\n")
	fmt.Fprintf(w, "%-9s %9s %15s %9s %7s %7s %7s %7s\n", "page", "p99 ms", "range", "was", "full", "was", "extra", "was")
	for _, r := range rows {
		f := forecasts[r.Page]
		switch {
		case r.Mode != Tail:
			continue
		case f.err != nil:
			fmt.Fprintf(w, "%-9s %v\n", r.Page, f.err)
			continue
		}
		ms := func(d time.Duration) float64 { return d.Seconds() * 1e3 / speed }
		fmt.Fprintf(w, "%-9s %9.1f %15s %9.1f %6.1f%% %6.1f%% %6.2f%% %6.2f%%\n", r.Page, ms(f.After.P99),
			fmt.Sprintf("%.1f–%.1f", ms(f.Low), ms(f.High)), ms(f.was), 100*f.Full, 100*float64(r.Requests-r.Failed-r.Incomplete)/float64(r.Requests-r.Failed),
			100*f.Calls, 100*float64(r.Second)/float64(r.Requests*predicted[r.Page].tasks))
	}
}
