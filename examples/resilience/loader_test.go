package resilience

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/vikstrous/dataloadgen"
)

// authors is a table that is asked for many keys at once.
type authors struct {
	queries atomic.Int64
	takes   time.Duration
	missing int
}

func (a *authors) query(ctx context.Context, ids []int) ([]string, []error) {
	a.queries.Add(1)
	names, errs := make([]string, len(ids)), make([]error, len(ids))
	err := pause(ctx, a.takes)
	for i, id := range ids {
		names[i], errs[i] = fmt.Sprint("author ", id), err
		if id == a.missing && err == nil {
			errs[i] = errors.New("no such author")
		}
	}
	return names, errs
}

func posts(n int) (ids []int) {
	for i := range n {
		ids = append(ids, i)
	}
	return ids
}

func TestLoaderAsksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		table := &authors{takes: 10 * ms, missing: 7}
		loader := dataloadgen.NewLoader(table.query, dataloadgen.WithWait(2*ms))
		names, err := asap.Run(t.Context(), func(g *asap.Group) func() []asap.Result[string] {
			return g.MapOptional("author", g.Input("posts", posts(25)), load(loader)).Value
		}, asap.Limit(4))
		if err != nil {
			t.Fatal(err)
		}
		if n := table.queries.Load(); n != 1 || time.Since(start) != 12*ms {
			t.Errorf("%d queries in %v, want 1 in 12ms", n, time.Since(start))
		}
		for i, r := range names {
			if want := fmt.Sprint("author ", i); r.Value != want && i != 7 {
				t.Errorf("author[%d] = %+v, want %s", i, r, want)
			}
		}
		if names[7].Err == nil {
			t.Error("author[7] has no error, want that of its key alone")
		}
	})
}

// The request ends while the query hangs: nothing is left, and nobody is blamed.
func TestLoaderHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*ms)
		defer cancel()
		start := time.Now()
		table := &authors{takes: time.Hour}
		loader := dataloadgen.NewLoader(table.query, dataloadgen.WithWait(2*ms))
		g := asap.New(ctx, asap.Limit(4))
		g.Map("author", g.Input("posts", posts(25)), load(loader))
		err := g.Wait()
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 50*ms {
			t.Errorf("Wait = %v after %v, want DeadlineExceeded after 50ms", err, time.Since(start))
		}
		if group, ok := errors.AsType[*asap.GroupError](err); !ok || len(group.Failures) > 0 {
			t.Errorf("Wait = %#v, want no failures", err)
		}
	})
}

// Each level of a tree is one query: posts by author, and then their comments.
func TestLoaderByLevel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, comments := &authors{takes: 10 * ms, missing: -1}, &authors{takes: 10 * ms, missing: -1}
		byAuthor := dataloadgen.NewLoader(table.query, dataloadgen.WithWait(2*ms))
		byPost := dataloadgen.NewLoader(comments.query, dataloadgen.WithWait(2*ms))
		all, err := asap.Run(t.Context(), func(g *asap.Group) func() []string {
			return g.Map("post", g.Input("posts", posts(25)), func(ctx context.Context, id int) (string, error) {
				return asap.Run(ctx, func(g *asap.Group) func() string {
					in := g.Input("id", id)
					author := in.Then("author", load(byAuthor))
					comments := author.And(in).Then("comments", func(ctx context.Context, _ string, id int) (string, error) {
						return load(byPost)(ctx, id)
					})
					return comments.Value
				})
			}).Value
		}, asap.Limit(4))
		if err != nil || len(all) != 25 || slices.Contains(all, "") {
			t.Fatalf("posts = %v, %v", all, err)
		}
		if a, c := table.queries.Load(), comments.queries.Load(); a != 1 || c != 1 {
			t.Errorf("%d and %d queries, want 1 and 1", a, c)
		}
	})
}
