package seeds_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// The twins of the README's error handling and abort signals.

// dependentFails is all() with a failure that another task needs.
func dependentFails(ctx context.Context, options ...asap.Option) error {
	g := asap.New(ctx, options...)
	a := g.Go("a", func(context.Context) (int, error) { return 0, errors.New("failed") })
	a.Then("b", func(_ context.Context, a int) (int, error) { return a + 1, nil })
	return g.Wait()
}

func Example_dependentFails() {
	fmt.Println(dependentFails(context.Background()))
	// Output: a: failed
}

// threeSettled is allSettled() with one failure of three.
func threeSettled(ctx context.Context, options ...asap.Option) []asap.Result[int] {
	g := asap.New(ctx, append(options, asap.Settled())...)
	a := g.Go("a", func(context.Context) (int, error) { return 1, nil })
	b := g.Go("b", func(context.Context) (int, error) { return 0, errors.New("task b failed") })
	c := g.Go("c", func(context.Context) (int, error) { return 3, nil })
	g.Wait()
	return []asap.Result[int]{a.Result(), b.Result(), c.Result()}
}

func Example_threeSettled() {
	for _, r := range threeSettled(context.Background()) {
		if r.Err != nil {
			fmt.Println("rejected:", r.Err)
		} else {
			fmt.Println("fulfilled:", r.Value)
		}
	}
	// Output:
	// fulfilled: 1
	// rejected: b: task b failed
	// fulfilled: 3
}

// dependencyFailures is allSettled() with a dependent that fails with its
// dependency, and one that catches the error.
func dependencyFailures(ctx context.Context, options ...asap.Option) (b asap.Result[int], c asap.Result[string], err error) {
	g := asap.New(ctx, append(options, asap.Settled())...)
	a := g.Go("a", func(ctx context.Context) (int, error) {
		_, err := answer(ctx, 10*time.Millisecond, 0)
		return 0, errors.Join(err, errors.New("a failed"))
	})
	tb := a.Then("b", func(_ context.Context, a int) (int, error) { return a + 10, nil })
	tc := g.Go("c", func(ctx context.Context) (string, error) {
		v, err := a.Await(ctx)
		if err != nil {
			return "fallback value", nil
		}
		return fmt.Sprint(v + 10), nil
	})
	err = g.Wait()
	return tb.Result(), tc.Result(), err
}

func Example_dependencyFailures() {
	b, c, err := dependencyFailures(context.Background())
	fmt.Println(b.Err)
	fmt.Println(c.Value, c.Err)
	fmt.Println(err) // a settled group returns its failures too
	// Output:
	// b skipped: a: a failed
	// fallback value <nil>
	// a: a failed
}

func TestBetterAllErrors(t *testing.T) {
	wantTimeline(t, "b Skipped\na 0-0 Failed", func(ctx context.Context, o asap.Option) { dependentFails(ctx, o) })
	wantTimeline(t, "a 0-0\nb 0-0 Failed\nc 0-0", func(ctx context.Context, o asap.Option) { threeSettled(ctx, o) })
	wantTimeline(t, "b Skipped\na 0-10 Failed\nc 10-10", func(ctx context.Context, o asap.Option) { dependencyFailures(ctx, o) })
}

// autoAbort is all() with this.$signal: the failure of one task cancels the
// context of the other.
func autoAbort(ctx context.Context, ms time.Duration, options ...asap.Option) (posts error, err error) {
	g := asap.New(ctx, options...)
	asked := make(chan struct{})
	g.Do("fetchUser", func(ctx context.Context) error {
		<-asked // a failure before fetchPosts has begun would skip it
		_, err := answer(ctx, 50*ms, "user")
		return errors.Join(err, errors.New("502 bad gateway"))
	})
	fetchPosts := g.Go("fetchPosts", func(ctx context.Context) (string, error) {
		close(asked)
		return answer(ctx, time.Hour, "posts") // ends with ctx
	})
	err = g.Wait()
	return fetchPosts.Result().Err, err
}

func Example_autoAbort() {
	posts, err := autoAbort(context.Background(), time.Microsecond)
	fmt.Println(err)
	fmt.Println(posts) // the cause of its context was the failure, so it names both
	// Output:
	// fetchUser: 502 bad gateway
	// fetchPosts: fetchUser: 502 bad gateway
}

func TestBetterAllAutoAbort(t *testing.T) {
	wantTimeline(t, "fetchPosts 0-50 Canceled\nfetchUser 0-50 Failed", func(ctx context.Context, o asap.Option) {
		autoAbort(ctx, time.Millisecond, o)
	})
}

var errUserLeft = errors.New("the user left")

// externalSignal is all() with the option signal: a context is one.
func externalSignal(ctx context.Context, options ...asap.Option) error {
	g := asap.New(ctx, options...)
	g.Go("a", func(ctx context.Context) (string, error) { return answer(ctx, time.Hour, "data") })
	g.Go("b", func(ctx context.Context) (string, error) { return answer(ctx, time.Hour, "more data") })
	return g.Wait()
}

func Example_externalSignal() {
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(time.Millisecond, func() { cancel(errUserLeft) })
	err := externalSignal(ctx)
	fmt.Println(asap.Cause(err))
	fmt.Println(errors.Is(err, context.Canceled), errors.Is(err, errUserLeft))
	// Output:
	// the user left
	// true true
}

func TestBetterAllExternalSignal(t *testing.T) {
	wantTimeline(t, "a 0-50 Canceled\nb 0-50 Canceled", func(ctx context.Context, o asap.Option) {
		ctx, cancel := context.WithCancelCause(ctx)
		time.AfterFunc(50*time.Millisecond, func() { cancel(errUserLeft) })
		externalSignal(ctx, o)
	})
	// allSettled() keeps to the external signal as well, and starts nothing
	// under one that was aborted before.
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := externalSignal(ctx, asap.Settled()); !errors.Is(err, context.Canceled) {
			t.Errorf("externalSignal(dead context) = %v, want context.Canceled", err)
		}
	})
}
