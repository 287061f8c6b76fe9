package browser_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// random draws numbers for bodies that run at the same time.
func random(seed uint64) (intN func(int) int) {
	var mu sync.Mutex
	rnd := rand.New(rand.NewPCG(seed, seed))
	return func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return rnd.IntN(n)
	}
}

// wideRuns are runs that fold, in virtual time.
var wideRuns = map[string]func(t *testing.T, o asap.Option) error{
	// A Map of 500, 20 at a time, between other tasks.
	"feed": func(t *testing.T, o asap.Option) error {
		intN := random(5)
		g := asap.New(t.Context(), o, asap.Name("feed"))
		user := g.Go("user", sleep(20*time.Millisecond))
		ids := user.Then("ids", func(ctx context.Context, _ int) ([]int, error) {
			time.Sleep(10 * time.Millisecond)
			return make([]int, 500), nil
		})
		items := g.Map("item", ids, func(ctx context.Context, _ int) (int, error) {
			return sleep(time.Duration(5000+intN(20_000)) * time.Microsecond)(ctx)
		}, asap.Limit(20))
		g.Optional("ads", func(ctx context.Context) (int, error) {
			time.Sleep(30 * time.Millisecond)
			return 0, errors.New("no ads today")
		})
		items.Then("page", func(ctx context.Context, _ []int) (int, error) { return sleep(12 * time.Millisecond)(ctx) })
		return g.Wait()
	},
	// Groups in groups: of twenty tasks of different names each has the same bands.
	"regions": func(t *testing.T, o asap.Option) error {
		intN := random(7)
		g := asap.New(t.Context(), o, asap.Name("regions"), asap.Limit(100))
		for i := range 20 {
			g.Do("region-"+string(rune('a'+i)), func(ctx context.Context) error {
				g := asap.New(ctx, asap.Name("region"))
				for k := range 20 {
					g.Do(fmt.Sprintf("shop-%d", k), func(ctx context.Context) error {
						g := asap.New(ctx, asap.Name("shop"))
						user := g.Go("user", sleep(time.Duration(1+intN(5000))*time.Microsecond))
						for j := range 18 {
							user.Do(fmt.Sprintf("order-%d", j), func(context.Context, int) error {
								time.Sleep(time.Duration(1+intN(20_000)) * time.Microsecond)
								return nil
							})
						}
						return g.Wait()
					})
				}
				return g.Wait()
			})
		}
		return g.Wait()
	},
	// 10,000 tasks: a crawl whose pages have parts in nested groups, tasks of one
	// name, shards with numbers, and some that fail.
	"crawl": func(t *testing.T, o asap.Option) error {
		intN := random(6)
		ms := func(n int) time.Duration { return time.Duration(1+intN(n*1000)) * time.Microsecond }
		g := asap.New(t.Context(), o, asap.Name("crawl"), asap.Limit(64))
		sites := g.Go("sites", func(ctx context.Context) ([]int, error) {
			time.Sleep(15 * time.Millisecond)
			return make([]int, 1500), nil
		})
		pages := g.MapOptional("page", sites, func(ctx context.Context, _ int) (int, error) {
			inner := asap.New(ctx, asap.Name("page"))
			for _, part := range []string{"head", "body", "links", "store"} {
				inner.Go(part, sleep(ms(30)))
			}
			return 1, inner.Wait()
		})
		for range 1000 {
			g.Go("ping", sleep(ms(20)))
		}
		for i := range 1000 {
			g.Go(fmt.Sprintf("shard-%04d", i), sleep(ms(25)))
		}
		for i := range 450 {
			g.Go(string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/3%26))+"Table", sleep(ms(25)))
		}
		pages.Do("index", func(ctx context.Context, _ []asap.Result[int]) error {
			time.Sleep(40 * time.Millisecond)
			return nil
		})
		return g.Wait()
	},
}

func wideRun(t *testing.T, name string) *waterfall.Run {
	t.Helper()
	var rec waterfall.Recorder
	synctest.Test(t, func(t *testing.T) {
		if err := wideRuns[name](t, asap.Observe(&rec)); err != nil {
			t.Error(err)
		}
	})
	return rec.Run()
}

// open opens the downloaded page of a run.
func open(t *testing.T, ctx context.Context, run *waterfall.Run) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "run.html")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Write(f, waterfall.HTML); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.Navigate("file://"+file))
	wait(t, ctx, `document.querySelector("#chart .row .p, #chart .row .crowd")`)
}

// A wide run takes at most two screens until something is unfolded, and is nowhere
// wider than the window.
func TestWidePageIsShort(t *testing.T) {
	for name := range wideRuns {
		run := wideRun(t, name)
		if name == "crawl" && len(run.Tasks) < 9000 {
			t.Fatalf("crawl has %d tasks", len(run.Tasks))
		}
		for _, width := range []int64{1200, 700, 360} {
			ctx := tab(t, width, 800, false)
			open(t, ctx, run)
			most := 2 * 800
			if width == 360 { // where a row has two lines
				most = 3 * 800
			}
			if h := js[int](t, ctx, `document.documentElement.scrollHeight`); h > most {
				t.Errorf("%s in a window of %d pixels is %d high, want %d at most", name, width, h, most)
			}
			if w := js[int64](t, ctx, `document.documentElement.scrollWidth`); w > width {
				t.Errorf("%s is %d pixels wide in a window of %d", name, w, width)
			}
		}
	}
}

// interactions are what a person does on the page of a wide run.
var interactions = map[string]string{
	"unfold and fold": `document.querySelector(".row .fold").click(); settled(); document.querySelector(".row .fold").click()`,
	"find":            `const f = document.getElementById("find"); f.value = "head"; f.dispatchEvent(new Event("input")); settled(); f.value = ""; f.dispatchEvent(new Event("input"))`,
	"zoom":            `document.getElementById("in").click(); settled(); document.getElementById("whole").click()`,
	"next critical":   `document.getElementById("next").click()`,
	"slider":          `const s = document.querySelector(".knob input"); s.value = 50; s.dispatchEvent(new Event("input")); settled(); s.value = 100; s.dispatchEvent(new Event("input"))`,
}

// On the page of 10,000 tasks a person's steps make the rows near the window, and so
// take less than a tenth of a second each on a machine that has nothing else to do.
func TestWidePageAnswers(t *testing.T) {
	ctx := tab(t, 1200, 800, false)
	open(t, ctx, wideRun(t, "crawl"))
	js[chromedp.Void](t, ctx, `document.getElementById("whatif").click()`)
	for name, what := range interactions {
		ms := js[float64](t, ctx, `(() => {
			const settled = () => document.body.offsetHeight; // lays the page out
			let best = Infinity;
			for (let i = 0; i < 5; i++) {
				const start = performance.now();
				{ `+what+` }
				settled();
				best = Math.min(best, performance.now() - start);
			}
			return best;
		})()`)
		t.Logf("%s: %.1f ms", name, ms)
		if n := js[int](t, ctx, `document.querySelectorAll(".row").length`); n > 300 {
			t.Errorf("%s leaves %d rows in the page", name, n)
		}
	}
}

// work counts, while something is done, what takes the time of the page of a wide run:
// reads of the layout, which a browser makes anew for one that comes after a write;
// elements that are made, and lists of times that are sorted.
const work = `(() => {
	const n = {reads: 0, elements: 0, sorts: 0}, undo = [];
	const count = (of, name, key) => {
		const was = Object.getOwnPropertyDescriptor(of, name), kind = was.get ? "get" : "value";
		Object.defineProperty(of, name, {...was, [kind](...args) { n[key]++; return was[kind].apply(this, args); }});
		undo.push(() => Object.defineProperty(of, name, was));
	};
	count(window, "getComputedStyle", "reads");
	count(Element.prototype, "clientWidth", "reads");
	count(Element.prototype, "getBoundingClientRect", "reads");
	count(Document.prototype, "createElement", "elements");
	count(Float64Array.prototype.__proto__, "sort", "sorts");
	const settled = () => {};
	{ %s }
	undo.forEach(f => f());
	return n;
})()`

// On the page of 10,000 tasks the steps of a person take no more work than what is seen:
// a chart that is zoomed has the figures that it had.
func TestWidePageWorksLittle(t *testing.T) {
	ctx := tab(t, 1200, 800, false)
	open(t, ctx, wideRun(t, "crawl"))
	js[chromedp.Void](t, ctx, `document.getElementById("whatif").click()`)
	for _, name := range slices.Sorted(maps.Keys(interactions)) {
		n := js[struct{ Reads, Elements, Sorts int }](t, ctx, fmt.Sprintf(work, interactions[name]))
		t.Logf("%s: %+v", name, n)
		if n.Reads == 0 || n.Reads > 10 { // most are two steps
			t.Errorf("%s reads the layout %d times, want a few", name, n.Reads)
		}
		if n.Elements > 2000 {
			t.Errorf("%s makes %d elements", name, n.Elements)
		}
		if name == "zoom" && n.Sorts > 0 || name == "slider" && n.Sorts == 0 {
			t.Errorf("%s sorts %d lists of times, want some with a slider and none to zoom", name, n.Sorts)
		}
	}
}

// A chain of thousands is critical from its start to its end, and in its band one bar;
// near by, each task has its own.
func TestLongChainIsCriticalToItsEnd(t *testing.T) {
	var rec waterfall.Recorder
	synctest.Test(t, func(t *testing.T) {
		g := asap.New(t.Context(), asap.Observe(&rec))
		last := g.Go("t0", sleep(time.Millisecond))
		for i := 1; i < 3000; i++ {
			last = last.Then(fmt.Sprint("t", i), func(ctx context.Context, _ int) (int, error) { return sleep(time.Millisecond)(ctx) })
		}
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
	ctx := tab(t, 1200, 800, false)
	open(t, ctx, rec.Run())
	const bars = `[...document.querySelector(".row[aria-expanded] .track").querySelectorAll(".crit")].map(e => e.title)`
	if got := js[[]string](t, ctx, bars); !slices.Equal(got, []string{"3000 tasks running, critical: 3 s"}) {
		t.Errorf("the band of the chain has bars of %q, want one of all", got)
	}
	js[chromedp.Void](t, ctx, `for (let i = 0; i < 10; i++) document.getElementById("in").click()`)
	if got := js[[]string](t, ctx, bars); len(got) < 2 || len(got) > 5 || !strings.HasPrefix(got[0], "t1") || !strings.HasSuffix(got[0], " running, critical: 1 ms") {
		t.Errorf("near by the band of the chain has bars of %q, want one of each task that is seen", got)
	}
}

// With the keyboard alone: a band is unfolded and folded, the chart zoomed and moved, a
// task found, and the critical path walked along.
func TestWidePageByKeyboard(t *testing.T) {
	ctx := tab(t, 1200, 800, false)
	open(t, ctx, wideRun(t, "feed"))
	press := func(keys string) { t.Helper(); do(t, ctx, chromedp.KeyEvent(keys)) }
	focused := func() string {
		return js[string](t, ctx, `document.activeElement.getAttribute("aria-label") || document.activeElement.tagName`)
	}
	rows := func() int {
		return js[int](t, ctx, `Number(document.querySelector(".row[aria-setsize]").getAttribute("aria-setsize"))`)
	}
	js[chromedp.Void](t, ctx, `document.querySelector(".row[aria-expanded]").focus()`)
	few := rows()
	press(kb.ArrowRight)
	if n := rows(); n < 500 {
		t.Errorf("the right arrow on a band shows %d rows, want its 500", n)
	}
	press(kb.End)
	if got := focused(); !strings.HasPrefix(got, "page, succeeded") {
		t.Errorf("End leads to %q, want page", got)
	}
	js[chromedp.Void](t, ctx, `window.scrollTo(0, 0)`)
	press(kb.Home + kb.ArrowDown + kb.ArrowDown + kb.ArrowDown + kb.ArrowLeft)
	if n := rows(); n != few {
		t.Errorf("folded again there are %d rows, want %d", n, few)
	}
	press("c")
	first := focused()
	press("c")
	if second := focused(); !strings.Contains(first, "critical") || !strings.Contains(second, "critical") || first == second {
		t.Errorf("c leads to %q and to %q, want two critical tasks", first, second)
	}
	const ticks = `document.querySelector(".axis .track").textContent`
	whole := js[string](t, ctx, ticks)
	press("++")
	if got := js[string](t, ctx, ticks); got == whole {
		t.Error("+ does not zoom")
	}
	press("0")
	if got := js[string](t, ctx, ticks); got != whole {
		t.Errorf("0 shows %s, want the whole run again: %s", got, whole)
	}
	press("/")
	if got := js[string](t, ctx, `document.activeElement.id`); got != "find" {
		t.Errorf("/ leads to %q, want the box that finds", got)
	}
	js[chromedp.Void](t, ctx, `document.getElementById("find").value = ""`) // the library types what the page has taken
	press("item[49" + kb.Enter)
	if got := focused(); !strings.HasPrefix(got, "item[49], succeeded") {
		t.Errorf("found %q, want item[49]", got)
	}
	if got := js[string](t, ctx, `document.getElementById("found").textContent`); got != "11 of 505" {
		t.Errorf("found %q, want 11 of 505", got)
	}
}

// The wheel zooms with the Control key, at the pointer, and else scrolls the page.
func TestWheel(t *testing.T) {
	ctx := tab(t, 1200, 800, false)
	open(t, ctx, wideRun(t, "feed"))
	const wheel = `document.querySelector(".row .crowd").dispatchEvent(new WheelEvent("wheel", {deltaY: -200, ctrlKey: %t, bubbles: true, cancelable: true, clientX: 1100}))`
	if !js[bool](t, ctx, fmt.Sprintf(wheel, false)) || !js[bool](t, ctx, `document.getElementById("whole").disabled`) {
		t.Error("the wheel alone is taken from the page")
	}
	if js[bool](t, ctx, fmt.Sprintf(wheel, true)) || js[bool](t, ctx, `document.getElementById("whole").disabled`) {
		t.Error("the wheel with Control does not zoom")
	}
}

// What a band and the critical tasks in it unfold to has whole names, where there is room.
func TestUnfoldedNamesAreWhole(t *testing.T) {
	ctx := tab(t, 1200, 800, false)
	open(t, ctx, wideRun(t, "feed"))
	js[chromedp.Void](t, ctx, `document.querySelectorAll(".row .fold")[1].click()`)
	const cut = `[...document.querySelectorAll(".row .label")].filter(l => l.scrollWidth > l.clientWidth).map(l => l.parentElement.textContent)`
	if got := js[[]string](t, ctx, cut); len(got) > 0 {
		t.Errorf("names are cut: %q", got)
	}
	if n := js[int](t, ctx, `document.querySelectorAll(".row .label").length`); n < 30 {
		t.Errorf("%d rows, want those of the band", n)
	}
}
