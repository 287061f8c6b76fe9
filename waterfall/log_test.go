package waterfall_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// lines is a slog.Handler that keeps what is logged, each record as one line.
type lines struct {
	slog.Handler // of what is not needed
	each         func()
	mu           sync.Mutex
	all          []string
}

func (l *lines) Enabled(context.Context, slog.Level) bool { return true }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	if l.each != nil {
		l.each()
	}
	s := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool { s += fmt.Sprintf(" %s=%v", a.Key, a.Value); return true })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, s)
	return nil
}

func (l *lines) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.all
	l.all = nil
	return all
}

func (l *lines) log() *waterfall.Log { return &waterfall.Log{Logger: slog.New(l)} }

// takes runs a group whose task takes a while, and ends so.
func takes(t *testing.T, o asap.Observer, d time.Duration, err error) {
	t.Helper()
	g := asap.New(t.Context(), asap.Name("home"), asap.Observe(o))
	user := g.Go("user", func(context.Context) (int, error) { time.Sleep(d / 4); return 1, nil })
	user.Then("price", func(context.Context, int) (int, error) { time.Sleep(d - d/4); return 1, err })
	if got := g.Wait(); !errors.Is(got, err) {
		t.Errorf("Wait() = %v, want %v", got, err)
	}
}

func wantLines(t *testing.T, l *lines, want ...string) {
	t.Helper()
	got := l.take()
	if len(got) != len(want) {
		t.Errorf("there are %d lines, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d is\n%s\nwant\n%s", i, got[i], want[i])
		}
	}
}

func TestLogOfFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := new(lines)
		stats := &waterfall.Stats{Log: l.log(), TraceID: func(context.Context) string { return "4bf92f" }}
		takes(t, stats, 40*time.Millisecond, nil)
		wantLines(t, l)
		takes(t, stats, 40*time.Millisecond, errors.New("no price\nfor \x1b[31m"))
		wantLines(t, l, "ERROR asap: group failed group=home run=2 trace_id=4bf92f duration=40ms task=price error=price: no price critical=user 10 ms → price 30 ms")
		if r := stats.Report("home", waterfall.SinceStart); r.Runs != 2 {
			t.Errorf("the report has %d runs, want 2", r.Runs)
		}
	})
}

// The task that is named is the innermost that failed, and the first.
func TestLogOfNestedFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := new(lines)
		stats := &waterfall.Stats{Log: l.log()}
		g := asap.New(t.Context(), asap.Observe(stats), asap.Settled())
		g.Race("mirrors", func(context.Context) (int, error) { return 0, errors.New("down") }, func(context.Context) (int, error) { return 1, nil })
		g.Do("page", func(ctx context.Context) error {
			inner := asap.New(ctx, asap.Name("payment"))
			inner.Do("charge", func(context.Context) error { time.Sleep(time.Second); return errors.New("declined") })
			return inner.Wait()
		})
		g.Do("late", func(ctx context.Context) error { time.Sleep(2 * time.Second); return errors.New("boom\nand more") })
		if g.Wait() == nil {
			t.Error("Wait() = nil, want an error")
		}
		got := l.take()
		if len(got) != 1 || !strings.HasPrefix(got[0], "ERROR asap: group failed group= run=1 duration=2s task=page/charge error=2 tasks failed: page: charge: declined; late: boom") ||
			strings.Contains(got[0], "\n") || !strings.HasSuffix(got[0], " critical=late 2 s") {
			t.Errorf("the lines are\n%s", strings.Join(got, "\n"))
		}
	})
}

// Of a panic the line has the first line alone.
func TestLogOfPanic(t *testing.T) {
	l := new(lines)
	stats := &waterfall.Stats{Log: l.log()}
	g := asap.New(t.Context(), asap.Name("home"), asap.Observe(stats))
	g.Do("user", func(context.Context) error { panic("boom") })
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Wait has not panicked")
			}
		}()
		_ = g.Wait()
	}()
	if got := l.take(); len(got) != 1 || !strings.Contains(got[0], " task=user error=user: panic: boom critical=") {
		t.Errorf("the lines are\n%s", strings.Join(got, "\n"))
	}
}

// A group is slow against the p99 of its name, which takes a hundred runs.
func TestLogOfSlowGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := new(lines)
		stats := &waterfall.Stats{Log: l.log()}
		for range 99 {
			takes(t, stats, 10*time.Millisecond, nil)
		}
		takes(t, stats, 80*time.Millisecond, nil)
		wantLines(t, l)
		for range 400 {
			takes(t, stats, 10*time.Millisecond, nil)
		}
		time.Sleep(10 * time.Second)
		takes(t, stats, 19*time.Millisecond, nil)
		wantLines(t, l)
		takes(t, stats, 80*time.Millisecond, nil)
		p99, _ := stats.Percentile("home", waterfall.Hour, 0.99)
		wantLines(t, l, "WARN asap: group was slow group=home run=502 duration=80ms p99="+p99.String()+" critical=user 20 ms → price 60 ms")
		never := &waterfall.Log{Logger: slog.New(l), Slow: -1}
		stats = &waterfall.Stats{Log: never}
		for range 200 {
			takes(t, stats, 10*time.Millisecond, nil)
		}
		time.Sleep(10 * time.Second)
		takes(t, stats, time.Second, nil)
		wantLines(t, l)
	})
}

// A stuck group is told while it is stuck, again each time it has taken twice as
// long, and not once it has ended.
func TestLogOfStuckGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := new(lines)
		for what, wrap := range map[string]func(asap.Observer) asap.Observer{
			"as a reader": func(o asap.Observer) asap.Observer { return o },
			"by events":   func(o asap.Observer) asap.Observer { return wrapped{o} },
		} {
			log := &waterfall.Log{Logger: slog.New(l), Stuck: 10 * time.Second, Every: -1}
			stats := &waterfall.Stats{Log: log}
			takes(t, wrap(stats), 10*time.Millisecond, nil)
			g := asap.New(t.Context(), asap.Name("home"), asap.Observe(wrap(stats)))
			user := g.Go("user", func(context.Context) (int, error) { time.Sleep(100 * time.Second); return 1, nil })
			user.Then("price", func(context.Context, int) (int, error) { return 1, nil })
			time.Sleep(10*time.Second - 1)
			synctest.Wait()
			wantLines(t, l)
			time.Sleep(2 * time.Nanosecond)
			synctest.Wait()
			wantLines(t, l, "WARN asap: group is stuck group=home run=2 duration=10s waits=user has been running for 10 s; waiting for it: price (for 10 s)")
			if err := g.Wait(); err != nil {
				t.Error(err)
			}
			for i, line := range l.take() {
				if want := fmt.Sprint("duration=", 20*time.Second<<i); !strings.Contains(line, want) || i > 2 {
					t.Errorf("%s: line %d is\n%s\nwant %s", what, i+1, line, want)
				}
			}
			time.Sleep(time.Hour)
			wantLines(t, l)
			log.Stuck = -1
			takes(t, stats, time.Hour, nil)
			wantLines(t, l)
		}
	})
}

// A name whose groups take long by nature is not stuck for that, as soon as one of
// them has succeeded, however few there are, and whatever is slow.
func TestLogOfLongGroups(t *testing.T) {
	for _, tt := range []struct {
		slow  float64
		runs  int
		stuck string
	}{
		{0, 1, "30m0s"},
		{0, 100, "30m0s"},
		{-1, 100, "30m0s"},
		{3.5, 5, "35m0s"},
	} {
		t.Run(fmt.Sprintf("slow %v after %d", tt.slow, tt.runs), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := new(lines)
				stats := &waterfall.Stats{Log: &waterfall.Log{Logger: slog.New(l), Slow: tt.slow, Stuck: time.Minute, Every: -1}}
				for range tt.runs {
					takes(t, stats, 10*time.Minute, nil)
				}
				wantLines(t, l, "WARN asap: group is stuck group=home run=1 duration=1m0s waits=user has been running for 1m 0s; waiting for it: price (for 1m 0s)")
				takes(t, stats, 40*time.Minute, nil)
				got := l.take()
				want := fmt.Sprintf("WARN asap: group is stuck group=home run=%d duration=%s ", tt.runs+1, tt.stuck)
				if len(got) == 0 || !strings.HasPrefix(got[0], want) || strings.Contains(strings.Join(got[1:], "\n"), "stuck") {
					t.Errorf("the lines are\n%s\nwant one that begins with %s", strings.Join(got, "\n"), want)
				}
			})
		})
	}
}

// hang runs a group whose one task ends when it is let go.
func hang(t *testing.T, o asap.Observer, name, task string) (release func(error)) {
	t.Helper()
	end := make(chan error, 1)
	g := asap.New(t.Context(), asap.Name(name), asap.Observe(o))
	g.Do(task, func(context.Context) error { return <-end })
	return func(err error) {
		t.Helper()
		end <- err
		if got := g.Wait(); !errors.Is(got, err) {
			t.Errorf("Wait() = %v, want %v", got, err)
		}
	}
}

// What runs as long as the program is told once, also when it began anew after an error.
func TestLogOfServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := new(lines)
		stats := &waterfall.Stats{Log: l.log()}
		inUse := errors.New("address in use")
		first := hang(t, stats, "server", "http")
		time.Sleep(2 * time.Second)
		first(inUse)
		wantLines(t, l, "ERROR asap: group failed group=server run=1 duration=2s task=http error=http: address in use critical=http 2 s")
		server := hang(t, stats, "server", "http")
		for range 24 * 60 {
			takes(t, stats, 10*time.Second, nil)
			time.Sleep(50 * time.Second)
		}
		wantLines(t, l, "WARN asap: group is stuck group=server run=2 duration=30s waits=http has been running for 30 s")
		if hang := stats.Stuck(); len(hang) != 1 || hang[0].Groups != 1 || hang[0].Most.P99 != 0 {
			t.Errorf("Stuck() = %+v, want the server with no p99", hang)
		}
		server(nil)
		wantLines(t, l)
	})
}

// A first request that hangs for ever is told once while it alone does, and again when
// another one hangs too or has succeeded.
func TestLogOfTheFirstRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := new(lines)
		stats := &waterfall.Stats{Log: l.log()}
		look := func(after time.Duration, want ...string) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			wantLines(t, l, want...)
		}
		first := hang(t, stats, "home", "db")
		look(30*time.Second, "WARN asap: group is stuck group=home run=1 duration=30s waits=db has been running for 30 s")
		look(40 * time.Second)
		second := hang(t, stats, "home", "db")
		look(29 * time.Second)
		look(time.Second, "WARN asap: group is stuck group=home run=2 duration=30s waits=db has been running for 30 s")
		second(nil)
		look(20*time.Second, "WARN asap: group is stuck group=home run=1 duration=2m0s waits=db has been running for 2m 0s")
		first(nil)
		wantLines(t, l)
		// Nothing is left of those that hung: the next name begins as the first did.
		alone := hang(t, stats, "cart", "db")
		look(30*time.Second, "WARN asap: group is stuck group=cart run=3 duration=30s waits=db has been running for 30 s")
		alone(errors.New("gone"))
		l.take()
		again := hang(t, stats, "cart", "db")
		look(30*time.Second, "WARN asap: group is stuck group=cart run=4 duration=30s waits=db has been running for 30 s")
		again(nil)
	})
}

// A group that ends while its line is being written ends after it: nothing of the
// Log is left when Wait returns.
func TestLogLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lines{each: func() { time.Sleep(time.Minute) }}
		stats := &waterfall.Stats{Log: &waterfall.Log{Logger: slog.New(l), Stuck: 10 * time.Second}}
		began := time.Now()
		takes(t, stats, 11*time.Second, nil)
		if took := time.Since(began); took != 70*time.Second {
			t.Errorf("Wait returned after %v, want 70s: the line was not written before", took)
		}
		if n := len(l.take()); n != 1 {
			t.Errorf("there are %d lines when Wait has returned, want 1", n)
		}
		time.Sleep(time.Hour)
		wantLines(t, l)
	})
}

// An incident writes a line now and then, which says how many were left out.
func TestLogIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := new(lines)
		stats := &waterfall.Stats{Log: l.log()}
		boom := errors.New("boom")
		for range 1000 {
			takes(t, stats, 10*time.Millisecond, boom)
		}
		got := l.take() // at 10 ms, and 10 s later
		if len(got) != 1 {
			t.Errorf("1,000 failures in ten seconds leave %d lines, want 1", len(got))
		}
		time.Sleep(time.Second)
		takes(t, stats, 10*time.Millisecond, boom)
		if got := l.take(); len(got) != 1 || !strings.HasSuffix(got[0], " left_out=999") {
			t.Errorf("the line of the next one is %q, want left_out=999", got)
		}
		time.Sleep(10 * time.Second)
		takes(t, stats, 10*time.Millisecond, boom)
		if got := l.take(); len(got) != 1 || strings.Contains(got[0], "left_out") {
			t.Errorf("the line after a pause is %q, want one without left_out", got)
		}
		for i := range 2000 { // names without a bound
			g := asap.New(t.Context(), asap.Name(fmt.Sprint("home ", i)), asap.Observe(stats))
			g.Do("task", func(context.Context) error { return boom })
			_ = g.Wait()
		}
		if n := len(l.take()); n < 700 || n > 800 {
			t.Errorf("2,000 names that fail at once leave %d lines, want one for each of those that are counted", n)
		}
	})
}

// A logger that panics takes nothing with it.
func TestLogThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lines{each: func() { panic("boom") }}
		stats := &waterfall.Stats{Log: &waterfall.Log{Logger: slog.New(l), Stuck: time.Second}}
		takes(t, stats, 10*time.Second, nil)
		takes(t, stats, 10*time.Second, errors.New("failed"))
		if r := stats.Report("home", waterfall.SinceStart); r.Runs != 2 {
			t.Errorf("the report has %d runs, want 2", r.Runs)
		}
		if _, running := stats.Live(0); running != 0 {
			t.Errorf("%d groups run, want none", running)
		}
	})
}

// Many groups end, fail and are stuck at once.
func TestLogAtOnce(t *testing.T) {
	l := new(lines)
	stats := &waterfall.Stats{Log: &waterfall.Log{Logger: slog.New(l), Stuck: time.Microsecond, Every: -1}}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 50 {
				var err error
				if k%3 == 0 {
					err = errors.New("boom")
				}
				takes(t, stats, time.Duration(i*k)*time.Microsecond, err)
			}
		})
	}
	wg.Wait()
	failed := 0
	for _, line := range l.take() {
		if strings.HasPrefix(line, "ERROR") {
			failed++
		}
	}
	if failed != 8*17 {
		t.Errorf("%d lines of failures, want one for each of %d", failed, 8*17)
	}
}
