package work_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap/bench/work"
)

func TestValueDoesNotDependOnTheBody(t *testing.T) {
	want, err := work.New(work.Body{}, false).Do(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []work.Body{{Spin: time.Microsecond}, {Sleep: time.Nanosecond}, {Done: true}} {
		if got, err := work.New(b, false).Do(t.Context(), 7); got != want || err != nil {
			t.Errorf("Do with body %v = %#x, %v; want %#x, nil", b, got, err, want)
		}
	}
	if other, _ := work.New(work.Body{}, false).Do(t.Context(), 8); other == want {
		t.Errorf("tasks 7 and 8 have the same value %#x", want)
	}
}

func TestJoinKeepsOrder(t *testing.T) {
	if a, b := work.Join(work.Join(1, 2), 3), work.Join(work.Join(1, 3), 2); a == b {
		t.Errorf("Join of 2 and 3 = Join of 3 and 2 = %#x", a)
	}
}

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := work.New(work.Body{}, true)
		var order []string
		w.OnDeclared(func() { order = append(order, "declared") })
		done := make(chan struct{})
		go func() {
			defer close(done)
			if _, err := w.Do(t.Context(), 0); err != nil {
				t.Errorf("Do(0) = %v", err)
			}
			order = append(order, "task 0")
		}()
		synctest.Wait()
		if len(order) != 0 {
			t.Errorf("task 0 ended before everything was declared: %v", order)
		}
		if _, err := w.Do(t.Context(), 1); err != nil { // only task 0 is held
			t.Errorf("Do(1) = %v", err)
		}
		w.Declared()
		<-done
		if len(order) != 2 || order[0] != "declared" {
			t.Errorf("order %v, want declared and then task 0", order)
		}
	})
}

func TestSleepIsVirtual(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if _, err := work.New(work.Body{Sleep: time.Minute}, false).Do(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("a body that sleeps a minute took %v", took)
		}
	})
}

func TestFailures(t *testing.T) {
	w := work.New(work.Body{}, false).FailAt(3)
	if _, err := w.Do(t.Context(), 3); !errors.Is(err, work.ErrBody) {
		t.Errorf("Do(3) = %v, want %v", err, work.ErrBody)
	}
	if _, err := w.Do(t.Context(), 2); err != nil {
		t.Errorf("Do(2) = %v, want nil", err)
	}
	why := errors.New("why")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := work.New(work.Body{Done: true}, false).Do(ctx, 1); !errors.Is(err, why) {
		t.Errorf("Do with an ended context = %v, want its cause", err)
	}
}

func TestString(t *testing.T) {
	for _, tt := range []struct {
		b    work.Body
		want string
	}{
		{work.Body{}, "empty"},
		{work.Body{Spin: time.Microsecond}, "1µs"},
		{work.Body{Sleep: time.Millisecond, Done: true}, "sleep 1ms + Done"},
	} {
		if got := tt.b.String(); got != tt.want {
			t.Errorf("String() = %q, want %q", got, tt.want)
		}
	}
}
