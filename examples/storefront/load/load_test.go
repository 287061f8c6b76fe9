package load_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap/examples/storefront/load"
)

// A program that stalls for a second makes everybody wait who was due in that
// second. Counted from the sending, only those in flight would be slow.
func TestLatencyCountsFromDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 200
		start := time.Now()
		samples, err := load.Run(t.Context(), load.Plan{Requests: n, Rate: 100, InFlight: 2, Seed: 1},
			func(context.Context, int) ([]byte, error) {
				if now := time.Since(start); now < time.Second {
					time.Sleep(time.Second - now) // the stall
				}
				return nil, nil
			})
		if err != nil {
			t.Fatal(err)
		}
		slow, slowFromSent := 0, 0
		for _, s := range samples {
			if want := max(0, time.Second-s.Due); s.Latency() != want {
				t.Errorf("request %d, due at %v: latency %v, want %v", s.N, s.Due, s.Latency(), want)
			}
			if s.Latency() > 100*time.Millisecond {
				slow++
			}
			if s.Done-s.Sent > 100*time.Millisecond {
				slowFromSent++
			}
		}
		if slow < 50 || slowFromSent != 2 {
			t.Errorf("%d requests were slow, %d counted from sending; want many and 2", slow, slowFromSent)
		}
		sum := load.Summarize(samples)
		if sum.P99 < 900*time.Millisecond || sum.Late < 900*time.Millisecond {
			t.Errorf("p99 = %v, late = %v; want both near the stall of 1s", sum.P99, sum.Late)
		}
	})
}

// Requests are sent when they are due, whatever became of earlier ones.
func TestOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := load.Plan{Requests: 50, Rate: 1000, InFlight: 50, Seed: 7}
		samples, err := load.Run(t.Context(), plan, func(_ context.Context, n int) ([]byte, error) {
			time.Sleep(time.Minute)
			return fmt.Append(nil, n), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range samples {
			if s.N != i || s.Sent != s.Due || s.Latency() != time.Minute || string(s.Body) != fmt.Sprint(i) {
				t.Errorf("sample %d = %+v; want it sent when due and done a minute later", i, s)
			}
			if i > 0 && s.Due < samples[i-1].Due {
				t.Errorf("sample %d is due at %v, before the one in front of it", i, s.Due)
			}
		}
		again, _ := load.Run(t.Context(), plan, func(context.Context, int) ([]byte, error) { return nil, nil })
		if again[49].Due != samples[49].Due {
			t.Errorf("the same seed gave other instants: %v and %v", again[49].Due, samples[49].Due)
		}
	})
}

func TestBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now, most := 0, 0
		_, err := load.Run(t.Context(), load.Plan{Requests: 100, Rate: 1000, InFlight: 3, Seed: 1},
			func(context.Context, int) ([]byte, error) {
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				now--
				mu.Unlock()
				return nil, nil
			})
		if err != nil || most != 3 {
			t.Errorf("%d in flight at most, error %v; want 3", most, err)
		}
	})
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(why) })
		calls := 0
		samples, err := load.Run(ctx, load.Plan{Requests: 100, Rate: 10, InFlight: 1, Seed: 1},
			func(context.Context, int) ([]byte, error) { calls++; return nil, nil })
		if err != nil {
			t.Fatal(err)
		}
		s := load.Summarize(samples)
		if calls == 0 || calls > 50 || s.Failed != 100-calls {
			t.Errorf("%d calls, %d failed; want about 10 and the rest", calls, s.Failed)
		}
		if last := samples[99]; !errors.Is(last.Err, why) || last.Done != time.Second {
			t.Errorf("last sample: %v at %v; want the cause, at the cancel", last.Err, last.Done)
		}
	})
}

func TestSummarize(t *testing.T) {
	var samples []load.Sample
	for i := 100; i >= 1; i-- {
		samples = append(samples, load.Sample{Due: time.Second, Sent: time.Second, Done: time.Second + time.Duration(i)})
	}
	samples = append(samples, load.Sample{Done: time.Hour, Err: errors.New("lost")})
	want := load.Summary{Requests: 101, Failed: 1, P50: 50, P95: 95, P99: 99}
	if got := load.Summarize(samples); got != want {
		t.Errorf("Summarize = %+v, want %+v", got, want)
	}
	if got := load.Summarize(nil); got != (load.Summary{}) {
		t.Errorf("Summarize(nil) = %+v, want zeros", got)
	}
	if got := load.Summarize(samples[:1]); got.P50 != 100 || got.P99 != 100 {
		t.Errorf("Summarize of one = %+v, want it everywhere", got)
	}
}

func TestBadPlan(t *testing.T) {
	for _, p := range []load.Plan{{Requests: 1, InFlight: 1}, {Requests: 1, Rate: 1}, {Requests: -1, Rate: 1, InFlight: 1}} {
		if _, err := load.Run(t.Context(), p, nil); err == nil {
			t.Errorf("Run(%+v) gave no error", p)
		}
	}
}
