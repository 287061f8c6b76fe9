package browser_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// start starts a group whose task bank does not answer until release is called,
// which waits for the group.
func start(t *testing.T, stats *waterfall.Stats, name string) (release func()) {
	t.Helper()
	gate, running := make(chan struct{}), make(chan struct{})
	g := asap.New(t.Context(), asap.Name(name), asap.Observe(stats))
	bank := g.Go("bank", func(context.Context) (int, error) { close(running); <-gate; return 1, nil })
	receipt := bank.Then("receipt", func(context.Context, int) (int, error) { return 1, nil })
	g.Go("quick", func(context.Context) (int, error) { return 1, nil })
	g.Do("mail", func(ctx context.Context) error { _, err := receipt.Await(ctx); return err })
	<-running
	for end := time.Now().Add(2 * time.Minute); !waiting(stats, name, "mail"); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("mail does not wait for receipt")
		}
	}
	return func() {
		close(gate)
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// waiting tells whether a task of the latest running group of that name waits.
func waiting(stats *waterfall.Stats, name, task string) bool {
	live, _ := stats.LiveOf(name, 100)
	if len(live) == 0 {
		return false
	}
	latest := slices.MaxFunc(live, func(a, b waterfall.Live) int { return cmp.Compare(a.Number, b.Number) })
	t := stats.Run(latest.Number).Task(task)
	return t != nil && len(t.Pieces) > 0 && t.Pieces[len(t.Pieces)-1].State == waterfall.Blocked
}

// describeFocus is what has the focus, and whether one can see that.
const describeFocus = `(() => {
	const e = document.activeElement, s = getComputedStyle(e);
	const name = e.getAttribute("aria-label") || e.textContent.trim() || (e.labels && e.labels[0] ? e.labels[0].textContent.trim() : "");
	return e === document.body ? "nothing" : e.tagName + " " + name + (s.outlineStyle === "none" || parseFloat(s.outlineWidth) === 0 ? " INVISIBLE" : "");
})()`

// tabTo presses the tab key until what has the focus begins so.
func tabTo(t *testing.T, ctx context.Context, want string) {
	t.Helper()
	var seen []string
	for range 80 {
		do(t, ctx, chromedp.KeyEvent(kb.Tab))
		at := js[string](t, ctx, describeFocus)
		if strings.Contains(at, "INVISIBLE") {
			t.Errorf("the focus on %s cannot be seen", at)
		}
		if strings.HasPrefix(at, want) {
			return
		}
		seen = append(seen, at)
	}
	t.Fatalf("the tab key does not lead to %q; it led to %q", want, seen)
}

// enter follows the link that has the focus.
func enter(t *testing.T, ctx context.Context, title string) {
	t.Helper()
	do(t, ctx, chromedp.KeyEvent(kb.Enter))
	wait(t, ctx, fmt.Sprintf("document.title.startsWith(%q) && document.readyState === 'complete'", title))
}

// With the keyboard alone: from the first page to a name, to a run, through its
// rows, to the critical path only, and back.
func TestKeyboard(t *testing.T) {
	stats := new(waterfall.Stats)
	start(t, stats, "checkout")()
	server := serve(t, stats)
	for _, width := range []int64{1200, 360} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			ctx := tab(t, width, 800, false)
			do(t, ctx, chromedp.Navigate(server.URL+"/debug/asap/"))
			tabTo(t, ctx, "INPUT every second")
			tabTo(t, ctx, "A checkout")
			enter(t, ctx, "checkout")
			tabTo(t, ctx, "A run 1")
			enter(t, ctx, "checkout: succeeded after")
			tabTo(t, ctx, "A dot")
			tabTo(t, ctx, "INPUT critical path only")
			do(t, ctx, chromedp.KeyEvent(" "))
			wait(t, ctx, `!document.querySelector("#chart").textContent.includes("nothing") && document.querySelectorAll(".row[tabindex]").length < 4`)
			do(t, ctx, chromedp.KeyEvent(" "))
			tabTo(t, ctx, "DIV bank, succeeded")
			for _, want := range []string{"receipt", "quick", "mail"} {
				do(t, ctx, chromedp.KeyEvent(kb.ArrowDown))
				if got := js[string](t, ctx, `document.querySelector("#detail b").textContent`); got != want {
					t.Errorf("after the down arrow the details are of %q, want %q", got, want)
				}
			}
			if got := js[string](t, ctx, `document.getElementById("detail").textContent`); !strings.Contains(got, "needed receipt") || !strings.Contains(got, "blocked on receipt") {
				t.Errorf("details of mail: %q, want what it needed and what it was blocked on", got)
			}
			do(t, ctx, chromedp.KeyEvent(kb.Home))
			if got := js[string](t, ctx, describeFocus); !strings.HasPrefix(got, "DIV bank") {
				t.Errorf("after Home the focus is on %s, want the first row", got)
			}
			js[chromedp.Void](t, ctx, "history.back()")
			wait(t, ctx, `document.title === "checkout"`)
		})
	}
}

// With only the critical path shown, the tab key leads to a row that is shown,
// also after a prediction has changed which those are.
func TestCriticalPathOnly(t *testing.T) {
	stats := new(waterfall.Stats)
	synctest.Test(t, func(t *testing.T) {
		g := asap.New(t.Context(), asap.Name("two"), asap.Observe(stats))
		g.Go("quick", sleep(10*time.Millisecond))
		g.Go("slow", sleep(15*time.Millisecond))
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
	server := serve(t, stats)
	ctx := tab(t, 1000, 700, false)
	const visible = `[...document.querySelectorAll(".row[tabindex]")].filter(r => r.offsetParent).map(r => r.querySelector(".name").textContent).join()`
	do(t, ctx, chromedp.Navigate(server.URL+"/debug/asap/?run=1"), chromedp.Focus(chromedp.CSS("#only")), chromedp.KeyEvent(" "))
	if got := js[string](t, ctx, visible); got != "slow" {
		t.Errorf("the critical path shows %q, want slow", got)
	}
	tabTo(t, ctx, "DIV slow")
	js[chromedp.Void](t, ctx, fmt.Sprintf(makeChanges, `[{"path":"slow","percent":50}]`, -1))
	if got := js[string](t, ctx, visible); got != "quick" {
		t.Errorf("with slow at half its time, the critical path shows %q, want quick", got)
	}
	js[chromedp.Void](t, ctx, `document.getElementById("only").focus()`)
	tabTo(t, ctx, "DIV quick")
}

// The pointer on a row shows its details.
func TestHover(t *testing.T) {
	stats := new(waterfall.Stats)
	start(t, stats, "checkout")()
	server := serve(t, stats)
	ctx := tab(t, 1000, 700, false)
	do(t, ctx, chromedp.Navigate(server.URL+"/debug/asap/?run=1"))
	type point struct{ X, Y float64 }
	at := js[point](t, ctx, `(() => { const r = document.querySelectorAll(".row[tabindex]")[1].getBoundingClientRect(); return {X: r.x + 20, Y: r.y + 8}; })()`)
	do(t, ctx, chromedp.MouseEvent("mouseMoved", at.X, at.Y))
	wait(t, ctx, `document.querySelector("#detail b")?.textContent === "receipt"`)
	for _, piece := range js[[]string](t, ctx, `[...document.querySelectorAll(".track .p")].map(p => p.title)`) {
		if piece == "" {
			t.Error("a piece of a row does not say what it is")
		}
	}
}

// The first page looks again by itself if asked to; what was open stays open,
// and the focus stays where it was.
func TestEverySecond(t *testing.T) {
	stats := new(waterfall.Stats)
	releaseFirst := start(t, stats, "first")
	releaseSecond := start(t, stats, "second")
	server := serve(t, stats)
	ctx := tab(t, 1000, 700, false)
	do(t, ctx, chromedp.Navigate(server.URL+"/debug/asap/"))
	if text := js[string](t, ctx, `document.getElementById("main").innerText`); !strings.Contains(text, "bank has been running for") || !strings.Contains(text, "waits for receipt") {
		t.Errorf("the first page says\n%s\nwant who waits for whom", text)
	}
	js[chromedp.Void](t, ctx, `document.getElementById("waits-2").parentElement.open = false`)
	do(t, ctx, chromedp.Focus(chromedp.CSS("#auto input")), chromedp.KeyEvent(" "))
	releaseFirst()
	wait(t, ctx, `!document.getElementById("run-1") && document.querySelector('a[href^="?group=first"]')`)
	if got := js[string](t, ctx, describeFocus); got != "INPUT every second" {
		t.Errorf("the focus is on %s, want the box that was ticked", got)
	}
	if js[bool](t, ctx, `document.getElementById("waits-2").parentElement.open`) {
		t.Error("what was closed is open again")
	}
	js[chromedp.Void](t, ctx, `document.getElementById("run-2").focus()`)
	at := js[string](t, ctx, `document.getElementById("now").textContent`)
	wait(t, ctx, fmt.Sprintf(`document.getElementById("now").textContent !== %q`, at))
	if got := js[string](t, ctx, `document.activeElement.id`); got != "run-2" {
		t.Errorf("the focus is on %q after a second, want the link run-2", got)
	}
	releaseSecond()
	wait(t, ctx, `document.getElementById("main").innerText.includes("No group is running at this moment")`)
	js[chromedp.Void](t, ctx, `document.querySelector("#auto input").click()`)
}

// What one reads stays where it is while the page looks again, and while text is
// selected nothing changes; the choice is kept in other windows of time.
func TestEverySecondKeepsThePlace(t *testing.T) {
	stats := new(waterfall.Stats)
	for i := range 60 {
		stats.Add(&waterfall.Run{Name: fmt.Sprintf("g%02d", i), Ended: true, Makespan: 1e6, Groups: []waterfall.Group{{ID: 1, Name: fmt.Sprintf("g%02d", i), End: 1e6, Outcome: asap.Succeeded}}})
	}
	server := serve(t, stats)
	ctx := tab(t, 1000, 600, false)
	do(t, ctx, chromedp.Navigate(server.URL+"/debug/asap/"))
	js[chromedp.Void](t, ctx, `document.querySelector("#auto input").click()`)
	js[chromedp.Void](t, ctx, `window.scrollTo(0, 900)`)
	first := `[...document.querySelectorAll(".names tbody th")].find(e => e.getBoundingClientRect().top > 0)`
	before := js[string](t, ctx, first+`.textContent + " at " + Math.round(`+first+`.getBoundingClientRect().top)`)
	defer start(t, stats, "late")() // above everything else
	wait(t, ctx, `document.querySelector("article")`)
	if after := js[string](t, ctx, first+`.textContent + " at " + Math.round(`+first+`.getBoundingClientRect().top)`); after != before {
		t.Errorf("after the page has looked again %s, before %s", after, before)
	}
	js[chromedp.Void](t, ctx, `document.getSelection().selectAllChildren(document.querySelector("h2")); document.querySelector("h2").dataset.mark = "1"`)
	at := js[string](t, ctx, `document.getElementById("now").textContent`)
	time.Sleep(2500 * time.Millisecond)
	if now := js[string](t, ctx, `document.querySelector("h2").dataset.mark + document.getElementById("now").textContent`); now != "1"+at {
		t.Errorf("with a selection the page has looked again: %q, want %q", now, "1"+at)
	}
	js[chromedp.Void](t, ctx, `document.getSelection().removeAllRanges()`)
	wait(t, ctx, `document.getElementById("now").textContent !== `+fmt.Sprintf("%q", at))
	js[chromedp.Void](t, ctx, `document.querySelector(".windows a").click()`)
	wait(t, ctx, `location.search.includes("window=minute") && document.querySelector("#auto input")?.checked`)
	js[chromedp.Void](t, ctx, `document.querySelector("#auto input").click()`)
}

// A program that has gone is said to be gone.
func TestProgramGone(t *testing.T) {
	server := serve(t, new(waterfall.Stats))
	ctx := tabThatMayFail(t, 1000, 700)
	do(t, ctx, chromedp.Navigate(server.URL+"/debug/asap/"))
	server.CloseClientConnections()
	server.Close()
	js[chromedp.Void](t, ctx, `document.querySelector("#auto input").click()`)
	wait(t, ctx, `document.getElementById("status").textContent.startsWith("the program does not answer")`)
}

// What can be pressed or moved has a name, headings do not skip a level, and
// ids are unique: on every page.
func TestStructure(t *testing.T) {
	stats := new(waterfall.Stats)
	start(t, stats, "checkout")()
	defer start(t, stats, "checkout")()
	server := serve(t, stats)
	ctx := tab(t, 1000, 700, true)
	for _, query := range []string{"", "?sort=p99", "?group=checkout", "?group=checkout&window=minute&against=hour", "?run=1", "?run=2", "?run=2&with=1"} {
		do(t, ctx, chromedp.Navigate(server.URL+"/debug/asap/"+query))
		js[chromedp.Void](t, ctx, `document.getElementById("whatif")?.click()`)
		problems := js[[]string](t, ctx, `(() => {
			const out = [];
			for (const e of document.querySelectorAll("a, button, input:not([type=hidden]), summary, [tabindex], svg[role=img], table, nav")) {
				const name = e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.[0]?.textContent.trim();
				if (!name) out.push(e.outerHTML.slice(0, 120) + " has no name");
			}
			let level = 0;
			for (const h of document.querySelectorAll("h1, h2, h3")) {
				const l = Number(h.tagName[1]);
				if (l > level + 1) out.push(h.outerHTML + " comes after a heading of level " + level);
				level = l;
			}
			const ids = new Set();
			for (const e of document.querySelectorAll("[id]")) {
				if (ids.has(e.id)) out.push("two elements have the id " + e.id);
				ids.add(e.id);
			}
			if (document.querySelectorAll("h1").length !== 1) out.push("the page has not one h1");
			if (document.querySelectorAll("main").length !== 1) out.push("the page has not one main part");
			if (!document.documentElement.lang) out.push("the page has no language");
			return out;
		})()`)
		for _, p := range problems {
			t.Errorf("page %q: %s", query, p)
		}
	}
}

// Text stands out from what is behind it, by the ratio that WCAG asks for.
func TestContrast(t *testing.T) {
	stats := new(waterfall.Stats)
	start(t, stats, "checkout")()
	defer start(t, stats, "checkout")()
	server := serve(t, stats)
	for _, dark := range []bool{false, true} {
		ctx := tab(t, 1000, 700, dark)
		for _, query := range []string{"", "?sort=p99", "?group=checkout", "?group=checkout&window=minute&against=hour", "?run=1", "?run=2", "?run=2&with=1"} {
			do(t, ctx, chromedp.Navigate(server.URL+"/debug/asap/"+query))
			js[chromedp.Void](t, ctx, `document.getElementById("whatif")?.click()`)
			for _, p := range js[[]string](t, ctx, lowContrast) {
				t.Errorf("dark %t, page %q: %s", dark, query, p)
			}
		}
	}
}

const lowContrast = `(() => {
	const parse = c => { const m = c.match(/[\d.]+/g).map(Number); return m.length > 3 ? m : [...m, 1]; };
	const light = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
	const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; } return [255, 255, 255, 1]; };
	const out = new Set(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n; (n = walk.nextNode());) {
		const e = n.parentElement;
		if (!n.textContent.trim() || !e.getClientRects().length || e.closest("script, style, title")) continue;
		const s = getComputedStyle(e), svg = e.closest("svg"), foreign = e.closest("foreignObject"), before = (foreign || e).previousElementSibling;
		const rect = svg && before?.tagName === "rect" ? parse(getComputedStyle(before).fill) : null;
		const text = light(parse(svg && !foreign ? s.fill : s.color)), back = light(rect || behind(svg || e));
		const ratio = (Math.max(text, back) + .05) / (Math.min(text, back) + .05);
		if (ratio < 4.5) out.add(e.outerHTML.slice(0, 100) + ": contrast " + ratio.toFixed(2));
	}
	return [...out];
})()`
