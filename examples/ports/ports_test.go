package ports

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// port is a function in both versions.
type port struct {
	name           string
	asap, errgroup func(context.Context, *World) (any, error)
	limit          int // of calls at a time, 0 without one
	// funcs are the functions that a version is made of.
	asapFuncs, errgroupFuncs []string
}

func version[T any](f func(context.Context, *World) (T, error)) func(context.Context, *World) (any, error) {
	return func(ctx context.Context, w *World) (any, error) { return f(ctx, w) }
}

func withFlags(f func(context.Context, *World, Flags) (Metadata, error), flags Flags) func(context.Context, *World) (any, error) {
	return func(ctx context.Context, w *World) (any, error) { return f(ctx, w, flags) }
}

func withServices(f func(context.Context, *World, map[string]Service) error) func(context.Context, *World) (any, error) {
	return func(ctx context.Context, w *World) (any, error) {
		ctx, cancel := context.WithTimeout(ctx, 217*ms) // the user's Ctrl-C
		defer cancel()
		return nil, f(ctx, w, stack)
	}
}

// stack is what the tests start. The mail server is optional; the site wants the
// cache, whether it comes up or not, and what requires the mail server goes with it.
var stack = map[string]Service{
	"db":      {Takes: 40 * ms},
	"cache":   {Takes: 55 * ms, Optional: true},
	"mail":    {Takes: 30 * ms, Optional: true},
	"letters": {Requires: []string{"mail", "db"}, Takes: 21 * ms},
	"api":     {Requires: []string{"db"}, Wants: []string{"cache"}, Takes: 32 * ms},
	"site":    {Requires: []string{"api"}, Wants: []string{"letters"}, Takes: 13 * ms},
}

var ports = []port{
	{"dashboard", version(dashboard), version(dashboardErrgroup), 0,
		[]string{"dashboard"}, []string{"dashboardErrgroup"}},
	{"product", version(product), version(productErrgroup), 0,
		[]string{"product"}, []string{"productErrgroup"}},
	{"metadata", withFlags(metadata, Flags{true, true, true}), withFlags(metadataErrgroup, Flags{true, true, true}), 0,
		[]string{"metadata"}, []string{"metadataErrgroup"}},
	{"services", withServices(up), withServices(upErrgroup), 0,
		[]string{"up"}, []string{"upErrgroup"}},
	{"inbox", version(inbox), version(inboxErrgroup), 4,
		[]string{"inbox", "inboxPage"}, []string{"inboxErrgroup"}},
	{"deploy", version(deploy), version(deployErrgroup), 0,
		[]string{"deploy"}, []string{"deployErrgroup"}},
	{"order", version(order), version(orderErrgroup), 3,
		[]string{"order", "total", "gift"}, []string{"orderErrgroup", "totalErrgroup", "giftErrgroup", "limited"}},
}

// run is what became of a function under a world.
type run struct {
	value any
	err   error
	took  time.Duration
	calls []call
}

// play runs f in virtual time, in a world where calls fail (names with commas between
// them) or hang, with a deadline unless it is 0.
func play(t *testing.T, f func(context.Context, *World) (any, error), fails, hangs string, deadline time.Duration) (r run) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.Fails, w.Hangs = strings.Split(fails, ","), hangs
		ctx := t.Context()
		if deadline > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, deadline)
			defer cancel()
		}
		r.value, r.err = f(ctx, w)
		r.took = time.Since(w.began)
		r.calls = slices.SortedFunc(slices.Values(w.calls), func(a, b call) int {
			return cmp.Or(cmp.Compare(a.began, b.began), cmp.Compare(a.name, b.name))
		})
	})
	return r
}

// root is what an error is, without the words around it.
func root(err error) string {
	switch {
	case err == nil:
		return "nil"
	case errors.Is(err, errFault):
		return "fault"
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline"
	}
	return err.Error()
}

func names(calls []call) (names []string) {
	for _, c := range calls {
		if !slices.Contains(names, c.name) {
			names = append(names, c.name)
		}
	}
	return names
}

// Both versions return the same, at the same instant, after the same calls.
func TestPorts(t *testing.T) {
	for _, p := range ports {
		t.Run(p.name, func(t *testing.T) {
			well := play(t, p.asap, "", "", 0)
			compare(t, p, "", "", 0)
			for _, name := range names(well.calls) {
				compare(t, p, name, "", 0)
				if !strings.HasPrefix(name, "stop ") { // what undoes has no deadline
					compare(t, p, "", name, 701*ms)
				}
			}
			for d := 3*ms + 500*time.Microsecond; d < well.took; d += 7 * ms {
				compare(t, p, "", "", d)
			}
		})
	}
}

// compare runs both versions. Which of several calls goes first when a limit holds
// them up is the scheduler's choice, so what is said of single calls then, and when
// one that fails is reached, is not compared. Nor are calls that a twin begins at the
// instant at which everything has ended: the slot, or the channel, of one that has
// been canceled reaches its goroutine before the cancellation does.
func compare(t *testing.T, p port, fails, hangs string, deadline time.Duration) {
	t.Helper()
	what := fmt.Sprintf("failing %q, hung %q, deadline %v", fails, hangs, deadline)
	a := play(t, p.asap, fails, hangs, deadline)
	b := play(t, p.errgroup, fails, hangs, deadline)
	b.calls = slices.DeleteFunc(b.calls, func(c call) bool { return c.outcome == "canceled" && c.began == c.ended })
	chance := p.limit > 0 && fails+hangs != ""
	if !reflect.DeepEqual(a.value, b.value) || root(a.err) != root(b.err) || a.took != b.took && !chance {
		t.Errorf("%s:\nasap     = %v, %v after %v\nerrgroup = %v, %v after %v",
			what, a.value, a.err, a.took, b.value, b.err, b.took)
	}
	if p.limit > 0 {
		for _, r := range []run{a, b} {
			if most := atOnce(r.calls); most > p.limit {
				t.Errorf("%s: %d calls at once, want at most %d:\n%s", what, most, p.limit, list(r.calls))
			}
			for i := range r.calls {
				r.calls[i].name = ""
			}
		}
	}
	if !chance && !slices.Equal(a.calls, b.calls) {
		t.Errorf("%s: the calls differ:\nasap\n%s\nerrgroup\n%s", what, list(a.calls), list(b.calls))
	}
}

// atOnce returns how many calls ran at the same time at most.
func atOnce(calls []call) (most int) {
	for _, c := range calls {
		n := 0
		for _, d := range calls {
			if d.began <= c.began && c.began < d.ended {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

func list(calls []call) string {
	var b strings.Builder
	for _, c := range calls {
		fmt.Fprintln(&b, "\t", c)
	}
	return b.String()
}

// A rollback that fails half way goes on with the rest, and says so.
func TestRollbackFails(t *testing.T) {
	p := ports[slices.IndexFunc(ports, func(p port) bool { return p.name == "deploy" })]
	for _, undo := range []string{"route back from v1 to v2", "terminate v2", "revert schema 8"} {
		compare(t, p, "smoke,"+undo, "", 0)
		r := play(t, p.asap, "smoke,"+undo, "", 0)
		if group, ok := errors.AsType[*asap.GroupError](r.err); !ok || len(group.Failures) != 2 {
			t.Errorf("failing smoke and %s: %v, want both failures", undo, r.err)
		}
	}
}

// What is not asked for is not called, and does not hold up the rest.
func TestMetadataFlags(t *testing.T) {
	for i := range 8 {
		flags := Flags{i&1 != 0, i&2 != 0, i&4 != 0}
		p := ports[slices.IndexFunc(ports, func(p port) bool { return p.name == "metadata" })]
		p.asap, p.errgroup = withFlags(metadata, flags), withFlags(metadataErrgroup, flags)
		compare(t, p, "", "", 0)
	}
}

// Services that wait for each other are refused before one of them starts.
func TestServicesCycle(t *testing.T) {
	services := map[string]Service{"a": {Requires: []string{"b"}}, "b": {Wants: []string{"c"}}, "c": {Requires: []string{"a"}}}
	for _, up := range []func(context.Context, *World, map[string]Service) error{up, upErrgroup} {
		w := newWorld()
		if err := up(t.Context(), w, services); err == nil || len(w.calls) > 0 {
			t.Errorf("up = %v after %v, want an error and no call", err, w.calls)
		}
	}
}
