package waterfall_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/waterfall"
)

// A Stats does what is asked of an observer, in groups of many shapes.
func TestStatsIsAnObserver(t *testing.T) {
	asaptest.TestObserver(t, func(*testing.T) asap.Observer { return new(waterfall.Stats) })
}

// A run has one number from its start on, by which it is found.
func TestStatsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s waterfall.Stats
		gate := make(chan struct{})
		g := asap.New(t.Context(), asap.Name("first"), asap.Observe(&s))
		g.Do("a", func(context.Context) error { <-gate; return nil })
		h := asap.New(t.Context(), asap.Name("second"), asap.Observe(&s))
		h.Do("b", func(context.Context) error { <-gate; return nil })
		synctest.Wait()
		live, _ := s.Live(9)
		if len(live) != 2 || live[0].Number != 1 || live[1].Number != 2 {
			t.Fatalf("Live() = %d runs, want the numbers 1 and 2", len(live))
		}
		if run := s.Run(2); run == nil || run.Name != "second" || run.Ended {
			t.Errorf("Run(2) = %+v, want second, running", run)
		}
		close(gate)
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if err := h.Wait(); err != nil {
			t.Fatal(err)
		}
		added := record(t, "0 group third\n5 close third")
		s.Add(added)
		if added.Number != 0 {
			t.Errorf("Add wrote the number %d into the caller's run", added.Number)
		}
		for number, name := range map[uint64]string{1: "first", 2: "second", 3: "third"} {
			run := s.Run(number)
			if run == nil || run.Name != name || !run.Ended || number != s.Report(name, waterfall.SinceStart).Latest[0].Number {
				t.Errorf("Run(%d) = %+v, want the run of %s that was kept", number, run, name)
			}
		}
		for _, number := range []uint64{0, 4} {
			if run := s.Run(number); run != nil {
				t.Errorf("Run(%d) = %+v, want nil", number, run)
			}
		}
	})
}

// A group ends, and its Wait returns, while somebody reads the totals; the next
// reader finds it there, and so does one who comes when the first has gone.
func TestStatsBlocksNobody(t *testing.T) {
	var s waterfall.Stats
	release := waterfall.HoldTotals(&s)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			g := asap.New(t.Context(), asap.Name("page"), asap.Observe(&s))
			g.Go("a", nop)
			if err := g.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if live, all := s.Live(9); len(live) != 0 || all != 0 {
		t.Errorf("Live() = %d runs after all have ended", len(live))
	}
	release()
	if r := s.Report("page", waterfall.SinceStart); r.Runs != 50 {
		t.Errorf("Report = %d runs, want 50", r.Runs)
	}
}

// An observer of a nested group alone sees a clock that began with the group
// around it.
func TestStatsOfANestedGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s waterfall.Stats
		server := asap.New(t.Context(), asap.Name("server"))
		server.Do("requests", func(ctx context.Context) error {
			time.Sleep(time.Hour)
			began := time.Now()
			g := asap.New(ctx, asap.Name("page"), asap.Observe(&s))
			g.Go("a", sleep(10*time.Second, 1))
			time.Sleep(3 * time.Second)
			live, _ := s.Live(9)
			if len(live) != 1 || live[0].Age != 3*time.Second || !live[0].Began.Equal(began) {
				t.Errorf("Live() = %+v, want one run of 3s since %v", live, began)
			}
			err := g.Wait()
			if run := s.Run(1); run.Makespan != 10*time.Second || !run.Began.Equal(began) {
				t.Errorf("run of %v since %v, want 10s since %v", run.Makespan, run.Began, began)
			}
			return err
		})
		if err := server.Wait(); err != nil {
			t.Fatal(err)
		}
	})
}

// The histogram has every run once, in the class of its makespan.
func TestStatsBuckets(t *testing.T) {
	var s waterfall.Stats
	var lengths []time.Duration
	for i := range 300 {
		d := time.Duration(i*i)*time.Microsecond + time.Duration(i%3)*time.Millisecond
		lengths = append(lengths, d)
		s.Add(record(t, fmt.Sprintf("0 group g\n0 declare a\n0 start a\n%f end a\n%f close g", d.Seconds()*1e3, d.Seconds()*1e3)))
	}
	slices.Sort(lengths)
	last := time.Duration(-1)
	for _, b := range s.Report("g", waterfall.SinceStart).Buckets {
		if b.Low < last || b.High < b.Low || b.Runs == 0 {
			t.Errorf("bucket %+v after %v, want them in order and none empty", b, last)
		}
		last = b.High
		for range b.Runs {
			if len(lengths) == 0 {
				t.Fatal("the buckets have more runs than there were")
			}
			if d := lengths[0]; d < b.Low-1 || d > b.High {
				t.Errorf("a run of %v is in bucket %+v", d, b)
			}
			lengths = lengths[1:]
		}
	}
	if len(lengths) > 0 {
		t.Errorf("%d runs are in no bucket", len(lengths))
	}
}

// Groups of several names end while others read all there is.
func TestStatsAtTheSameTime(t *testing.T) {
	stats := &waterfall.Stats{MaxBytes: 1 << 20}
	var groups, readers sync.WaitGroup
	stop := make(chan struct{})
	read := func() {
		for _, r := range stats.Reports(waterfall.Minute) {
			for _, k := range slices.Concat(r.Slowest, r.Failed, r.Samples, r.Latest) {
				if run := stats.Run(k.Number); run != nil && (run.Number != k.Number || run.Validate() != nil) {
					t.Errorf("run %d: %v", k.Number, run.Validate())
				}
			}
			stats.Compare(r.Name, waterfall.Minute, waterfall.Hour).Words()
			stats.Changed(r.Name)
		}
		live, _ := stats.Live(3)
		for _, l := range live {
			stats.Run(l.Number)
		}
	}
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					read()
				}
			}
		})
	}
	const each = 300
	for i := range 4 {
		groups.Go(func() {
			for n := range each {
				g := asap.New(context.Background(), asap.Name(fmt.Sprint("g", (i+n)%3)), asap.Observe(stats))
				six(g, func(context.Context) (int, error) {
					if n%50 == 7 {
						return 0, fmt.Errorf("error %d", n)
					}
					return 0, nil
				})
				g.Wait()
			}
		})
	}
	groups.Wait()
	close(stop)
	readers.Wait()
	runs := 0
	for _, r := range stats.Reports(waterfall.SinceStart) {
		runs += r.Runs
	}
	if runs != 4*each || stats.Bytes() > stats.MaxBytes {
		t.Errorf("%d runs in %d bytes, want all %d within %d", runs, stats.Bytes(), 4*each, stats.MaxBytes)
	}
}
