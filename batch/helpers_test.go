package batch_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/batch"
)

// fetcher notes its calls and takes a while for each.
type fetcher struct {
	takes time.Duration
	mu    sync.Mutex
	calls [][]int
	at    []time.Duration
	start time.Time
}

func newFetcher(takes time.Duration) *fetcher { return &fetcher{takes: takes, start: time.Now()} }

// fetch returns ten times each key.
func (f *fetcher) fetch(ctx context.Context, keys []int) (map[int]int, error) {
	f.note(keys)
	time.Sleep(f.takes)
	values := make(map[int]int)
	for _, key := range keys {
		values[key] = 10 * key
	}
	return values, nil
}

func (f *fetcher) note(keys []int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	keys = slices.Clone(keys)
	slices.Sort(keys)
	f.calls = append(f.calls, keys)
	f.at = append(f.at, time.Since(f.start))
}

// want checks the keys of the calls, and when they began.
func (f *fetcher) want(t *testing.T, want ...string) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	var got []string
	for i, keys := range f.calls {
		got = append(got, fmt.Sprintf("%v %v", f.at[i], keys))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("calls are %q, want %q", got, want)
	}
}

// never is longer than any test: a call that goes out by it is seen.
const never = time.Hour

// inBubble runs test with a group of the given options, and a loader that never goes out
// by time, and waits for the group.
func inBubble(t *testing.T, takes time.Duration, test func(g *asap.Group, prices *batch.Loader[int, int]), check func(err error, took time.Duration, f *fetcher), options ...asap.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		f := newFetcher(takes)
		g := asap.New(t.Context(), options...)
		defer g.Stop()
		test(g, batch.New(g, "prices", f.fetch, batch.MaxWait(never)))
		err := g.Wait()
		check(err, time.Since(f.start), f)
	})
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("got %v, want no error", err)
	}
}
