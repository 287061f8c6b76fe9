package errgroup

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// took runs f in virtual time and returns what it gave and how long it took.
func took[T any](t *testing.T, f func(context.Context) (T, error)) (v T, d time.Duration, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		v, err = f(t.Context())
		d = time.Since(start)
	})
	return v, d, err
}

func TestShapes(t *testing.T) {
	shape(t, "levels", pageBefore, 600*ms, page, 400*ms)
	shape(t, "channels", shippingBefore, 400*ms, shipping, 400*ms)
	shape(t, "fanout",
		func(ctx context.Context) ([]Price, error) { return pricesBefore(ctx, User{}) }, 90*ms,
		func(ctx context.Context) ([]Price, error) { return prices(ctx, User{}) }, 90*ms)
	items := []string{"tea", "milk", "bread", "salt"}
	shape(t, "nested",
		func(ctx context.Context) (int, error) { return totalBefore(ctx, items) }, 100*ms,
		func(ctx context.Context) (int, error) { return total(ctx, items) }, 100*ms)
}

// shape runs both versions of a function, which must agree.
func shape[T any](t *testing.T, name string, before func(context.Context) (T, error), beforeTakes time.Duration, after func(context.Context) (T, error), afterTakes time.Duration) {
	t.Run(name, func(t *testing.T) {
		want, d, err := took(t, before)
		if err != nil || d != beforeTakes {
			t.Errorf("before = %v, %v after %v, want no error after %v", want, err, d, beforeTakes)
		}
		got, d, err := took(t, after)
		if err != nil || d != afterTakes {
			t.Errorf("after = %v, %v after %v, want no error after %v", got, err, d, afterTakes)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("after = %v, before = %v, want the same", got, want)
		}
	})
}

// The failure of an element names it, as the page says.
func TestFanoutNamesTheElement(t *testing.T) {
	_, d, err := took(t, func(ctx context.Context) ([]Price, error) { return prices(ctx, User{"Midas"}) })
	if got, want := fmt.Sprint(err), "prices[2]: 503 service unavailable"; got != want || d != 90*ms {
		t.Errorf("prices(Midas) = %q after %v, want %q after 90ms", got, d, want)
	}
}

func TestFailures(t *testing.T) {
	caches := []string{"users", "prices", "sessions", "images"}
	run := func(f func(context.Context, []string) error) (time.Duration, error) {
		_, d, err := took(t, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx, caches) })
		return d, err
	}
	d, before := run(warmUpBefore)
	if !errors.Is(before, errDown) || d != 10*ms {
		t.Errorf("warmUpBefore() = %v after %v, want two failures after 10ms", before, d)
	}
	d, after := run(warmUp)
	group, ok := errors.AsType[*asap.GroupError](after)
	if !ok || d != 10*ms || len(group.Failures) != 2 {
		t.Fatalf("warmUp() = %v after %v, want two failures after 10ms", after, d)
	}
	failed := map[string]bool{}
	for _, f := range group.Failures {
		failed[f.Task] = errors.Is(f, errDown)
	}
	if want := map[string]bool{"prices": true, "images": true}; !reflect.DeepEqual(failed, want) {
		t.Errorf("warmUp() failed in %v, want %v", failed, want)
	}
}
