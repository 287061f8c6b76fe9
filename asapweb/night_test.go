package asapweb_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// shopService answers requests with groups of real tasks, and can be told what goes wrong.
type shopService struct {
	stats         *waterfall.Stats
	rnd           *rand.Rand
	quote, charge time.Duration
	chargeFails   float64 // share of requests
	adsFail       float64
	legacyFails   float64
	clientsLeave  float64
	deadline      time.Duration
	panics        string
}

func newShopService(stats *waterfall.Stats) *shopService {
	return &shopService{stats: stats, rnd: rand.New(rand.NewPCG(1, 2)), quote: 20 * time.Millisecond, charge: 40 * time.Millisecond}
}

func (s *shopService) about(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*s.rnd.Float64()))
}

// body is a call that takes so long and then fails with a text, if that is not empty.
func body(d time.Duration, fails string) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		if fails != "" {
			return 0, errors.New(fails)
		}
		return 1, nil
	}
}

func (s *shopService) sometimes(share float64, text string) string {
	if s.rnd.Float64() < share {
		return text
	}
	return ""
}

// request begins a request, and returns what waits for it.
func (s *shopService) request(t *testing.T) (wait func()) {
	ctx, cancel := t.Context(), context.CancelFunc(func() {})
	quote, charge, ads := s.about(s.quote), s.about(s.charge), s.about(5*time.Millisecond)
	switch {
	case s.deadline > 0:
		ctx, cancel = context.WithTimeout(ctx, s.deadline)
	case s.rnd.Float64() < s.clientsLeave:
		ctx, cancel = context.WithCancel(ctx)
		time.AfterFunc(time.Duration(s.rnd.Float64()*float64(quote+charge)), cancel)
	}
	g := asap.New(ctx, asap.Name("checkout"), asap.Observe(s.stats))
	price := g.Go("quote", body(quote, ""))
	chargeCard, panics := body(charge, s.sometimes(s.chargeFails, "connection refused")), s.panics
	price.Then("charge", func(ctx context.Context, _ int) (int, error) {
		n, err := chargeCard(ctx)
		if panics != "" {
			panic(panics)
		}
		return n, err
	})
	g.Optional("ads", body(ads, s.sometimes(s.adsFail, "no ads today")))
	g.Go("legacy", body(ads, s.sometimes(s.legacyFails, "read-only")), asap.MayFail())
	g.Race("mirror", body(ads, "under maintenance"), body(2*ads, ""))
	return func() {
		defer cancel()
		defer func() { _ = recover() }()
		_ = g.Wait()
	}
}

// serve answers requests at a rate, for so long.
func (s *shopService) serve(t *testing.T, d, every time.Duration) {
	for range int(d / every) {
		wait := s.request(t)
		go wait()
		time.Sleep(every)
	}
}

// What the page says first in the night, of a real service to which things happen after two
// hours of good service.
func TestAtNight(t *testing.T) {
	const since = ` since 02:00:0\d`
	for _, tt := range []struct {
		name  string
		why   string
		fresh bool                 // it began at two o'clock
		ever  func(s *shopService) // as it always was
		then  func(s *shopService)
		d     time.Duration // since then
		every time.Duration
		want  string
	}{
		{name: "a dependency is slow", d: minute, then: func(s *shopService) { s.quote *= 8 },
			want: `^Slower` + since + `\scheckout p(50|99) \+1[4-6]\d ms, from \d+(\.\d)? ms to 2\d\d ms: quote explains 1[4-6]\d ms` + since + `$`},
		{name: "two of a hundred fail", why: "fewer than two in the last minute", d: 10 * minute, then: func(s *shopService) { s.chargeFails = .02 },
			want: `^Red since 0[12]:\d\d:\d\d\scheckout \d+ of 600 runs failed, before 0 of 1000: charge connection refused`},
		{name: "what others go on without fails", d: 5 * minute, then: func(s *shopService) { s.adsFail = 1 },
			want: `^Degraded` + since + `\scheckout 60 failures in 60 runs tolerated, before 0 in 1100: ads no ads today` + since + `$`},
		{name: "and always did", fresh: true, d: 5 * minute, then: func(s *shopService) { s.adsFail = 1 },
			want: `^Degraded` + since + `\scheckout 60 failures in 60 runs tolerated: ads no ads today` + since + `$`},
		{name: "and half of them always did", ever: func(s *shopService) { s.adsFail = .5 }, d: 5 * minute, want: `^Green`},
		{name: "a third fails from the start", fresh: true, d: 10 * minute, then: func(s *shopService) { s.chargeFails = .33 },
			want: `^Red` + since + `\scheckout \d+ of 600 runs failed: charge connection refused` + since + `$`},
		{name: "nearly all fail, for hours", why: "what always was is no excuse", ever: func(s *shopService) { s.chargeFails = .9 }, d: minute,
			want: `^Red since before \S+\scheckout \d\d\d+ of \d+ runs failed: charge connection refused since before \S+$`},
		{name: "a tenth always fails", ever: func(s *shopService) { s.chargeFails = .1 }, d: minute,
			want: `^Green no group is stuck, and none fails more or takes longer than before\scheckout: (9|10|11|12) % of runs failed, as before$`},
		{name: "a restart", fresh: true, d: 3 * time.Second, want: `^Green no group is stuck; too few have ended to say`},
		{name: "twenty times as much traffic", d: minute, every: 50 * time.Millisecond, want: `^Green no group is stuck, and none fails`},
		{name: "clients leave", d: 10 * minute, then: func(s *shopService) { s.clientsLeave = .3 }, want: `^Green`},
		{name: "requests run out of time", why: "their groups are canceled, and it is not the clients who left", d: 10 * minute, ever: func(s *shopService) { s.deadline = 100 * time.Millisecond },
			then: func(s *shopService) { s.quote = 10 * time.Second },
			want: `^Red` + since + `\scheckout 60 of 60 runs ran out of time, before 0 of 1000, waiting for quote` + since + `\s+checkout p50`},
		{name: "and that is no longer than usual", d: 10 * minute, ever: func(s *shopService) { s.deadline = 73 * time.Millisecond },
			then: func(s *shopService) { s.quote = 10 * time.Second },
			want: `^Red` + since + `\scheckout 60 of 60 runs ran out of time, before 0 of 1000, waiting for quote` + since},
		{name: "one task fails and others always did", why: "the blame is on what has changed", d: 2 * minute, ever: func(s *shopService) { s.legacyFails, s.adsFail = .5, .6 },
			then: func(s *shopService) { s.chargeFails = .2 },
			want: `^Red` + since + `\scheckout \d+ of 60 runs failed, before 0 of \d+: charge connection refused` + since + `$`},
		{name: "a panic", why: "its stack is no text for a line", d: minute, then: func(s *shopService) { s.panics = "index out of range\n[5]" },
			want: `^Red` + since + `\scheckout 60 of 60 runs failed, before 0 of 1200: charge panic: index out of range⏎\[5\]` + since + `$`},
		{name: "traffic stops", d: 5 * minute, every: time.Hour,
			want: `^Degraded since 01:59:57\scheckout no run has ended any more, and before the longest pause was 3(\.\d+)? s since 01:59:57$`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stats := new(waterfall.Stats)
				h, s := newHandler(stats), newShopService(stats)
				if tt.ever != nil {
					tt.ever(s)
				}
				if tt.fresh {
					time.Sleep(2 * time.Hour)
				} else {
					s.serve(t, 2*time.Hour, 3*time.Second)
				}
				if tt.then != nil {
					tt.then(s)
				}
				if tt.every != time.Hour {
					s.serve(t, tt.d, max(tt.every, time.Second))
				} else {
					time.Sleep(tt.d)
				}
				synctest.Wait()
				got := verdict(t, h, "")
				if !regexp.MustCompile(tt.want).MatchString(strings.ReplaceAll(got, "\n\n", "\n")) {
					t.Errorf("%s: %s, want %s (%s)", time.Now().Format("15:04:05"), got, tt.want, tt.why)
				}
				if of := verdict(t, h, "?group=checkout"); strings.Fields(of)[0] != strings.Fields(got)[0] {
					t.Errorf("the page of the group says %s, the first page %s", of, got)
				}
				time.Sleep(20 * time.Second)
			})
		})
	}
}

// Runs that ran out of time are counted, and can be opened as failed ones can.
func TestRunsOutOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		h, s := newHandler(stats), newShopService(stats)
		s.deadline = 100 * time.Millisecond
		s.serve(t, 40*time.Second, time.Second)
		s.quote = time.Second
		s.serve(t, 3*time.Second, time.Second)
		contains(t, "the first page", page(t, h, ""), `<td data-is="failed" class="bad">0 <span class="late">+ 3 out of time</span></td>`)
		body := page(t, h, "?group=checkout")
		contains(t, "the page of the group", body, "<dt>out of time</dt><dd class=\"bad\">3</dd>", "Failed runs")
		contains(t, "the comparison", page(t, h, "?group=checkout&window=minute&against=since-start"), "There is nothing to compare")
		if r := stats.Report("checkout", waterfall.Hour); r.Late != 3 || len(r.Failed) != 3 || !r.Failed[0].Late || r.Failures() != 0 {
			t.Errorf("Report has %d late runs and %d failed ones, and keeps %+v, want 3, 0 and those that were late", r.Late, r.Failures(), r.Failed)
		}
	})
}

// All stuck groups are counted, of all names, however many there are.
func TestManyStuckGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		h := newHandler(stats)
		var all []func()
		for i := range 12 {
			name := fmt.Sprintf("service-%02d", i)
			for range 40 {
				stats.Add(shop(name, 90e6, 45e6, ""))
			}
			for range 30 {
				all = append(all, stuck(t, stats, name))
			}
			time.Sleep(time.Second)
		}
		for range 1000 {
			all = append(all, stuck(t, stats, "service-11"))
		}
		time.Sleep(time.Minute)
		body := page(t, h, "")
		got := verdict(t, h, "")
		for i := range 8 {
			if want := fmt.Sprintf("service-%02d 30 runs hang on bank, the longest for ", i); !strings.Contains(got, want) {
				t.Errorf("verdict: %s, want %q in it", got, want)
			}
		}
		contains(t, "the first page", body, "and 4 more", "1352 more groups are stuck; the most overdue are shown.")
		if n := strings.Count(body, `<tr class="red">`); n != 12 {
			t.Errorf("%d names are red, want all 12", n)
		}
		if strings.Contains(body, "more groups are running") {
			t.Error("stuck groups are said to be running")
		}
		if got := verdict(t, h, "?group=service-11"); !strings.Contains(got, "1030 runs hang on bank") {
			t.Errorf("verdict of service-11: %s, want 1030 runs", got)
		}
		for _, release := range all {
			release()
		}
	})
}

// A group hangs on the innermost task, under the names of those around it; one in a queue
// is not what is to be mended.
func TestWhatAGroupHangsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		h := newHandler(stats)
		for range 40 {
			for _, name := range []string{"checkout", "catalog", "mail"} {
				stats.Add(shop(name, 90e6, 45e6, ""))
			}
		}
		gate := make(chan struct{})
		hang := func(context.Context) error { <-gate; return nil }
		slot := asap.SharedLimit(1)
		var groups []*asap.Group
		start := func(name string) *asap.Group {
			g := asap.New(t.Context(), asap.Name(name), asap.Observe(stats))
			groups = append(groups, g)
			return g
		}
		start("checkout").Do("charge", func(ctx context.Context) error {
			g := asap.New(ctx, asap.Name("payment"))
			g.Do("bank", func(ctx context.Context) error {
				g := asap.New(ctx)
				g.Do("dial", hang)
				return g.Wait()
			})
			return g.Wait()
		})
		g := start("catalog")
		g.Map("price", g.Input("items", make([]int, 1000)), func(_ context.Context, i int) (int, error) { return i, nil })
		g.Map("stock", g.Input("rows", make([]int, 1000)), stockOf(gate))
		start("report").Do("export", hang, slot)
		synctest.Wait()
		start("mail").Do("send", func(context.Context) error { return nil }, slot)
		time.Sleep(10 * time.Second)
		got := verdict(t, h, "")
		for _, want := range []string{
			"checkout 1 run hangs on charge/bank/dial for 10 s, ", "catalog 1 run hangs on stock[0] for 10 s, ",
			"mail 1 run hangs on send, which is in a queue for 10 s, ",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("verdict: %s, want %q in it", got, want)
			}
		}
		contains(t, "the first page", page(t, h, ""), "send has been queued for 10 s for a slot of the shared limit of 1", "the shared limit of 1 is held by export in run 123 of report, which has been running for 10 s")
		close(gate)
		for _, g := range groups {
			if err := g.Wait(); err != nil {
				t.Error(err)
			}
		}
	})
}

// stockOf hangs for the first element.
func stockOf(gate chan struct{}) func(context.Context, int) (int, error) {
	first := make(chan struct{}, 1)
	first <- struct{}{}
	return func(context.Context, int) (int, error) {
		select {
		case <-first:
			<-gate
		default:
		}
		return 1, nil
	}
}

// More runs share a limit: what they wait for is the queue, and not the task that has it.
func TestASaturatedLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		h := newHandler(stats)
		slots := asap.SharedLimit(4)
		serve := func(n int, every time.Duration) {
			for range n {
				g := asap.New(t.Context(), asap.Name("checkout"), asap.Observe(stats))
				g.Go("db", body(100*time.Millisecond, ""), slots)
				go g.Wait()
				time.Sleep(every)
			}
		}
		serve(3600, 100*time.Millisecond)
		serve(1500, 24*time.Millisecond)
		if got := verdict(t, h, ""); !regexp.MustCompile(`^Slower since \S+\s+checkout p\d\d \+.*: db explains \S+ m?s in the queue for a slot or a processor since`).MatchString(got) {
			t.Errorf("verdict: %s, want the queue", got)
		}
		if c, ok := stats.Changed("checkout"); !ok || !strings.Contains(c.Words()[0], " in the queue for a slot or a processor") {
			t.Errorf("Changed = %v, want the queue", c.Words())
		}
		time.Sleep(time.Minute)
	})
}

// After a deployment the runs are compared with those of the build before, from the first
// minute on.
func TestADeployment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, stats := new(waterfall.Stats), new(waterfall.Stats)
		newShopService(old).serve(t, 10*minute, time.Second)
		time.Sleep(time.Second)
		before := old.Summary(waterfall.Hour)
		before.Build = waterfall.Build{Version: "v1.2.2"}
		for i := range before.Reports {
			before.Reports[i].Build = before.Build
		}
		stats.SetBefore(before)
		h, s := newHandler(stats), newShopService(stats)
		s.charge, s.chargeFails = 60*time.Millisecond, .05
		s.serve(t, 5*minute, time.Second)
		synctest.Wait()
		got := strings.ReplaceAll(verdict(t, h, ""), "\n\n", "\n")
		if !regexp.MustCompile(`^Red since 00:1\d:\d\d\scheckout \d+ of \d+ runs failed, with build v1.2.2 0 of 600: charge connection refused since 00:1\d:\d\d\s+checkout p\d\d \+2\d(\.\d)? ms, with build v1.2.2 \S+ ms, now \S+ ms: charge explains 2\d(\.\d)? ms since 00:10:0\d$`).MatchString(got) {
			t.Errorf("verdict: %s, want what is worse than with the build before", got)
		}
		s.charge, s.chargeFails = 40*time.Millisecond, 0
		s.serve(t, 90*minute, time.Second)
		synctest.Wait()
		if got := verdict(t, h, ""); !strings.HasPrefix(got, "Green") {
			t.Errorf("verdict: %s, want green, as with the build before", got)
		}
	})
}
