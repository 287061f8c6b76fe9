package rules_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// edgeBlind is told of everything and looks at nothing.
type edgeBlind struct{}

func (edgeBlind) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }
func (edgeBlind) Observe(asap.Event)                                      {}

// edgeGrowth is what must cost each of its n tasks, or levels, the same however
// many there are (R41).
var edgeGrowth = map[string]func(ctx context.Context, n int){
	"hedged calls under a limit": func(ctx context.Context, n int) {
		g := asap.New(ctx, asap.Limit(4))
		open := make(chan struct{})
		for range n {
			g.Race("call", edgeOpens(open), edgeOpens(open))
		}
		close(open)
		g.Wait()
	},
	"awaits of the end of a chain": func(ctx context.Context, n int) { edgeAwaitsOfAChain(asap.New(ctx), n) },
	"awaits of the end of a chain under a limit": func(ctx context.Context, n int) {
		edgeAwaitsOfAChain(asap.New(ctx, asap.Limit(4)), n)
	},
	"awaits of a caller, recorded": func(ctx context.Context, n int) {
		g := asap.New(ctx, asap.Observe(new(waterfall.Recorder)))
		for range n {
			g.Go("next", one).Await(ctx)
		}
		g.Wait()
	},
	"awaits of a body, recorded and told": func(ctx context.Context, n int) {
		g := asap.New(ctx, asap.Observe(new(waterfall.Recorder)), asap.Observe(edgeBlind{}))
		g.Do("loop", func(ctx context.Context) error {
			for range n {
				g.Go("next", one).Await(ctx)
			}
			return nil
		})
		g.Wait()
	},
	"goroutines of a body that await a task each, the last to end first, recorded": func(ctx context.Context, n int) {
		g := asap.New(ctx, asap.Observe(new(waterfall.Recorder)))
		first := make(chan struct{})
		open := first
		g.Do("crowd", func(ctx context.Context) error {
			var all, begun sync.WaitGroup
			for range n {
				before, after := open, make(chan struct{})
				open = after
				x := g.Go("x", func(context.Context) (int, error) { <-after; close(before); return 1, nil })
				begun.Add(1)
				all.Go(func() { begun.Done(); x.Await(ctx) })
			}
			begun.Wait()
			runtime.Gosched()
			close(open)
			all.Wait()
			return nil
		})
		g.Wait()
	},
	"a race that fails while a body waits across": func(ctx context.Context, n int) {
		other := asap.New(ctx)
		open := make(chan struct{})
		x := other.Go("x", edgeOpens(open))
		g := asap.New(ctx, asap.Settled())
		g.Go("across", x.Await)
		fns := make([]func(context.Context) (int, error), n)
		for i := range fns {
			fns[i] = func(context.Context) (int, error) { return 0, errEdge }
		}
		g.Race("race", fns...).Await(ctx)
		close(open)
		g.Wait()
		other.Wait()
	},
	"nested groups that fail under an outer limit": func(ctx context.Context, n int) {
		g := asap.New(ctx, asap.Limit(4))
		open := make(chan struct{})
		for range n {
			g.Do("request", func(ctx context.Context) error {
				<-open
				in := asap.New(ctx)
				in.Go("bad", func(context.Context) (int, error) { return 0, errEdge })
				in.Go("skipped", edgeOpens(open)).Then("next", func(context.Context, int) (int, error) { return 1, nil })
				in.Wait()
				return nil
			})
		}
		close(open)
		g.Wait()
	},
	"nested groups that are stopped under an outer limit": func(ctx context.Context, n int) {
		g := asap.New(ctx, asap.Limit(4))
		open := make(chan struct{})
		for range n {
			g.Do("request", func(ctx context.Context) error {
				<-open
				in := asap.New(ctx)
				in.Go("in", edgeOpens(open))
				in.Stop()
				return nil
			})
		}
		close(open)
		g.Wait()
	},
	"an error that is passed on": func(ctx context.Context, n int) {
		g := asap.New(ctx, asap.Settled())
		last := g.Go("bad", func(context.Context) (int, error) { return 0, errEdge })
		for range n {
			last = g.Go("next", last.Await)
		}
		g.Wait()
	},
	"Maps with a limit": func(ctx context.Context, n int) {
		g := asap.New(ctx)
		open := make(chan struct{})
		in := g.Go("in", func(context.Context) ([]int, error) { <-open; return []int{1, 2}, nil })
		for range n {
			g.Map("map", in, func(context.Context, int) (int, error) { return 1, nil }, asap.Limit(1))
		}
		close(open)
		g.Wait()
	},
	"nested groups that await one outer task": func(ctx context.Context, n int) {
		g := asap.New(ctx)
		open := make(chan struct{})
		x := g.Go("x", edgeOpens(open))
		for range n {
			g.Do("request", func(ctx context.Context) error {
				in := asap.New(ctx)
				in.Go("in", x.Await)
				return in.Wait()
			})
		}
		close(open)
		g.Wait()
	},
	"nested groups that all wait at once": func(ctx context.Context, n int) {
		g := asap.New(ctx)
		open := make(chan struct{})
		x := g.Go("x", edgeOpens(open))
		var begun sync.WaitGroup
		begun.Add(n)
		for range n {
			g.Do("request", func(ctx context.Context) error {
				in := asap.New(ctx)
				in.Go("in", func(ctx context.Context) (int, error) { begun.Done(); return x.Await(ctx) })
				return in.Wait()
			})
		}
		begun.Wait()
		edgeYield()
		close(open)
		g.Wait()
	},
	"soft waits that are cut": func(ctx context.Context, n int) {
		g := asap.New(ctx, asap.Limit(4))
		var begun sync.WaitGroup
		begun.Add(n)
		open := make(chan struct{})
		other := asap.New(ctx)
		x := other.Go("x", edgeOpens(open))
		offs := make([]context.CancelFunc, n)
		for i := range n {
			g.Do("soft", func(ctx context.Context) error {
				ctx, offs[i] = context.WithCancel(ctx)
				begun.Done()
				x.Await(ctx)
				return nil
			})
		}
		begun.Wait()
		edgeYield()
		for _, off := range offs {
			off()
		}
		g.Wait()
		close(open)
		other.Wait()
	},
	"waits of one body": func(ctx context.Context, n int) {
		g := asap.New(ctx)
		open := make(chan struct{})
		tasks := make([]*asap.Task[int], n)
		for i := range tasks {
			tasks[i] = g.Go("t", edgeOpens(open))
		}
		g.Do("w", func(ctx context.Context) error {
			var wg sync.WaitGroup
			for _, t := range tasks {
				wg.Go(func() { t.Await(ctx) })
			}
			edgeYield()
			close(open)
			wg.Wait()
			return nil
		})
		g.Wait()
	},
	"waits that a failure ends": func(ctx context.Context, n int) {
		g := asap.New(ctx, asap.Limit(4))
		var begun sync.WaitGroup
		begun.Add(n)
		open := make(chan struct{})
		other := asap.New(ctx)
		x := other.Go("x", edgeOpens(open))
		for range n {
			g.Go("w", func(ctx context.Context) (int, error) { begun.Done(); return x.Await(ctx) })
		}
		begun.Wait()
		edgeYield()
		g.Do("bad", func(context.Context) error { return errEdge })
		g.Wait()
		close(open)
		other.Wait()
	},
	"queued tasks that a failure skips": func(ctx context.Context, n int) {
		g := asap.New(ctx, asap.Limit(1))
		open := make(chan struct{})
		g.Do("bad", func(context.Context) error { <-open; return errEdge })
		for range n {
			g.Go("queued", edgeOpens(open)).Then("next", func(context.Context, int) (int, error) { return 1, nil })
		}
		close(open)
		g.Wait()
	},
	"bodies that await one after the other": func(ctx context.Context, n int) {
		g := asap.New(ctx, asap.Limit(2))
		g.Do("loop", func(ctx context.Context) error {
			for range n {
				g.Go("t", func(context.Context) (int, error) { return 1, nil }).Await(ctx)
			}
			return nil
		})
		g.Wait()
	},
	"tasks that declare the next": func(ctx context.Context, n int) {
		g := asap.New(ctx, asap.Limit(2))
		var next func(left int)
		next = func(left int) {
			if left > 0 {
				g.Do("next", func(context.Context) error { next(left - 1); return nil })
			}
		}
		next(n)
		g.Wait()
	},
	"requests behind each other": func(ctx context.Context, n int) {
		g := asap.New(ctx, asap.Limit(8))
		for range n {
			g.Do("request", func(ctx context.Context) error {
				in := asap.New(ctx)
				a := in.Go("a", func(context.Context) (int, error) { return 1, nil })
				in.Go("b", a.Await)
				return in.Wait()
			})
		}
		g.Wait()
	},
	"hits of races that fail and nest": func(ctx context.Context, n int) {
		g := asap.New(ctx, asap.Settled(), asap.Limit(4))
		for range n {
			g.Race("race",
				func(context.Context) (int, error) { return 0, errEdge },
				func(ctx context.Context) (int, error) {
					in := asap.New(ctx)
					in.Go("in", func(context.Context) (int, error) { return 0, errors.New("in") })
					return 0, in.Wait()
				})
		}
		g.Wait()
	},
}

// edgeDepth is the same of levels of nesting.
var edgeDepth = map[string]func(ctx context.Context, n int){
	"Run in Run": func(ctx context.Context, n int) { edgeRuns(ctx, n, func(context.Context) {}) },
	"Run in Run, limited": func(ctx context.Context, n int) {
		g := asap.New(ctx, asap.Limit(1))
		g.Do("in", func(ctx context.Context) error { edgeRuns(ctx, n, func(context.Context) {}); return nil })
		g.Wait()
	},
	"Run in Run, with Done, Err and Deadline": func(ctx context.Context, n int) {
		edgeRuns(ctx, n, func(ctx context.Context) {
			ctx.Done()
			ctx.Deadline()
			for range 10 {
				ctx.Err()
			}
		})
	},
}

func edgeRuns(ctx context.Context, n int, do func(context.Context)) {
	if n == 0 {
		return
	}
	asap.Run(ctx, func(g *asap.Group) func() int {
		g.Go("a", func(context.Context) (int, error) { return 1, nil })
		return g.Go("in", func(ctx context.Context) (int, error) { do(ctx); edgeRuns(ctx, n-1, do); return 1, nil }).Value
	})
}

func edgeAwaitsOfAChain(g *asap.Group, n int) {
	open := make(chan struct{})
	last := g.Go("first", edgeOpens(open))
	for range n {
		last = last.Then("next", func(_ context.Context, v int) (int, error) { return v, nil })
	}
	for range n {
		g.Go("w", last.Await)
	}
	edgeYield()
	close(open)
	g.Wait()
}

// edgeOpens is a body that waits until open is closed.
func edgeOpens(open chan struct{}) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { <-open; return 1, nil }
}

// edgeYield lets the others begin to wait. Nothing depends on it.
func edgeYield() {
	for range 100 {
		runtime.Gosched()
	}
}

// TestE10_Steps counts the statements that the engine executes for each task,
// by the counters of a binary that is built for coverage, on one processor: no
// clock is asked.
func TestE10_Steps(t *testing.T) {
	edgeCount(t, edgeGrowth, 500, 4000)
}

// TestE11_Levels is the same of levels of nesting.
func TestE11_Levels(t *testing.T) { edgeCount(t, edgeDepth, 125, 1000) }

func edgeCount(t *testing.T, cases map[string]func(context.Context, int), few, many int) {
	if what := os.Getenv("ASAP_EDGE_GROWTH"); what != "" {
		name, n, _ := strings.Cut(what, "|")
		if f := cases[name]; f != nil {
			k, _ := strconv.Atoi(n)
			f(context.Background(), k)
		}
		return
	}
	if testing.Short() {
		t.Skip("builds a binary of its own")
	}
	binary := filepath.Join(t.TempDir(), "growth.test")
	build := exec.Command("go", "test", "-c", "-o", binary, "-covermode=atomic",
		"-coverpkg=github.com/asap-go/asap,github.com/asap-go/asap/internal/...,context,slices", ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go test -c: %v\n%s", err, out)
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		t.Run(name, func(t *testing.T) {
			a, b := edgeSteps(t, binary, name, few), edgeSteps(t, binary, name, many)
			t.Logf("%.0f statements each of %d, %.0f each of %d", a, few, b, many)
			if b > 2*a {
				t.Errorf("%.0f statements each of %d, %.0f each of %d: want at most twice as many", a, few, b, many)
			}
		})
	}
}

// edgeSteps is the statements for each of n.
func edgeSteps(t *testing.T, binary, name string, n int) float64 {
	profile := filepath.Join(t.TempDir(), "cover.out")
	cmd := exec.Command(binary, "-test.run=^TestE1[01]_", "-test.coverprofile="+profile, "-test.timeout=5m")
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", fmt.Sprintf("ASAP_EDGE_GROWTH=%s|%d", name, n))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s with %d: %v\n%.2000s", name, n, err, out)
	}
	f, err := os.Open(profile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sum := 0.0
	lines := bufio.NewScanner(f)
	for lines.Scan() { // file.go:1.2,3.4 statements count
		fields := strings.Fields(lines.Text())
		if len(fields) != 3 {
			continue
		}
		statements, _ := strconv.ParseFloat(fields[1], 64)
		count, _ := strconv.ParseFloat(fields[2], 64)
		sum += statements * count
	}
	if err := lines.Err(); err != nil || sum == 0 {
		t.Fatalf("no counters in the profile: %v", err)
	}
	return sum / float64(n)
}
