package browser_test

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// tracks are the left and right edges of the axis and of all rows' tracks.
const tracks = `[...new Set([...document.querySelectorAll("#chart .track")].filter(e => e.offsetParent).map(e => {
	const r = e.getBoundingClientRect();
	return r.left.toFixed(1) + " to " + r.right.toFixed(1);
}))]`

// The instants of the axis stand above those of the bars, however long the
// names are.
func TestAxisAboveTheBars(t *testing.T) {
	stats := new(waterfall.Stats)
	g := asap.New(t.Context(), asap.Name("chart"), asap.Observe(stats))
	g.Do("a name as long as the column gets", func(ctx context.Context) error {
		inner := asap.New(ctx, asap.Name("inner"))
		inner.Go("task", sleep(1))
		return inner.Wait()
	})
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	server := serve(t, stats)
	for _, width := range []int64{1200, 700, 360} {
		ctx := tab(t, width, 800, false)
		do(t, ctx, chromedp.Navigate(server.URL+"/debug/asap/?run=1"))
		for _, knobs := range []string{"without", "with"} {
			if got := js[[]string](t, ctx, tracks); len(got) != 1 {
				t.Errorf("in a window of %d pixels %s sliders, tracks go from %q: want one and the same", width, knobs, got)
			}
			js[chromedp.Void](t, ctx, `document.getElementById("whatif").click()`)
		}
	}
}

// Print shows the chart without what only a pointer can use.
func TestPrintedPage(t *testing.T) {
	stats := new(waterfall.Stats)
	start(t, stats, "checkout")()
	ctx := tab(t, 1000, 800, false)
	do(t, ctx, chromedp.Navigate(serve(t, stats).URL+"/debug/asap/?run=1"))
	if on := emulatePrint(t, ctx); on.Bar || on.Detail || !on.Chart {
		t.Errorf("on paper there are %+v, want the chart alone", on)
	}
}

type shownParts struct{ Bar, Detail, Chart bool }

func emulatePrint(t *testing.T, ctx context.Context) shownParts {
	t.Helper()
	printed(t, ctx)
	return js[shownParts](t, ctx, `(() => {
		const shown = e => document.querySelector(e).getClientRects().length > 0;
		return { Bar: shown(".bar"), Detail: shown("#detail"), Chart: shown("#chart .track") };
	})()`)
}

// printed shows the page as it is on paper.
func printed(t *testing.T, ctx context.Context) {
	t.Helper()
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
		t.Fatal(err)
	}
}
