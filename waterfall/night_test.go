package waterfall_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// untilDeadline is a run that its deadline cuts.
func untilDeadline(t *testing.T, stats *waterfall.Stats, d time.Duration, why error) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), d, why)
	defer cancel()
	g := asap.New(ctx, asap.Name("home"), asap.Observe(stats))
	g.Do("bank", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	if err := g.Wait(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Wait() = %v, want the deadline", err)
	}
}

// A run that ran out of time is no success, and not one that its client has left: it is
// counted, kept as failed ones are, in the log, and in what others read.
func TestLateRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lines
		stats := &waterfall.Stats{Log: out.log()}
		untilDeadline(t, stats, 100*time.Millisecond, nil)
		if got := out.take(); len(got) != 1 || !strings.HasPrefix(got[0], "WARN asap: group ran out of time group=home run=1 duration=100ms error=group home (running: bank): context deadline exceeded critical=bank 100 ms") {
			t.Errorf("log: %q, want a line that says whose time it was", got)
		}
		run := stats.Run(1)
		if got := run.Explain(); len(got) == 0 || !strings.HasPrefix(got[0], "the run ran out of time after 100 ms: ") {
			t.Errorf("Explain = %q, want that it ran out of time", got)
		}
		var file bytes.Buffer
		if err := run.Write(&file, waterfall.JSON); err != nil {
			t.Fatal(err)
		}
		if again, err := waterfall.ReadJSON(&file); err != nil || !again.Groups[0].Late {
			t.Errorf("ReadJSON = %+v, %v, want a late group", again, err)
		}
		ctx, leave := context.WithCancel(t.Context())
		g := asap.New(ctx, asap.Name("home"), asap.Observe(stats))
		g.Do("bank", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		leave()
		if err := g.Wait(); !errors.Is(err, context.Canceled) {
			t.Errorf("Wait() = %v, want canceled", err)
		}
		if got := out.take(); len(got) != 0 {
			t.Errorf("log: %q, want nothing of a client that left", got)
		}
		r := stats.Report("home", waterfall.Minute)
		if r.Runs != 2 || r.Late != 1 || r.Failures() != 0 || len(r.Failed) != 1 || r.Failed[0].Number != 1 || !r.Failed[0].Late {
			t.Errorf("Report = %d runs, %d late, %d failed, kept %+v, want one that is late, and kept", r.Runs, r.Late, r.Failures(), r.Failed)
		}
		if p := stats.Timeline("home"); len(p) != 1 || p[0].Late != 1 {
			t.Errorf("Timeline = %+v, want one late run", p)
		}
		if _, after := stats.Outline("home", waterfall.Minute, waterfall.Hour); after.Late != 1 {
			t.Errorf("Outline has %d late runs, want 1", after.Late)
		}
		var metrics strings.Builder
		if err := stats.WritePrometheus(&metrics); err != nil || !strings.Contains(metrics.String(), "\nasap_groups_late_total{group=\"home\"} 1\n") {
			t.Errorf("WritePrometheus: %v\n%s, want one late group", err, metrics.String())
		}
		if s := stats.String(); !strings.Contains(s, `"late":1`) {
			t.Errorf("String() = %s, want one that is late", s)
		}
		time.Sleep(2 * time.Minute)
		for range 30 {
			untilDeadline(t, stats, 50*time.Millisecond, errors.New("the budget of the page"))
		}
		words := stats.Compare("home", waterfall.Minute, waterfall.SinceStart).Words()
		if len(words) == 0 || !strings.HasPrefix(words[0], "30 of 30 runs ran out of time since ") || !strings.HasSuffix(words[0], ", before 1 of 2") {
			t.Errorf("Words = %q, want that all ran out of time", words)
		}
	})
}

// A function of a Race that another one has won is no failure of the runs: it was
// tolerated. When none wins it is.
func TestLostFunctions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		run := func(second error) {
			g := asap.New(t.Context(), asap.Name("home"), asap.Observe(stats))
			g.Race("mirror", func(context.Context) (int, error) { return 0, errors.New("down") },
				func(context.Context) (int, error) { time.Sleep(time.Millisecond); return 1, second })
			_ = g.Wait()
		}
		of := func() waterfall.TaskReport {
			r := stats.Report("home", waterfall.Minute)
			for _, task := range r.Tasks {
				if task.Name == "mirror[]" {
					return task
				}
			}
			t.Fatalf("Report has no mirror[]: %+v", r.Tasks)
			return waterfall.TaskReport{}
		}
		run(nil)
		if got := of(); got.Failures != 0 || got.Tolerated != 1 || got.Err != "mirror[0]: down" {
			t.Errorf("one won: %+v, want one failure that was tolerated", got)
		}
		run(errors.New("down as well"))
		if got := of(); got.Failures != 2 || got.Tolerated != 1 {
			t.Errorf("none won: %+v, want two failures more", got)
		}
	})
}

// Silence is of a name whose runs ended regularly, and not of one that is quiet by
// itself, by night, or since a batch is over.
func TestSilence(t *testing.T) {
	type step struct{ d, every time.Duration }
	const minute = time.Minute
	for _, tt := range []struct {
		name  string
		steps []step
		quiet time.Duration // since then
		want  bool
	}{
		{"nothing", nil, time.Hour, false},
		{"steady, then nothing", []step{{30 * minute, time.Second}}, 2 * minute, true},
		{"a short pause", []step{{30 * minute, time.Second}}, 50 * time.Second, false},
		{"a run now and then", []step{{2 * time.Hour, minute}}, 4 * minute, false},
		{"a run now and then, and then none", []step{{2 * time.Hour, minute}}, 6 * minute, true},
		{"a short batch", []step{{10 * minute, time.Second}}, 5 * minute, false},
		{"a batch, long ago", []step{{30 * minute, time.Second}}, 31 * minute, false},
		{"slower by night", []step{{time.Hour, time.Second}, {time.Hour, 4 * time.Second}, {time.Hour, 15 * time.Second}, {time.Hour, minute}}, 4 * minute, false},
		{"again after a silence", []step{{30 * minute, time.Second}, {10 * minute, 10 * minute}, {5 * minute, time.Second}}, 3 * minute, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stats := new(waterfall.Stats)
				for _, s := range tt.steps {
					for range int(s.d / s.every) {
						time.Sleep(s.every)
						takes(t, stats, 0, nil)
					}
				}
				last := time.Now()
				time.Sleep(tt.quiet)
				since, usual, ok := stats.Silence("home")
				if ok != tt.want || ok && (!since.Equal(last) || usual != tt.steps[len(tt.steps)-1].every) {
					t.Errorf("Silence = %v, %v, %v, want %v since %v", since, usual, ok, tt.want, last)
				}
			})
		})
	}
}
