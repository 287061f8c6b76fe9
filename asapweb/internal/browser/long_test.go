package browser_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// A run of a thousand tasks alike is a band. Unfolded, the page makes the rows that come
// near the window: the rest has its place, and takes part in the prediction.
func TestLongChart(t *testing.T) {
	stats := new(waterfall.Stats)
	synctest.Test(t, func(t *testing.T) {
		g := asap.New(t.Context(), asap.Observe(stats), asap.Limit(20))
		var last *asap.Task[int]
		for i := range 1000 {
			body := func(context.Context) (int, error) {
				time.Sleep(time.Duration(1000+i) * time.Microsecond)
				return i, nil
			}
			name := fmt.Sprint("t", i)
			if i%3 == 2 {
				last = last.Then(name, func(ctx context.Context, _ int) (int, error) { return body(ctx) })
			} else {
				last = g.Go(name, body)
			}
		}
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
	server := serve(t, stats)
	ctx := tab(t, 1000, 800, false)
	do(t, ctx, chromedp.Navigate(server.URL+"/debug/asap/?run=1"))
	wait(t, ctx, `document.querySelector(".row .crowd")`)
	if n := js[int](t, ctx, `document.querySelectorAll("#chart .row").length`); n > 8 {
		t.Errorf("the folded chart has %d rows, want the axis, a band and what is critical in it", n)
	}
	js[chromedp.Void](t, ctx, `document.querySelector(".row .fold").click()`)
	const filled = `[...document.querySelectorAll(".row .track")].filter(e => e.querySelector(".p")).length`
	wait(t, ctx, filled+" > 20")
	if n := js[int](t, ctx, filled); n > 200 {
		t.Errorf("%d rows are made at first, want those near the window", n)
	}
	js[chromedp.Void](t, ctx, `document.getElementById("whatif").click()`)
	js[chromedp.Void](t, ctx, `window.scrollTo(0, document.getElementById("chart").getBoundingClientRect().bottom + window.scrollY - 500)`)
	wait(t, ctx, `[...document.querySelectorAll(".row[tabindex]")].at(-1).getAttribute("aria-label").startsWith("t999,")`)
	want, err := stats.Run(1).WhatIf(waterfall.Speed("t999", -1))
	if err != nil {
		t.Fatal(err)
	}
	js[chromedp.Void](t, ctx, fmt.Sprintf(makeChanges, `[{"path":"t999","percent":200}]`, -1))
	if got := js[shownPrediction](t, ctx, readPrediction); got.Makespan != fmt.Sprint(int64(want.Makespan)) {
		t.Errorf("the page predicts %s ns, WhatIf %d", got.Makespan, want.Makespan)
	}
	js[chromedp.Void](t, ctx, `window.dispatchEvent(new Event("beforeprint"))`)
	if n := js[int](t, ctx, filled); n < 1000 {
		t.Errorf("%d rows are made for the printer, want all 1000", n)
	}
}
