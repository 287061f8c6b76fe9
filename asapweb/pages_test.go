package asapweb_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// A stuck group explains itself: who waits for whom, and since when.
func TestRunningGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		release := stuck(t, stats, "checkout")
		time.Sleep(12 * time.Second)
		h := newHandler(stats)
		contains(t, "the first page", page(t, h, ""),
			`<a id="run-1" href="?run=1">checkout</a>`, `<span class="took">12 s</span>`,
			"<li>bank has been running for 12 s; waiting for it: receipt (for 12 s)</li>",
			`<th scope="row">bank</th><td>runs</td><td>12 s</td>`,
			`<th scope="row">receipt</th><td>waits for <b>bank</b></td><td>12 s</td>`,
			"No group has ended yet")
		contains(t, "the page of the name", page(t, h, "?group=checkout"), `<a id="run-1" href="?run=1">checkout</a>`)
		contains(t, "the page of the run", page(t, h, "?run=1"), "checkout: running for 12 s", `<a href="?run=1">look again</a>`,
			"<li>bank has been running for 12 s; waiting for it: receipt (for 12 s)</li>")
		for _, format := range waterfall.Formats() { // also of a run that goes on
			page(t, h, "?run=1&format="+string(format))
		}
		release()
		body := page(t, h, "")
		contains(t, "the first page afterwards", body, "No group is running at this moment", `<a id="name-checkout" href="?group=checkout&amp;window=10-minutes">checkout</a>`)
		if strings.Contains(page(t, h, "?run=1"), "look again") {
			t.Error("the page of an ended run offers to look again")
		}
	})
}

// A crowd of running groups, and of waiting tasks, is counted but not listed.
func TestACrowd(t *testing.T) {
	stats := new(waterfall.Stats)
	var all []func()
	for range 30 {
		all = append(all, stuck(t, stats, "page"))
	}
	gate := make(chan struct{})
	g := asap.New(t.Context(), asap.Name("wide"), asap.Observe(stats))
	for i := range 40 {
		g.Do(fmt.Sprint("t", i), func(context.Context) error { <-gate; return nil })
	}
	h := newHandler(stats)
	body := page(t, h, "")
	contains(t, "the first page", body, "19 more groups are running.")
	if n := strings.Count(body, `id="run-`); n != 12 {
		t.Errorf("%d running groups are shown, want 12", n)
	}
	contains(t, "the page of the wide group", page(t, h, "?group=wide"), "28 more tasks have not ended")
	close(gate)
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, release := range all {
		release()
	}
}

func TestGroups(t *testing.T) {
	stats := new(waterfall.Stats)
	for i := range 200 {
		outcome, d := asap.Succeeded, 30*time.Millisecond+time.Duration(i)*time.Microsecond
		if i%10 == 0 {
			outcome = asap.Failed
		}
		if i%25 == 0 {
			d *= 8
		}
		stats.Add(checkout("checkout", d, outcome))
	}
	stats.Add(checkout("", 6*time.Millisecond, asap.Succeeded))
	h := newHandler(stats)
	contains(t, "the first page", page(t, h, ""),
		`<a id="name-checkout" href="?group=checkout&amp;window=10-minutes">checkout</a>`, `<a id="name-" href="?group=&amp;window=10-minutes">(no name)</a>`, `<td data-is="failed" class="bad">20</td>`,
		"<b>charge</b>", "the last hour: 200 runs, 20 failed, p99 at most ")
	body := page(t, h, "?group=checkout")
	contains(t, "the page of the name", body, "<dt>runs</dt><dd>200</dd>", `<dt>failed</dt><dd class="bad">20</dd>`,
		"<dt>succeeded</dt><dd>180</dd>", "Slowest runs", "Latest runs", `<span class="bad">failed</span>`,
		`<svg class="strip" height="22" role="img" aria-label="critical path, cart 80.5 ms, charge 161 ms"`)
	contains(t, "the page of the name", body, "latency of 200 runs: half within ", "Failed runs", "Samples")
	if n := len(regexp.MustCompile(`<a href="\?run=\d+">`).FindAllString(body, -1)); n < 5+5+5+2 {
		t.Errorf("the page links to %d runs, want 5 failed, slowest and latest ones, and 2 samples", n)
	}
	contains(t, "the page of no name", page(t, h, group("")), "<h1>(no name)</h1>", "latency of 1 run: ")
}

// Every run is in one bar of the histogram, however long it was.
func TestHistogram(t *testing.T) {
	for name, lengths := range map[string][]time.Duration{
		"none":         {},
		"no time":      {0},
		"one":          {time.Second},
		"the same":     {5e6, 5e6, 5e6},
		"a nanosecond": {1, 2, 3},
		"far apart":    {1, 1e3, 1e6, 1e9, 3600e9, 1 << 62},
		"no time, and": {0, 0, 7e6},
	} {
		stats := new(waterfall.Stats)
		for _, d := range lengths {
			stats.Add(checkout("g", d, asap.Succeeded))
		}
		release := func() {}
		if len(lengths) == 0 {
			release = stuck(t, stats, "g")
		}
		body := page(t, newHandler(stats), "?group=g")
		release()
		sum := 0
		for _, m := range regexp.MustCompile(`<title>(\d+) runs? from`).FindAllStringSubmatch(body, -1) {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				t.Fatal(err)
			}
			sum += n
		}
		if sum != len(lengths) || strings.Contains(body, "NaN") || strings.Contains(body, "Inf") {
			t.Errorf("%s: the bars have %d runs, want %d:\n%s", name, sum, len(lengths), withoutAssets(body))
		}
		for _, m := range regexp.MustCompile(`(?:x|width)="(-?[\d.]+)%"`).FindAllStringSubmatch(body, -1) {
			if f, err := strconv.ParseFloat(m[1], 64); err != nil || f < 0 || f > 100.01 {
				t.Errorf("%s: something is drawn at %s %%", name, m[1])
			}
		}
		if n := strings.Count(body, `class="tick"`); n > 9 || n < 2 && len(lengths) > 0 && lengths[len(lengths)-1] > time.Microsecond {
			t.Errorf("%s: the scale has %d labels, want 2 to 9, with 2 of the time", name, n)
		}
	}
}

// A download is what Write gives, under a name that ends as it should.
func TestDownloads(t *testing.T) {
	stats := new(waterfall.Stats)
	stats.Add(checkout("home/../\"x\"", 30*time.Millisecond, asap.Failed))
	h := newHandler(stats)
	run := stats.Run(1)
	for format, ending := range map[waterfall.Format]string{
		waterfall.Text: "txt", waterfall.SVG: "svg", waterfall.HTML: "html", waterfall.JSON: "json",
		waterfall.Perfetto: "perfetto.json", waterfall.Mermaid: "mmd", waterfall.DOT: "dot", waterfall.PProf: "pb.gz",
	} {
		w := get(t, h, "?run=1&format="+string(format))
		var want bytes.Buffer
		if err := run.Write(&want, format); err != nil {
			t.Fatal(err)
		}
		if w.Code != http.StatusOK || w.Body.String() != want.String() || w.Header().Get("Content-Type") != format.MediaType() {
			t.Errorf("%s: %d as %s, %d bytes; want 200 as %s, the %d bytes of Write", format, w.Code, w.Header().Get("Content-Type"), w.Body.Len(), format.MediaType(), want.Len())
		}
		kind, params, err := mime.ParseMediaType(w.Header().Get("Content-Disposition"))
		if name := "home-----x-run-1." + ending; err != nil || kind != "attachment" || params["filename"] != name {
			t.Errorf("%s: %s %v, %v, want an attachment %s", format, kind, params, err, name)
		}
		contains(t, "the page of the run", page(t, h, "?run=1"), fmt.Sprintf(`<a href="?run=1&amp;format=%s" download>%s</a>`, format, format))
	}
	if got, err := waterfall.ReadJSON(get(t, h, "?run=1&format=json").Body); err != nil || got.Makespan != run.Makespan {
		t.Errorf("the JSON is read back as %+v, %v", got, err)
	}
	if len(waterfall.Formats()) != 8 {
		t.Errorf("there are %d formats, and this test knows 8", len(waterfall.Formats()))
	}
}

// Markup in names and errors is text on every page and in every download.
func TestMarkupStaysText(t *testing.T) {
	for _, bad := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'><svg onload=alert(1)>`, `</title></style></script><b>`,
		`{{.}}`, "`${alert(1)}`", "javascript:alert(1)", "a\u202eb\x00\x1b[31m\u2028", "&lt;b&gt;", "--><!--", "\xff\xfe",
	} {
		stats := new(waterfall.Stats)
		run := checkout(bad, 30*time.Millisecond, asap.Failed)
		for i := range run.Tasks {
			run.Tasks[i].Name = bad + strconv.Itoa(i)
		}
		run.Tasks[2].Err, run.Groups[0].Err, run.Notes = bad, bad, []string{bad}
		stats.Add(run)
		gate := make(chan struct{})
		g := asap.New(t.Context(), asap.Name(bad), asap.Observe(stats))
		first := g.Go(bad, func(context.Context) (int, error) { <-gate; return 1, nil })
		first.Then(bad, func(context.Context, int) (int, error) { return 1, nil })
		h := newHandler(stats)
		queries := []string{"", group(bad), group(bad) + "&against=hour&sort=task", "?run=1", "?run=1&with=2", "?run=2", "?run=1&format=html", "?run=1&format=svg", "?group=" + "x" + strings.TrimPrefix(group(bad), "?group="),
			"?sort=" + strings.TrimPrefix(group(bad), "?group="), "?group=g&window=" + strings.TrimPrefix(group(bad), "?group=")}
		for _, query := range queries {
			w := get(t, h, query, func(r *http.Request) { r.Header.Set("Accept", "text/html") })
			body := strings.ToLower(withoutScripts(withoutAssets(w.Body.String())))
			for _, raw := range []string{"<script>alert", "<img", "<svg onload", "onerror=alert(1)>", "<b>\"", "--><!--", "\x00", "\x1b", "\u202e"} {
				if strings.Contains(body, raw) {
					t.Errorf("%q is markup in %s: %q", bad, query, raw)
				}
			}
			if n, want := strings.Count(w.Body.String(), "</script>"), map[bool]int{true: 4, false: 1}[strings.Contains(query, "run=")]; n > want {
				t.Errorf("%q: %s closes %d scripts, want its own %d", bad, query, n, want)
			}
		}
		// Its link leads back to it.
		m := regexp.MustCompile(`<a id="name-[^"]*" href="(\?group=[^"]*)"`).FindStringSubmatch(page(t, h, ""))
		if m == nil {
			t.Fatalf("%q: the first page has no link", bad)
		}
		contains(t, "the page behind the link", page(t, h, html.UnescapeString(m[1])), "<dt>runs</dt><dd>1</dd>")
		close(gate)
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

// Pages are made while groups run, from many clients at once; the groups go on.
func TestPagesWhileGroupsRun(t *testing.T) {
	stats := new(waterfall.Stats)
	h := newHandler(stats)
	var groups, clients sync.WaitGroup
	done := make(chan struct{})
	for worker := range 4 {
		groups.Go(func() {
			for i := range 100 {
				g := asap.New(t.Context(), asap.Name(fmt.Sprint("g", worker)), asap.Observe(stats), asap.Limit(2))
				a := g.Go("a", func(context.Context) ([]int, error) { return []int{1, 2, 3}, nil })
				g.Map("m", a, func(context.Context, int) (int, error) { return i, nil })
				if err := g.Wait(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for client := range 6 {
		clients.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				query := []string{"", "?group=g1", "?run=" + strconv.Itoa(1+i), "?run=" + strconv.Itoa(1+i) + "&format=json", "?group=g2&window=minute&against=hour", fmt.Sprintf("?run=%d&with=%d", 1+i, 2+i)}[(i+client)%6]
				if w := get(t, h, query); w.Code != 200 && w.Code != 404 {
					t.Errorf("GET %s = %d %s", query, w.Code, w.Body)
				}
			}
		})
	}
	groups.Wait()
	close(done)
	clients.Wait()
	for worker := range 4 {
		if r := stats.Report(fmt.Sprint("g", worker), waterfall.SinceStart); r.Runs != 100 {
			t.Errorf("g%d has %d runs, want 100", worker, r.Runs)
		}
	}
}

// A client who goes away while it waits for its turn does not hold a place.
func TestSlots(t *testing.T) {
	stats := new(waterfall.Stats)
	stats.Add(checkout("home", 3e6, asap.Succeeded))
	h := newHandler(stats)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		w := get(t, h, "", func(r *http.Request) { *r = *r.WithContext(ctx) })
		if w.Code != http.StatusOK && w.Code != http.StatusServiceUnavailable {
			t.Errorf("GET with a dead context = %d %s, want 200 or 503", w.Code, w.Body)
		}
	}
	page(t, h, "")
}

// Numbers stay on the lines of their units, in all sentences.
func TestNumbersAreUnbroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		h := newHandler(stats)
		feed(stats, 20*minute, 5*time.Second, func(int) *waterfall.Run { return shop("checkout", 25e6, 40e6, "") })
		feed(stats, minute, 5*time.Second/4, func(int) *waterfall.Run { return shop("checkout", 75e6, 40e6, "") })
		release := stuck(t, stats, "checkout")
		time.Sleep(12 * time.Second)
		last := stats.Report("checkout", waterfall.Minute).Latest[0].Number
		for _, tt := range []struct {
			query    string
			numbers  int // at least
			sections string
		}{
			{"", 6, `(?s)<section class="verdict.*?</section>|<article.*?</article>|<td class="text".*?</td>`},
			{"?group=checkout", 6, `(?s)<section class="verdict.*?</section>|<article.*?</article>|<p.*?</p>`},
			{"?group=checkout&window=minute&against=hour", 4, `(?s)<li>.*?</li>`},
			{fmt.Sprintf("?run=%d&with=1", last), 4, `(?s)<li>.*?</li>`},
		} {
			body, n := get(t, h, tt.query).Body.String(), 0
			for _, section := range regexp.MustCompile(tt.sections).FindAllString(body, -1) {
				text := regexp.MustCompile(`<td[^>]*>[^<]*</td>|<span class="took">.*?</span>|<[^>]*>`).ReplaceAllString(section, "") // those are on one line
				n += len(regexp.MustCompile(`\d\x{a0}(ns|µs|ms|s|%)`).FindAllString(text, -1))
				if broken := regexp.MustCompile(`.{0,20}\d ((ns|µs|ms|s)\b|%).{0,20}`).FindString(text); broken != "" {
					t.Errorf("GET %s: %q may be broken between number and unit", tt.query, broken)
				}
			}
			if n < tt.numbers {
				t.Errorf("GET %s: %d numbers with units, want %d or more", tt.query, n, tt.numbers)
			}
		}
		release()
	})
}

// A page has many links, and a name may be very long: what it leads to is found all the same.
func TestVeryLongNames(t *testing.T) {
	stats := new(waterfall.Stats)
	h := newHandler(stats)
	long := strings.Repeat("é", 200_000)
	for _, name := range []string{long, long + "b"} {
		run := shop(name, 5e6, 5e6, "")
		run.Tasks[0].Name = name
		stats.Add(run)
	}
	stats.Add(shop(long+"b", 5e6, 5e6, strings.Repeat("x", 100_000)))
	release := stuck(t, stats, long+"live")
	defer release()
	body := page(t, h, "")
	links := regexp.MustCompile(`href="(\?group=[^"]*)"`).FindAllStringSubmatch(body, -1)
	var runs []string
	for _, l := range links[:2] {
		of := page(t, h, html.UnescapeString(l[1]))
		runs = append(runs, regexp.MustCompile(`<dt>runs</dt><dd>(\d+)`).FindStringSubmatch(of)[1])
		if len(of) > 200_000 {
			t.Errorf("the page of a name has %d bytes", len(of))
		}
	}
	slices.Sort(runs)
	if fmt.Sprint(runs) != "[1 2]" || len(body) > 100_000 {
		t.Errorf("the first page has %d bytes, and its links lead to names with %v runs, want [1 2]", len(body), runs)
	}
	live := regexp.MustCompile(`href="(\?group=[^"]*)"`).FindStringSubmatch(page(t, h, "?run=4"))
	if live == nil || !strings.Contains(page(t, h, html.UnescapeString(live[1])), "Running now") {
		t.Errorf("the link %.200q does not lead to the group that runs", live)
	}
	if w := get(t, h, "?group=a…0123456789abcdef"); w.Code != http.StatusNotFound {
		t.Errorf("a name that there is not: %d, want 404", w.Code)
	}
}

// Elements of a Map that wait for the same are one line of who waits for whom.
func TestElementsThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		gate := make(chan struct{})
		g := asap.New(t.Context(), asap.Name("home"), asap.Observe(stats))
		bank := g.Go("bank", func(context.Context) (int, error) { <-gate; return 1, nil })
		g.Map("price", g.Input("items", make([]int, 40)), func(ctx context.Context, _ int) (int, error) { return bank.Await(ctx) })
		time.Sleep(12 * time.Second)
		contains(t, "the page", page(t, newHandler(stats), ""), `<th scope="row">bank</th><td>runs</td>`,
			`<th scope="row">price[] ×40</th><td>waits for <b>bank</b></td><td>12 s</td></tr></tbody></table>`)
		close(gate)
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
}

// What has happened since the program began is within the picture, a moment after that.
func TestTimelineOfAFreshProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		stats.Add(shop("checkout", 5e6, 5e6, ""))
		for range 3 {
			bars := regexp.MustCompile(`<rect class="p99" x="([\d.]+)%" y="\d+" width="([\d.]+)%"`).FindAllStringSubmatch(page(t, newHandler(stats), "?group=checkout"), -1)
			if len(bars) != 1 {
				t.Fatalf("%d bars, want 1", len(bars))
			}
			x, err1 := strconv.ParseFloat(bars[0][1], 64)
			width, err2 := strconv.ParseFloat(bars[0][2], 64)
			if err1 != nil || err2 != nil || width <= 0 || x+width > 100 {
				t.Errorf("after %v a bar is drawn from %v %% on, %v %% wide", time.Now(), x, width)
			}
			time.Sleep(3 * time.Second)
		}
	})
}

func TestAnUnknownBuildBefore(t *testing.T) {
	before, stats := new(waterfall.Stats), new(waterfall.Stats)
	for range 50 {
		before.Add(shop("checkout", 25e6, 40e6, ""))
		stats.Add(shop("checkout", 75e6, 40e6, ""))
	}
	summary := before.Summary(waterfall.SinceStart)
	summary.Build = waterfall.Build{}
	for i := range summary.Reports {
		summary.Reports[i].Build = summary.Build
	}
	stats.SetBefore(summary)
	h := newHandler(stats)
	contains(t, "the page of the name", page(t, h, "?group=checkout"), `&amp;against=build">the build before</a>`, ", with an unknown build ")
	contains(t, "the comparison", page(t, h, "?group=checkout&window=since-start&against=build"), "<b>an unknown build</b>")
}

// Runs that wait for thousands of tasks one after the other are strips all the same: what
// is too narrow to be seen is not told apart.
func TestStripsOfManySteps(t *testing.T) {
	stats := new(waterfall.Stats)
	const n = 3000
	for range 8 {
		r := &waterfall.Run{Name: "chain", Ended: true, Makespan: (n + 1000) * 1e6, Groups: []waterfall.Group{{ID: 1, Name: "chain", End: (n + 1000) * 1e6, Outcome: asap.Succeeded}}}
		at := time.Duration(0)
		for i := range n {
			d := time.Duration(1e6)
			if i == n/2 {
				d = 1001e6
			}
			task := waterfall.Task{ID: asap.ID(i + 2), Group: 1, Name: fmt.Sprintf("step%c", 'a'+i%26), Outcome: asap.Succeeded}
			if i > 0 {
				task.Deps = []asap.ID{asap.ID(i + 1)}
				task.Pieces = append(task.Pieces, waterfall.Piece{State: waterfall.Blocked, End: at, On: asap.ID(i + 1)})
			}
			task.Pieces = append(task.Pieces, waterfall.Piece{State: waterfall.Running, Start: at, End: at + d})
			r.Tasks = append(r.Tasks, task)
			at += d
		}
		stats.Add(r)
	}
	body := page(t, newHandler(stats), "?group=chain")
	strips := strings.Count(body, `<svg class="strip"`)
	parts := strings.Count(body, `class="running"`)
	if strips < 5 || parts < 3*strips || parts > 200*strips || len(body) > 500_000 {
		t.Errorf("%d strips have %d parts, and the page %d bytes", strips, parts, len(body))
	}
	contains(t, "the page", body, " steps: ", ", the last step", "running: 1 s</title>")
}
