package tail_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/tail"
	"github.com/asap-go/asap/waterfall"
)

// run runs a group of one task whose first call takes d, and any other 1 ms, and returns
// what it took.
func run(ctx context.Context, h *tail.Hedger, d time.Duration, err error) time.Duration {
	start := time.Now()
	g := asap.New(ctx, asap.Name("home"))
	var c calls
	g.Go("ads", c.took([]time.Duration{d, ms}, err), h)
	g.Wait()
	return time.Since(start)
}

// TestAt: the delay is a quantile of the record, once there are 100 calls; failures do not
// make it shorter; and it follows.
func TestAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		h := tail.Hedge(tail.At(.9), tail.Share(1))
		for i := range 200 {
			d := time.Duration(i%100+1) * ms
			took := run(ctx, h, d, nil)
			if i < 100 && took != d {
				t.Fatalf("call %d took %v, want %v: there is no record", i, took, d)
			}
		}
		check := func(want time.Duration) {
			t.Helper()
			d := h.Decisions()[0]
			if !d.Hedge || d.Delay < want || float64(d.Delay) > 1.06*float64(want) {
				t.Errorf("%+v, want a delay of %v", d, want)
			}
			if took := run(ctx, h, time.Hour, nil); took != d.Delay+ms {
				t.Errorf("a slow call took %v, want %v", took, d.Delay+ms)
			}
		}
		check(90 * ms)
		for range 500 {
			run(ctx, h, ms, errBoom)
		}
		check(90 * ms)
		for range 5000 {
			run(ctx, h, 10*ms, nil)
		}
		check(10 * ms)
	})
}

// TestOwnWork: the record of a task that is called twice stays that of its first calls: the
// delay does not shrink by the second ones.
func TestOwnWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := tail.Hedge(tail.At(.9), tail.Share(1))
		for i := range 10_000 {
			run(t.Context(), h, time.Duration(i*37%100+1)*ms, nil)
		}
		if d := h.Decisions()[0]; d.Delay < 88*ms || d.Delay > 96*ms || d.Won < 500 {
			t.Errorf("%+v, want a delay of about 90 ms still", d)
		}
	})
}

// TestAfterAndAt: a fixed delay until there is a record, and Least below both.
func TestAfterAndAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := tail.Hedge(tail.At(.9), tail.After(30*ms), tail.Least(20*ms), tail.Share(1))
		if took := run(t.Context(), h, time.Hour, nil); took != 31*ms {
			t.Errorf("took %v, want 31 ms", took)
		}
		for range 1000 {
			run(t.Context(), h, 2*ms, nil)
		}
		if took := run(t.Context(), h, time.Hour, nil); took != 21*ms {
			t.Errorf("took %v, want 21 ms", took)
		}
	})
}

// TestPays: with a small budget the delay is the quantile that it pays for.
func TestPays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := tail.Hedge(tail.At(.5), tail.Share(.1))
		for i := range 2000 {
			run(t.Context(), h, time.Duration(i*37%100+1)*ms, nil)
		}
		if d := h.Decisions()[0]; d.Delay < 90*ms || d.Delay > 95*ms {
			t.Errorf("%+v, want a delay of about 90 ms", d)
		}
	})
}

// TestManyNames: of 256 tasks is known what they do, those that were called lately; names
// without end do not take the places of those that come back.
func TestManyNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := always(10 * ms)
		g := asap.New(t.Context())
		for i := range 300 {
			var c calls
			g.Go(fmt.Sprint("task-", i), c.took([]time.Duration{time.Second, ms}), h)
		}
		g.Wait()
		calls, hedged, refused := hedged(h)
		if calls != 256 || hedged+refused != 256 || len(h.Decisions()) != 256 {
			t.Errorf("%d calls of %d tasks, %d hedged, %d refused, want 256", calls, len(h.Decisions()), hedged, refused)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		h := tail.Hedge(tail.At(.9), tail.Share(1), tail.Critical(stats))
		n := 10_000
		if raceEnabled {
			n = 4000
		}
		for i := range n {
			g := asap.New(t.Context(), asap.Name(fmt.Sprint("group-", i)), asap.Observe(stats))
			g.Go(fmt.Sprint("task-", i), func(context.Context) (int, error) { return 0, nil }, h)
			g.Wait()
			if i%20 > 0 {
				continue
			}
			g = asap.New(t.Context(), asap.Name("home"), asap.Observe(stats))
			var c calls
			slow := 10 * ms
			if i%400 == 0 {
				slow = 300 * ms
			}
			g.Go("ads", c.took([]time.Duration{slow, 5 * ms}), h)
			g.Wait()
		}
		for _, d := range h.Decisions() {
			if d.Task == "ads" {
				if d.Calls != int64(n/20) || !d.Hedge || d.Won < int64(n/20-130)/20 {
					t.Errorf("%+v, want %d calls and second ones of the slow ones", d, n/20)
				}
				return
			}
		}
		t.Error("ads is not known any more")
	})
}
