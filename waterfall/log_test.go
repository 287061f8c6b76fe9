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
		log := &waterfall.Log{Logger: slog.New(l), Stuck: 10 * time.Second, Every: -1}
		stats := &waterfall.Stats{Log: log}
		for what, o := range map[string]asap.Observer{"as a reader": stats, "by events": wrapped{stats}} {
			g := asap.New(t.Context(), asap.Name("home"), asap.Observe(o))
			user := g.Go("user", func(context.Context) (int, error) { time.Sleep(100 * time.Second); return 1, nil })
			user.Then("price", func(context.Context, int) (int, error) { return 1, nil })
			time.Sleep(10*time.Second - 1)
			synctest.Wait()
			wantLines(t, l)
			time.Sleep(2 * time.Nanosecond)
			synctest.Wait()
			got := l.take()
			if want := "duration=10s waits=user has been running for 10 s; waiting for it: price (for 10 s)"; len(got) != 1 || !strings.HasPrefix(got[0], "WARN asap: group is stuck group=home run=") || !strings.HasSuffix(got[0], want) {
				t.Errorf("%s: the lines after 10 s are\n%s\nwant one that ends with\n%s", what, strings.Join(got, "\n"), want)
			}
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
		}
		stats.Log.Stuck = -1
		takes(t, stats, time.Hour, nil)
		wantLines(t, l)
	})
}

// A name whose groups take long by nature is not stuck for that.
func TestLogOfLongGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := new(lines)
		log := &waterfall.Log{Logger: slog.New(l), Stuck: time.Minute, Every: -1}
		stats := &waterfall.Stats{Log: log}
		for range 100 {
			takes(t, stats, 10*time.Minute, nil)
		}
		if n := len(l.take()); n == 0 {
			t.Error("a group of ten minutes is not told, want it told until its p99 is known")
		}
		takes(t, stats, 12*time.Minute, nil)
		wantLines(t, l)
		takes(t, stats, 40*time.Minute, nil)
		if got := l.take(); len(got) != 2 || !strings.Contains(got[0], "is stuck group=home run=102 duration=32m0s") || !strings.Contains(got[1], "was slow") {
			t.Errorf("the lines are\n%s\nwant one after 32 minutes and one at the end", strings.Join(got, "\n"))
		}
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
