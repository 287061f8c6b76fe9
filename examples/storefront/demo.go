package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asap-go/asap/examples/storefront/load"
	"github.com/asap-go/asap/examples/storefront/report"
	"github.com/asap-go/asap/examples/storefront/shop"
	"github.com/asap-go/asap/waterfall"
)

// modes are in the order of the table.
var modes = []shop.Mode{shop.Sequential, shop.Errgroup, shop.ASAP}

// demo gives each mode a world of its own, made from the same seed, drives
// all three with the same requests at the same time, and compares their times
// and their data. A request meets the same latencies in every mode, so a
// difference is the mode's.
func demo(ctx context.Context, cfg settings, rate float64, each time.Duration, out io.Writer) (err error) {
	worlds := make(map[shop.Mode]*world)
	defer func() {
		for _, w := range worlds {
			err = errors.Join(err, w.close())
		}
	}()
	for _, m := range modes {
		c := cfg
		c.addr, c.dir = "127.0.0.1:0", filepath.Join(cfg.dir, string(m))
		if err := os.Mkdir(c.dir, 0o700); err != nil {
			return err
		}
		if worlds[m], err = start(ctx, c); err != nil {
			delete(worlds, m)
			return err
		}
	}
	fmt.Fprintf(out, "Three shops with six services each, on loopback; %v requests a second to each, %v a page; %d processors.\n",
		rate, each, runtime.GOMAXPROCS(0))

	plan := load.Plan{Requests: int(rate * each.Seconds()), Rate: rate, InFlight: 64, Seed: cfg.seed}
	v := newVisitor()
	defer v.close()
	var rows []report.Row
	var problems []error
	picture := ""
	for _, p := range pages {
		fmt.Fprintf(out, "  %s …\n", p.name)
		if p.name == "checkout" { // which empties the carts
			if picture, err = draw(ctx, worlds[shop.ASAP]); err != nil {
				problems = append(problems, err)
			}
		}
		samples, err := drive(ctx, worlds, v, p, plan)
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for _, m := range modes {
			row := report.Row{Page: p.name, Mode: string(m), Summary: load.Summarize(samples[m])}
			for _, s := range samples[m] {
				if incomplete, _ := report.Incomplete(s.Body); incomplete {
					row.Without++
				}
				if s.Err != nil {
					problems = append(problems, fmt.Errorf("%s, %s, request %d: %w", p.name, m, s.N, s.Err))
				}
			}
			rows = append(rows, row)
		}
		if err := compare(out, p.name, samples); err != nil {
			problems = append(problems, err)
		}
		if p.name == "checkout" {
			orders := 0
			for _, m := range modes {
				n, err := audit(ctx, worlds[m], v, p, m, samples[m])
				if err != nil {
					problems = append(problems, fmt.Errorf("checkout, %s: %w", m, err))
				}
				orders += n
			}
			fmt.Fprintf(out, "    %d orders charged once, %d of them sent a second time\n", orders, len(modes)*min(resent, len(samples[shop.ASAP])))
		}
	}

	fmt.Fprintf(out, "\nFrom the instant at which a request was due, and as a multiple of asap:\n\n")
	if err := report.Table(out, rows, string(shop.ASAP)); err != nil {
		return err
	}
	if late := slices.MaxFunc(rows, func(a, b report.Row) int { return cmp.Compare(a.Late, b.Late) }).Late; late > tooLate {
		fmt.Fprintf(out, "\nA request was sent %v after it was due: this machine had too little time for us. Read the figures with care.\n", late.Round(time.Millisecond))
	}
	fmt.Fprintf(out, "\nOne cart page, as asap saw it:\n\n%s", picture)
	return summary(problems)
}

// tooLate is how late a request may be sent before the table needs a warning.
const tooLate = 50 * time.Millisecond

// drive sends the requests of a plan to all worlds at once.
func drive(ctx context.Context, worlds map[shop.Mode]*world, v *visitor, p pageLoad, plan load.Plan) (map[shop.Mode][]load.Sample, error) {
	plan.Requests = min(plan.Requests, p.most)
	var mu sync.Mutex
	var errs []error
	all := make(map[shop.Mode][]load.Sample)
	var wg sync.WaitGroup
	for m, w := range worlds {
		wg.Go(func() {
			samples, err := load.Run(ctx, plan, func(ctx context.Context, n int) ([]byte, error) {
				return v.send(ctx, w.url, p, m, n)
			})
			mu.Lock()
			defer mu.Unlock()
			all[m] = samples
			errs = append(errs, err)
		})
	}
	wg.Wait()
	return all, errors.Join(errs...)
}

// compare holds the data of every request against that of the other modes.
func compare(out io.Writer, name string, samples map[shop.Mode][]load.Sample) error {
	whole, part := 0, 0
	for n, s := range samples[shop.ASAP] {
		for _, m := range []shop.Mode{shop.Sequential, shop.Errgroup} {
			other := samples[m][n]
			if s.Err != nil || other.Err != nil {
				continue // counted as failed
			}
			without, err := report.Same(other.Body, s.Body)
			switch {
			case err != nil:
				return fmt.Errorf("%s, request %d: %s and %s differ: %w", name, n, m, shop.ASAP, err)
			case without > 0:
				part++
			default:
				whole++
			}
		}
	}
	if whole+part == 0 {
		return fmt.Errorf("%s: nothing could be compared", name)
	}
	fmt.Fprintf(out, "    same data in %d comparisons, and in %d more except for optional parts that were missing\n", whole, part)
	return nil
}

// resent is how many orders are sent a second time.
const resent = 50

// audit sends some orders a second time and compares the ledger of payment
// with the receipts. It returns how many orders were charged as they should.
func audit(ctx context.Context, w *world, v *visitor, p pageLoad, m shop.Mode, samples []load.Sample) (orders int, err error) {
	receipts := make(map[string]shop.Checkout)
	for _, s := range samples {
		var c shop.Checkout
		if s.Err != nil {
			continue
		}
		if err := json.Unmarshal(s.Body, &c); err != nil {
			return 0, err
		}
		receipts[c.Order.ID] = c
	}
	if len(receipts) == 0 {
		return 0, errors.New("no order went through")
	}
	for n := range min(resent, len(samples)) {
		if samples[n].Err != nil {
			continue
		}
		var again shop.Checkout
		body, err := v.send(ctx, w.url, p, m, n)
		if err != nil {
			return 0, fmt.Errorf("order %d, sent again: %w", n, err)
		}
		if err := json.Unmarshal(body, &again); err != nil {
			return 0, err
		}
		if first := receipts[again.Order.ID]; !again.Repeated || again.Payment != first.Payment || again.Total != first.Total {
			return 0, fmt.Errorf("order %d, sent again: payment %s of %v, at first %s of %v", n, again.Payment, again.Total, first.Payment, first.Total)
		}
	}
	book, err := w.services.Ledger().Entries(ctx)
	if err != nil {
		return 0, err
	}
	for _, e := range book {
		r, ok := receipts[e.Order]
		if ok && (r.Payment != e.Payment || r.Total != e.Amount || e.Asked != 1) {
			return 0, fmt.Errorf("order %s: receipt says %s of %v, ledger %s of %v, asked for %d times", e.Order, r.Payment, r.Total, e.Payment, e.Amount, e.Asked)
		}
		if ok {
			orders++
			delete(receipts, e.Order)
		}
	}
	if len(receipts) > 0 {
		return 0, fmt.Errorf("%d orders have a receipt and were not charged", len(receipts))
	}
	return orders, nil
}

// draw makes one cart page whose group prints its waterfall.
func draw(ctx context.Context, w *world) (string, error) {
	var b strings.Builder
	c := w.config
	c.Options = append(slices.Clone(c.Options), waterfall.Print(&b))
	r := httptest.NewRequestWithContext(ctx, "GET", "/cart?user=7", nil)
	r.Header.Set("X-Request-Id", "waterfall")
	answer := httptest.NewRecorder()
	shop.New(c).ServeHTTP(answer, r)
	if answer.Code != 200 {
		return b.String(), fmt.Errorf("cart page for the waterfall: status %d", answer.Code)
	}
	return b.String(), nil
}

// summary is nil if there were no problems, else the first few and a count.
func summary(problems []error) error {
	if len(problems) <= 5 {
		return errors.Join(problems...)
	}
	return errors.Join(append(problems[:5:5], fmt.Errorf("and %d more", len(problems)-5))...)
}
