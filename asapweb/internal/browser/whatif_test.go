package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asapweb"
	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

// serve serves the page of stats, and of its downloads.
func serve(t *testing.T, stats *waterfall.Stats) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/debug/asap/", asapweb.Handler(stats))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// shownPrediction is what the page says after a change.
type shownPrediction struct {
	Makespan string
	Text     string
	Critical []string
	Percents []string
}

const readPrediction = `(() => {
	const out = document.getElementById("prediction");
	const rows = [...document.querySelectorAll("#chart .row.critical:not([aria-expanded])")];
	return {
		makespan: out.dataset.makespan || "", text: out.textContent,
		critical: rows.map(r => r.getAttribute("aria-label").split(", ")[0]),
		percents: [...document.querySelectorAll(".knob output")].map(o => o.textContent),
	};
})()`

// change is one that a person makes in the page; the same is asked of WhatIf.
type change struct {
	Path    string `json:"path"`
	Percent int    `json:"percent"`
	Drop    bool   `json:"drop"`
}

// makeChanges moves sliders and presses buttons of the tasks of those paths.
const makeChanges = `((changes, limit) => {
	if (!document.getElementById("whatif").checked) document.getElementById("whatif").click();
	for (const c of changes) {
		const slider = [...document.querySelectorAll(".knob input")].find(e => e.getAttribute("aria-label") === "time of " + c.path + " in percent");
		if (c.drop) { slider.parentElement.querySelector("button").click(); continue; }
		slider.value = c.percent;
		slider.dispatchEvent(new Event("input"));
	}
	if (limit >= 0) {
		const e = document.getElementById("limit");
		e.value = limit;
		e.dispatchEvent(new Event("input"));
	}
})(%s, %d)`

const sliderPaths = `(() => {
	for (let fold; fold = document.querySelector(".row[aria-expanded=false] .fold");) fold.click();
	document.getElementById("whatif").click();
	return [...document.querySelectorAll(".knob input")].map(e => e.getAttribute("aria-label").slice("time of ".length, -" in percent".length));
})()`

// The sliders predict, in the page, what Predict predicts with the runs of the name that
// are kept, to the nanosecond, with the same critical path: on random runs, with several
// changes at once.
func TestSlidersAgreeWithWhatIf(t *testing.T) {
	stats := new(waterfall.Stats)
	const runs = 60
	for seed := range uint64(runs) {
		stats.Add(randomRun(t, seed))
		stats.Add(randomRunOf(t, seed, false))
	}
	server := serve(t, stats)
	ctx := tab(t, 1000, 800, false)
	learned := 0
	kinds := make(map[string]int)
	for seed := range uint64(runs) {
		run := stats.Run(2*seed + 1)
		do(t, ctx, chromedp.Navigate(fmt.Sprintf("%s/debug/asap/?run=%d", server.URL, run.Number)))
		rnd := rand.New(rand.NewPCG(seed, 22))
		paths := js[[]string](t, ctx, sliderPaths)
		if len(paths) == 0 {
			continue
		}
		var inPage []change
		var inGo []waterfall.Change
		for range 1 + rnd.IntN(3) {
			c := change{Path: paths[rnd.IntN(len(paths))], Percent: 5 * rnd.IntN(41)}
			if slices.ContainsFunc(inPage, func(d change) bool { return d.Path == c.Path }) {
				continue
			}
			if c.Drop = rnd.IntN(5) == 0; c.Drop {
				inGo = append(inGo, waterfall.Drop(c.Path))
				kinds["drop"]++
			} else {
				inGo = append(inGo, waterfall.Speed(c.Path, float64(100-c.Percent)/100))
				kinds["speed"]++
			}
			inPage = append(inPage, c)
		}
		for i := range run.Tasks { // without what failed, others go on
			if t := &run.Tasks[i]; t.Outcome == asap.Failed && slices.Contains(paths, t.Name) && !slices.ContainsFunc(inPage, func(d change) bool { return d.Path == t.Name }) {
				inPage, inGo = append(inPage, change{Path: t.Name, Drop: true}), append(inGo, waterfall.Drop(t.Name))
			}
		}
		limit := -1
		if rnd.IntN(3) == 0 {
			limit = rnd.IntN(5)
			inGo = append(inGo, waterfall.Limit(limit))
			kinds["limit"]++
		}
		want, err := stats.Sample(run.Name, waterfall.SinceStart).Predict(run, inGo...)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(fmt.Sprint(want.Assumes), "other run") {
			learned++
		}
		asked, err := json.Marshal(inPage)
		if err != nil {
			t.Fatal(err)
		}
		js[chromedp.Void](t, ctx, fmt.Sprintf(makeChanges, asked, limit))
		got := js[shownPrediction](t, ctx, readPrediction)
		if got.Makespan != fmt.Sprint(int64(want.Makespan)) {
			t.Errorf("seed %d: %v: the page predicts %s ns, WhatIf %d of %d\n%s", seed, inGo, got.Makespan, want.Makespan, run.Makespan, run.Text(120, false))
			continue
		}
		if text := sentence(want); got.Text != text && got.Text != "" {
			t.Errorf("seed %d: %v: the page says %q, want %q", seed, inGo, got.Text, text)
		} else if got.Text == "" && want.Makespan != want.Baseline {
			t.Errorf("seed %d: %v: the page says nothing of a change from %v to %v", seed, inGo, want.Baseline, want.Makespan)
		}
		if text := awaitAssumed(t, ctx); got.Text != "" && text != condition(want) {
			t.Errorf("seed %d: %v: the page assumes %q, want %q", seed, inGo, text, condition(want))
		}
		if len(want.Assumes) > 0 {
			kinds["assumed"]++
		}
		if critical := criticalPaths(want.Run, run); got.Text != "" && !slices.Equal(sorted(got.Critical), critical) {
			t.Errorf("seed %d: %v: critical in the page %q, by WhatIf %q", seed, inGo, sorted(got.Critical), critical)
		}
		js[chromedp.Void](t, ctx, `document.getElementById("reset").click()`)
		if again := js[shownPrediction](t, ctx, readPrediction); again.Makespan != fmt.Sprint(int64(run.Makespan)) || again.Text != "" {
			t.Errorf("seed %d: after reset the page predicts %s ns and says %q, want the run's %d and nothing", seed, again.Makespan, again.Text, run.Makespan)
		}
	}
	if learned < 3 {
		t.Errorf("%d predictions take something from other runs, want more", learned)
	}
	if kinds["drop"] < 10 || kinds["speed"] < 50 || kinds["limit"] < 10 || kinds["assumed"] < 10 {
		t.Errorf("changes and assumptions tried: %v, want more of each", kinds)
	}
}

// awaitAssumed is what the page says that its prediction rests on, once it knows.
func awaitAssumed(t *testing.T, ctx context.Context) (text string) {
	t.Helper()
	wait(t, ctx, `document.getElementById("assumes").ariaBusy === "false"`)
	return js[string](t, ctx, `document.getElementById("assumes").innerText`)
}

// condition is what a prediction rests on, as the page says it.
func condition(p *waterfall.Prediction) string {
	if len(p.Assumes) == 0 {
		return "Exact, if the bodies do what they did."
	}
	return "If " + strings.Join(p.Assumes, ", and ") + "."
}

func sentence(p *waterfall.Prediction) string {
	text := look.Duration(p.Makespan) + " instead of " + look.Duration(p.Baseline) + ", "
	switch saved := p.Saved(); {
	case saved > 0:
		return text + look.Duration(saved) + " less"
	case saved < 0:
		return text + look.Duration(-saved) + " more"
	}
	return text + "no change"
}

// criticalPaths are the names of the tasks on a run's critical path, with those
// around them, as the page shows them.
// criticalPaths are those of critical tasks, or of what was recorded around them.
func criticalPaths(run, was *waterfall.Run) []string {
	at := make(map[asap.ID]*waterfall.Task)
	for i := range run.Tasks {
		at[run.Tasks[i].ID] = &run.Tasks[i]
	}
	var out []string
	for _, s := range run.CriticalPath() {
		t := at[s.Task]
		for t != nil && !slices.ContainsFunc(was.Tasks, func(o waterfall.Task) bool { return o.ID == t.ID }) {
			t = at[t.Parent]
		}
		if t == nil {
			continue
		}
		path := t.Name
		for p := at[t.Parent]; p != nil; p = at[p.Parent] {
			if p.Group != t.Group { // a Map is in its elements' names
				path = p.Name + "/" + path
			}
			t = p
		}
		if !slices.Contains(out, path) {
			out = append(out, path)
		}
	}
	return sorted(out)
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// The downloaded file is the same page: it works alone, without a server.
func TestDownloadedPage(t *testing.T) {
	stats := new(waterfall.Stats)
	stats.Add(randomRun(t, 3))
	run := stats.Run(1)
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
	ctx := tab(t, 1000, 800, false)
	do(t, ctx, chromedp.Navigate("file://"+file))
	path := js[[]string](t, ctx, sliderPaths)[0]
	want, err := run.WhatIf(waterfall.Speed(path, -1))
	if err != nil {
		t.Fatal(err)
	}
	js[chromedp.Void](t, ctx, fmt.Sprintf(makeChanges, fmt.Sprintf(`[{"path":%q,"percent":200}]`, path), -1))
	if got := js[shownPrediction](t, ctx, readPrediction); got.Makespan != fmt.Sprint(int64(want.Makespan)) || got.Text != sentence(want) {
		t.Errorf("the file predicts %s ns, %q; want %d, %q", got.Makespan, got.Text, want.Makespan, sentence(want))
	}
}

// A slider is moved with the arrow keys, and the button pressed with space.
func TestSlidersByKeyboard(t *testing.T) {
	stats := new(waterfall.Stats)
	stats.Add(randomRun(t, 5))
	run := stats.Run(1)
	server := serve(t, stats)
	ctx := tab(t, 1000, 800, false)
	do(t, ctx, chromedp.Navigate(server.URL+"/debug/asap/?run=1"), chromedp.Focus(chromedp.CSS("#whatif")), chromedp.KeyEvent(" "))
	path := js[string](t, ctx, `(() => { const e = document.querySelector(".knob input"); e.focus(); return e.getAttribute("aria-label"); })()`)
	path = strings.TrimSuffix(strings.TrimPrefix(path, "time of "), " in percent")
	do(t, ctx, chromedp.KeyEvent(strings.Repeat(kb.ArrowLeft, 8)))
	want, err := run.WhatIf(waterfall.Speed(path, 0.4))
	if err != nil {
		t.Fatal(err)
	}
	got := js[shownPrediction](t, ctx, readPrediction)
	if got.Makespan != fmt.Sprint(int64(want.Makespan)) || got.Percents[0] != "60 %" {
		t.Errorf("%s after 8 presses of the left arrow: %s, %s ns; want 60 %%, %d ns", path, got.Percents[0], got.Makespan, want.Makespan)
	}
	do(t, ctx, chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(" "))
	if want, err = run.WhatIf(waterfall.Drop(path)); err != nil {
		t.Fatal(err)
	}
	got = js[shownPrediction](t, ctx, readPrediction)
	if got.Makespan != fmt.Sprint(int64(want.Makespan)) {
		t.Errorf("%s dropped by the keyboard: %s ns, want %d", path, got.Makespan, want.Makespan)
	}
}
