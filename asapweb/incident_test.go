package asapweb_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// shop is a run of two tasks in a row, quote and charge; if err is not empty, charge
// fails with it.
func shop(name string, quote, charge time.Duration, err string) *waterfall.Run {
	o := asap.Succeeded
	if err != "" {
		o = asap.Failed
	}
	d := quote + charge
	return &waterfall.Run{
		Name: name, Makespan: d, Ended: true, Began: time.Now().Add(-d),
		Groups: []waterfall.Group{{ID: 1, Name: name, End: d, Outcome: o, Err: err}},
		Tasks: []waterfall.Task{
			{ID: 2, Group: 1, Name: "quote", Outcome: asap.Succeeded, Pieces: []waterfall.Piece{{State: waterfall.Running, End: quote}}},
			{ID: 3, Group: 1, Name: "charge", Outcome: o, Err: err, Deps: []asap.ID{2}, Pieces: []waterfall.Piece{
				{State: waterfall.Blocked, End: quote, On: 2}, {State: waterfall.Running, Start: quote, End: d}}},
		},
	}
}

// verdict is what the page says first, as text.
func verdict(t *testing.T, h http.Handler, query string) string {
	t.Helper()
	body := page(t, h, query)
	_, rest, _ := strings.Cut(body, `<section class="verdict`)
	rest, _, found := strings.Cut(rest, "</section>")
	if !found {
		t.Fatalf("GET %s: the page has no verdict:\n%s", query, withoutAssets(body))
	}
	_, rest, _ = strings.Cut(rest, ">")
	text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(strings.ReplaceAll(rest, "</li>", "\n"), "")
	return strings.ReplaceAll(strings.TrimSpace(regexp.MustCompile(` +`).ReplaceAllString(text, " ")), "&#43;", "+")
}

const minute = time.Minute

// feed adds a run every so often, for so long.
func feed(stats *waterfall.Stats, d, every time.Duration, run func(i int) *waterfall.Run) {
	for i := range int(d / every) {
		time.Sleep(every)
		stats.Add(run(i))
	}
}

// After 48 hours of 10 ms, a minute of 80 ms is seen at once: that it is slower,
// since when, and for which task.
func TestAMinuteOf80ms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		h := newHandler(stats)
		usual := func(int) *waterfall.Run { return shop("checkout", 6e6, 4e6, "") }
		feed(stats, 47*time.Hour, 5*minute, usual)
		feed(stats, time.Hour-10*minute, 10*time.Second, usual)
		feed(stats, 10*minute, time.Second, usual)
		if got := verdict(t, h, ""); !strings.HasPrefix(got, "Green no group is stuck") {
			t.Errorf("after 48 hours: %s, want green", got)
		}
		since := time.Now()
		feed(stats, 20*time.Second, time.Second, func(int) *waterfall.Run { return shop("checkout", 76e6, 4e6, "") })
		want := regexp.MustCompile(`^Slower since (\S+)\s+checkout p99 \+7\d ms, from 10(\.\d)? ms to 8\d(\.\d)? ms: quote explains (6|7)\d(\.\d)? ms since (\S+)`)
		for range 4 { // during the minute
			got := verdict(t, h, "")
			m := want.FindStringSubmatch(got)
			if m == nil {
				t.Fatalf("%v into the slow minute: %s, want %v", time.Since(since), got, want)
			}
			at, err := time.ParseInLocation("15:04:05", m[1], time.Local)
			if err != nil {
				t.Fatal(err)
			}
			if off := at.Sub(time.Date(0, 1, 1, since.Hour(), since.Minute(), since.Second(), 0, time.Local)); off.Abs() > 10*time.Second {
				t.Errorf("slower since %s, want about %s", m[1], since.Format("15:04:05"))
			}
			feed(stats, 10*time.Second, time.Second, func(int) *waterfall.Run { return shop("checkout", 76e6, 4e6, "") })
		}
		contains(t, "the last minute", page(t, h, "?window=minute"), `<tr class="degraded">`, `<td data-is="p50">80 ms</td>`)
		contains(t, "the comparison", page(t, h, "?group=checkout&window=minute&against=since-start"),
			"&#43;70 ms", "quote explains", "beside a usual one before", `<th scope="row">quote</th><td data-is="p99 by" class="bad">&#43;70 ms</td>`)
		feed(stats, 2*minute, time.Second, usual)
		if got := verdict(t, h, ""); !strings.HasPrefix(got, "Green") {
			t.Errorf("two minutes after: %s, want green", got)
		}
	})
}

// An incident that goes on stays one, since the same moment: for an hour, and
// beside all before after that.
func TestAnIncidentThatGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		h := newHandler(stats)
		rnd := newRand()
		feed(stats, 6*time.Hour, 4*time.Second, func(int) *waterfall.Run {
			return shop("checkout", rnd.latency(20e6), rnd.latency(30e6), "")
		})
		began := time.Now().Truncate(10 * minute)
		for at := time.Duration(0); at < 90*minute; at += 6 * minute {
			feed(stats, 6*minute, 2*time.Second, func(i int) *waterfall.Run {
				d := rnd.latency(20e6)
				if i%4 == 0 {
					return shop("checkout", d, rnd.latency(30e6), "charge: refused")
				}
				return shop("checkout", d+60e6, rnd.latency(30e6), "")
			})
			got := verdict(t, h, "")
			lines := strings.Split(strings.ReplaceAll(got, "\n\n", "\n"), "\n")
			if len(lines) != 3 || !strings.HasPrefix(got, "Red") || !strings.Contains(lines[1], "runs failed") || !strings.Contains(lines[2], "quote explains") {
				t.Errorf("%v into the incident: %s, want red, with what fails and what is slower", at+6*minute, got)
			}
			for _, line := range lines[1:] {
				since, err := time.ParseInLocation("15:04:05", line[strings.LastIndex(line, " ")+1:], time.Local)
				off := since.Sub(time.Date(0, 1, 1, began.Hour(), began.Minute(), began.Second(), 0, time.Local)).Abs()
				if err != nil || at < 50*minute && off > minute || off > 70*minute {
					t.Errorf("%v into the incident: %s, want since %s", at+6*minute, line, began.Format("15:04:05"))
				}
			}
		}
	})
}

// A program that has just begun has nothing to be compared with; what fails
// nearly always is red all the same.
func TestAFreshProgramThatFails(t *testing.T) {
	stats := new(waterfall.Stats)
	for range 8 {
		stats.Add(shop("checkout", 6e6, 4e6, "charge: no route to host"))
	}
	if got := verdict(t, newHandler(stats), ""); !strings.Contains(got, "8 of 8 runs failed: charge no route to host") || !strings.HasPrefix(got, "Red") {
		t.Errorf("verdict: %s, want red with the error", got)
	}
}

// Runs that fail more than before make it red, with the task and its error, and
// the failed runs can be opened.
func TestRunsThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		h := newHandler(stats)
		feed(stats, 40*minute, 2*time.Second, func(i int) *waterfall.Run {
			if i%50 == 0 {
				return shop("checkout", 6e6, 4e6, "charge: card declined")
			}
			return shop("checkout", 6e6, 4e6, "")
		})
		if got := verdict(t, h, ""); !strings.HasPrefix(got, "Green") {
			t.Errorf("2 %% of runs fail, as ever: %s, want green", got)
		}
		feed(stats, 30*time.Second, time.Second, func(i int) *waterfall.Run {
			if i%3 == 0 {
				return shop("checkout", 6e6, 4e6, "charge: dial tcp 10.0.3.17:443: <connection> refused")
			}
			return shop("checkout", 6e6, 4e6, "")
		})
		got := verdict(t, h, "")
		if !regexp.MustCompile(`^Red since \S+\s+checkout 1\d of \d+ runs failed, before \d+ of \d+: charge dial tcp 10.0.3.17:443: &lt;connection&gt; refused since`).MatchString(got) {
			t.Errorf("a third of runs fail: %s, want red with the task and its error", got)
		}
		body := page(t, h, "?group=checkout&window=minute")
		contains(t, "the page of the name", body, "Failed runs", "dial tcp 10.0.3.17:443: &lt;connection&gt; refused", `<tr class="err">`)
		m := regexp.MustCompile(`(?s)Failed runs.*?href="\?run=(\d+)"`).FindStringSubmatch(body)
		if m == nil {
			t.Fatal("the page has no failed run")
		}
		contains(t, "the failed run", page(t, h, "?run="+m[1]), "checkout: failed after 10 ms", "compare with a usual run")
	})
}

// Groups that are stuck come first and in red, measured against the p99 of their
// name; those that are as old as others get are not.
func TestStuckGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		h := newHandler(stats)
		for range 200 {
			stats.Add(shop("checkout", 90e6, 45e6, ""))
			stats.Add(shop("batch", time.Hour, time.Hour, ""))
		}
		releaseBatch := stuck(t, stats, "batch")
		time.Sleep(2 * time.Second)
		var all []func()
		for range 3 {
			all = append(all, stuck(t, stats, "checkout"))
			time.Sleep(10 * time.Millisecond)
		}
		releaseServer := stuck(t, stats, "server")
		synctest.Wait()
		if got := verdict(t, h, ""); !strings.HasPrefix(got, "Green") {
			t.Errorf("when all are young: %s, want green", got)
		}
		time.Sleep(4170 * time.Millisecond)
		body := page(t, h, "")
		got := verdict(t, h, "")
		if want := "Red since " + time.Now().Add(-4200*time.Millisecond).Format("15:04:05") + "\ncheckout 3 runs hang on bank, the longest for 4.2 s, 31 × its p99 of 135 ms since"; !strings.HasPrefix(got, want) {
			t.Errorf("verdict: %s, want %s", got, want)
		}
		contains(t, "the first page", body, `<article class="run stuck"><h3><a id="run-402"`, `<span class="overdue">31 × its p99 of 135 ms</span>`,
			`<article class="run"><h3><a id="run-401" href="?run=401">batch</a>`, `<span class="overdue">no run of the name has succeeded yet</span>`, "hang as well")
		if strings.Index(body, `id="run-402"`) > strings.Index(body, `id="run-401"`) {
			t.Error("the stuck group comes after the older one that is not")
		}
		if n := strings.Count(body, `class="run stuck"`); n != 1 {
			t.Errorf("%d groups are told of at length, want 1 of each name", n)
		}
		releaseBatch()
		releaseServer()
		for _, release := range all {
			release()
		}
	})
}

// By luck alone nothing is red: many services, each the same as ever.
func TestNoFalseAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		h := newHandler(stats)
		rnd := newRand()
		for i := range 20 {
			name := fmt.Sprint("g", i)
			rate := 0.03 * float64(i%4)
			feed(stats, 30*minute, 3*time.Second, func(int) *waterfall.Run {
				err := ""
				if rnd.Float64() < rate {
					err = "boom"
				}
				return shop(name, rnd.latency(20e6), rnd.latency(30e6), err)
			})
			if got := verdict(t, h, ""); !strings.HasPrefix(got, "Green") {
				t.Errorf("%s: %s, want green", name, got)
			}
		}
	})
}

// Rows are sorted by what the query says, and headings lead to the other way
// round; without a script.
func TestSorting(t *testing.T) {
	stats := new(waterfall.Stats)
	for i, name := range []string{"b", "a", "c"} {
		for range 3 + i {
			stats.Add(shop(name, time.Duration(10-i)*1e6, 1e6, ""))
		}
	}
	h := newHandler(stats)
	order := func(query string) string {
		var names []string
		for _, m := range regexp.MustCompile(`<tr class="green"><th scope="row"><a [^>]*>(\w)</a>`).FindAllStringSubmatch(page(t, h, query), -1) {
			names = append(names, m[1])
		}
		return strings.Join(names, "")
	}
	for query, want := range map[string]string{
		"": "abc", "?sort=name": "abc", "?sort=name&order=down": "cba", "?sort=runs": "cab", "?sort=runs&order=up": "bac", "?sort=p99": "bac", "?sort=p99&order=up": "cab",
	} {
		if got := order(query); got != want {
			t.Errorf("GET %s: rows %s, want %s", query, got, want)
		}
	}
	body := page(t, h, "?window=hour&sort=p99")
	contains(t, "the sorted page", body,
		`<th scope="col" class="number" aria-sort="descending"><a href="?window=hour&amp;sort=p99&amp;order=up">p99</a>`,
		`<a href="?window=hour&amp;sort=runs&amp;order=down">runs</a>`, `<a href="?window=minute&amp;sort=p99&amp;order=down">minute</a>`)
	body = page(t, h, "?group=a&sort=task&order=down")
	if strings.Index(body, `<th scope="row">quote`) > strings.Index(body, `<th scope="row">charge`) {
		t.Error("tasks are not sorted from z to a")
	}
}

// Two runs beside each other: each task on one line, with what makes the
// difference in words.
func TestPair(t *testing.T) {
	stats := new(waterfall.Stats)
	stats.Add(shop("checkout", 25e6, 40e6, ""))
	stats.Add(shop("checkout", 75e6, 40e6, ""))
	other := shop("other", 75e6, 40e6, "boom")
	other.Tasks[0].Name = "<b>quote"
	stats.Add(other)
	h := newHandler(stats)
	contains(t, "the pair", page(t, h, "?run=2&with=1"), "run 2 beside run 1", "<li>Run 2 took 115 ms, run 1 65 ms: 50 ms more.</li>",
		"<li>quote explains 50 ms: it ran for 75 ms instead of 25 ms, and as before the run would have taken 65 ms.</li>",
		`aria-label="quote: 75 ms in run 2, 25 ms in run 1"`, `<a href="?run=1&amp;with=2">the other way round</a>`,
		`<th scope="row">quote</th><td data-is="took">25 ms → 75 ms</td><td data-is="critical" class="bad">&#43;50 ms</td><td data-is="as before">−50 ms</td>`)
	contains(t, "the other way round", page(t, h, "?run=1&with=2"), "50 ms less.")
	contains(t, "with itself", page(t, h, "?run=1&with=1"), "the same.", "The critical paths are the same.")
	contains(t, "different groups", page(t, h, "?run=3&with=1"), "They are runs of different groups, other and checkout", "Only run 3 waited for &lt;b&gt;quote (75 ms).",
		"Only run 1 waited for quote (25 ms).", `<span class="bad">failed</span>`)
}

// A large Map is one line of two runs, a small one a line for each element, and
// what differs least is left out of many.
func TestPairOfWideRuns(t *testing.T) {
	wide := func(n int, each time.Duration) *waterfall.Run {
		r := shop("wide", 1e6, each, "")
		r.Tasks = r.Tasks[:1]
		r.Tasks = append(r.Tasks, waterfall.Task{ID: 3, Group: 1, Name: "item", Outcome: asap.Succeeded, Deps: []asap.ID{2}, Pieces: []waterfall.Piece{{State: waterfall.Blocked, End: 1e6 + each, On: 2}}})
		for i := range n {
			r.Tasks = append(r.Tasks, waterfall.Task{ID: asap.ID(10 + i), Group: 1, Parent: 3, Name: fmt.Sprintf("item[%d]", i), Outcome: asap.Succeeded, Pieces: []waterfall.Piece{
				{State: waterfall.Queued, End: 1e6}, {State: waterfall.Running, Start: 1e6, End: 1e6 + each}}})
		}
		return r
	}
	many := func(d time.Duration) *waterfall.Run {
		r := &waterfall.Run{Name: "many", Ended: true, Makespan: 99e6 + d, Groups: []waterfall.Group{{ID: 1, Name: "many", End: 99e6 + d, Outcome: asap.Succeeded}}}
		for i := range 100 {
			end := time.Duration(i) * 1e6
			if i == 7 {
				end = 99e6 + d
			}
			r.Tasks = append(r.Tasks, waterfall.Task{ID: asap.ID(10 + i), Group: 1, Name: fmt.Sprint("t", i), Outcome: asap.Succeeded, Pieces: []waterfall.Piece{{State: waterfall.Running, End: max(1, end)}}})
		}
		return r
	}
	stats := new(waterfall.Stats)
	for _, r := range []*waterfall.Run{wide(4, 5e6), wide(4, 9e6), wide(4000, 5e6), many(1e6), many(50e6)} {
		if err := r.Validate(); err != nil {
			t.Fatal(err)
		}
		stats.Add(r)
	}
	h := newHandler(stats)
	contains(t, "four elements", page(t, h, "?run=2&with=1"), `aria-label="item[3]: 9 ms in run 2, 5 ms in run 1"`)
	body := page(t, h, "?run=3&with=1")
	contains(t, "thousands of elements", body, `<span class="name">item[] ×4000</span>`)
	if len(body) > 400_000 {
		t.Errorf("the page of 4000 elements has %d bytes, want less than 400,000", len(body))
	}
	body = page(t, h, "?run=5&with=4")
	contains(t, "many tasks", body, "40 more tasks, which differ less", `aria-label="t7: `)
}

// A name's page says what a last error was of, with a link to the run.
func TestLastErrorOfATask(t *testing.T) {
	stats := new(waterfall.Stats)
	g := asap.New(t.Context(), asap.Name("home"), asap.Observe(stats))
	g.Do("load", func(context.Context) error { return errors.New("disk full") })
	if err := g.Wait(); err == nil {
		t.Fatal("Wait = nil, want the failure")
	}
	h := newHandler(stats)
	contains(t, "the first page", page(t, h, ""), `<b>load</b> disk full <span class="soft nowrap">`, `<a href="?run=1">run 1</a>`)
	contains(t, "the page of the name", page(t, h, "?group=home"), `class="text error">disk full <span`)
}

// A window without a run says so, and leaves the name its row.
func TestAnEmptyWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		stats.Add(shop("checkout", 5e6, 5e6, ""))
		time.Sleep(3 * time.Hour)
		h := newHandler(stats)
		contains(t, "the first page", page(t, h, "?window=minute"), "none has ended in this window")
		contains(t, "the page of the name", page(t, h, "?group=checkout&window=minute"), "<dt>runs</dt><dd>0</dd>")
		contains(t, "the comparison", page(t, h, "?group=checkout&window=minute&against=hour"), "There is nothing to compare: no run ended in last minute.")
		contains(t, "since start", page(t, h, "?window=since-start"), `<td data-is="runs">1</td>`)
	})
}

// A window beside the build before, of which a summary is known.
func TestTheBuildBefore(t *testing.T) {
	before, stats := new(waterfall.Stats), new(waterfall.Stats)
	for range 50 {
		before.Add(shop("checkout", 25e6, 40e6, ""))
		stats.Add(shop("checkout", 75e6, 40e6, ""))
	}
	summary := before.Summary(waterfall.SinceStart)
	summary.Build = waterfall.Build{Version: "v1.2.3<b>"}
	for i := range summary.Reports {
		summary.Reports[i].Build = summary.Build
	}
	stats.SetBefore(summary)
	h := newHandler(stats)
	contains(t, "the page of the name", page(t, h, "?group=checkout"), `<a href="?group=checkout&amp;window=10-minutes&amp;against=build">the build before, v1.2.3&lt;b&gt;</a>`)
	contains(t, "the comparison", page(t, h, "?group=checkout&window=since-start&against=build&sort=p50"),
		"<b>build v1.2.3&lt;b&gt;</b>", "quote explains 50 ms", `<th scope="row">p50</th><td>115 ms</td><td class="soft">65 ms</td><td class="bad">&#43;50 ms</td>`,
		`<a href="?group=checkout&amp;window=hour&amp;against=build">hour</a>`)
}

// A running group of very many tasks is on a line of the first page without a look at
// each of them.
func TestManyTasksThatRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		done := make(chan bool)
		var groups []*asap.Group
		for _, n := range []int{3000, 3, 3, 3} {
			g := asap.New(t.Context(), asap.Name(fmt.Sprint("of ", n)), asap.Observe(stats))
			for i := range n {
				g.Do("call", func(context.Context) error {
					if i > 0 {
						<-done
					}
					return nil
				})
			}
			groups = append(groups, g)
		}
		synctest.Wait()
		body := get(t, newHandler(stats), "").Body.String()
		close(done)
		for _, g := range groups {
			if err := g.Wait(); err != nil {
				t.Error(err)
			}
		}
		if !strings.Contains(body, "2999 of its 3000 tasks") || strings.Contains(body, "of its 3 tasks") || strings.Count(body, `<td class="text">call`) != 3 {
			t.Errorf("the page says of groups that run: %s", withoutAssets(body))
		}
	})
}
