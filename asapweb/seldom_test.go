package asapweb_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// What percentiles do not show, and names of which few runs end.
func TestWhatIsHardToSee(t *testing.T) {
	rnd := newRand()
	quick := func(int) *waterfall.Run { return shop("checkout", rnd.latency(6e6), rnd.latency(4e6), "") }
	slow := func(int) *waterfall.Run { return shop("checkout", 800e6, rnd.latency(4e6), "") }
	fails := func(int) *waterfall.Run { return shop("checkout", 6e6, 4e6, "charge: refused") }
	misses := func(share float64) func(i int) *waterfall.Run { // of a cache
		return func(i int) *waterfall.Run {
			if rnd.Float64() < share {
				return shop("checkout", 200e6, 4e6, "")
			}
			return shop("checkout", 6e6, 4e6, "")
		}
	}
	for _, tt := range []struct {
		name, why  string
		ever, then func(int) *waterfall.Run
		usual      time.Duration // between two runs, before
		every, d   time.Duration // since then
		want       string
	}{
		{name: "more of a cache is missed", why: "p50 is a hit and p99 a miss, before and after", ever: misses(.12), then: misses(.45), usual: 4 * time.Second, every: time.Second, d: minute,
			want: `^Slower since (23:59:5|00:00:0)\d\scheckout [45]\d % of runs take longer than 10(\.\d)? ms, before 1\d %: quote explains \d+ % of the time that is longer since \S+$`},
		{name: "and as many as ever", ever: misses(.12), then: misses(.12), usual: 4 * time.Second, every: time.Second, d: 10 * minute, want: `^Green`},
		{name: "slower, one run in five minutes", why: "thirty never end in an hour", ever: quick, then: slow, usual: 5 * minute, every: 5 * minute, d: 45 * minute,
			want: `^Slower since 00:05:00\scheckout p50 \+79\d ms, from 1\d(\.\d+)? ms to 80\d ms: quote explains 79\d ms since 00:05:00$`},
		{name: "one run in a quarter of an hour, for hours", ever: quick, then: slow, usual: 15 * minute, every: 15 * minute, d: 2 * time.Hour,
			want: `^Slower since before \S+\scheckout p50 \+79\d ms,`},
		{name: "a few at once", why: "a moment of trouble", ever: quick, then: slow, usual: 5 * minute, every: 100 * time.Millisecond, d: time.Second, want: `^Green`},
		{name: "failing, one run in five minutes", ever: quick, then: fails, usual: 5 * minute, every: 5 * minute, d: 15 * minute,
			want: `^Red since 00:05:00\scheckout 3 of 1\d runs failed, before 0 of \d+: charge refused since 00:05:00$`},
		{name: "failing always, three runs an hour", why: "five never end in an hour", ever: fails, then: fails, usual: 20 * minute, every: 20 * minute, d: time.Hour,
			want: `^Red since before \S+\scheckout \d+ of \d+ runs failed: charge refused since before \S+$`},
		{name: "two fail", why: "which is no more than luck, and is not as before", ever: quick, then: fails, usual: 5 * minute, every: 5 * minute, d: 10 * minute, want: `^Green`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stats := new(waterfall.Stats)
				feed(stats, 48*time.Hour, tt.usual, tt.ever)
				feed(stats, tt.d, tt.every, tt.then)
				if got := strings.ReplaceAll(verdict(t, newHandler(stats), ""), "\n\n", "\n"); !regexp.MustCompile(tt.want).MatchString(got) {
					t.Errorf("%s: %s, want %s (%s)", time.Now().Format("15:04:05"), got, tt.want, tt.why)
				}
			})
		})
	}
}

// A group that runs for ever, alone of its name, is no group that hangs: one that has a
// program's servers in it, also if one before it failed at once. Two of which none of their
// name has succeeded are.
func TestAGroupForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		h := newHandler(stats)
		gate := make(chan struct{})
		var groups []*asap.Group
		serve := func() {
			g := asap.New(t.Context(), asap.Name("server"), asap.Observe(stats))
			g.Do("http", func(context.Context) error { <-gate; return nil })
			groups = append(groups, g)
		}
		busy := asap.New(t.Context(), asap.Name("server"), asap.Observe(stats))
		busy.Do("http", func(context.Context) error { return errors.New("address in use") })
		if busy.Wait() == nil {
			t.Error("Wait() = nil, want an error")
		}
		serve()
		time.Sleep(3 * time.Hour)
		for _, query := range []string{"", "?group=server"} {
			if got := verdict(t, h, query); !strings.HasPrefix(got, "Green") || !strings.Contains(got, "server: its one run has been running for 3h 0m, and none has succeeded yet") {
				t.Errorf("verdict of %q: %s, want green, and how long it runs", query, got)
			}
			if body := page(t, h, query); strings.Contains(body, `class="run stuck"`) || !strings.Contains(body, `<article class="run">`) {
				t.Errorf("the page of %q does not tell of it as of a group that runs: %s", query, withoutAssets(body))
			}
		}
		serve()
		time.Sleep(2 * minute)
		if got := verdict(t, h, ""); !strings.HasPrefix(got, "Red") || !strings.Contains(got, "server 2 runs hang on http, the longest for 3h 2m, no run of the name has succeeded yet") {
			t.Errorf("verdict of two: %s, want red", got)
		}
		close(gate)
		for _, g := range groups {
			if err := g.Wait(); err != nil {
				t.Error(err)
			}
		}
	})
}

// In the first minute of a program there are its first seconds to compare with.
func TestTheFirstMinute(t *testing.T) {
	rnd := newRand()
	usual := func(int) *waterfall.Run { return shop("checkout", rnd.latency(6e6), rnd.latency(4e6), "") }
	for _, tt := range []struct {
		name string
		then func(i int) *waterfall.Run
		want string
	}{
		{"as it began", usual, `^Green no group is stuck; too few have ended to say`},
		{"slower", func(int) *waterfall.Run { return shop("checkout", rnd.latency(60e6), rnd.latency(4e6), "") },
			`^Slower since 00:00:2\d\scheckout p\d\d \+\d+(\.\d)? ms, from \S+ ms to \S+ ms: quote explains \S+ ms since 00:00:2\d$`},
		{"failing", func(i int) *waterfall.Run {
			if i%3 == 0 {
				return shop("checkout", 6e6, 4e6, "charge: refused")
			}
			return usual(i)
		}, `^Red since 00:00:2\d\scheckout 3\d of 1\d\d runs failed, before 0 of \d+: charge refused since 00:00:2\d$`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stats := new(waterfall.Stats)
				feed(stats, 25*time.Second, 20*time.Millisecond, usual)
				feed(stats, 10*time.Second, 100*time.Millisecond, tt.then)
				if got := strings.ReplaceAll(verdict(t, newHandler(stats), ""), "\n\n", "\n"); !regexp.MustCompile(tt.want).MatchString(got) {
					t.Errorf("%s: %s, want %s", time.Now().Format("15:04:05"), got, tt.want)
				}
			})
		})
	}
}
