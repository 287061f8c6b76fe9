package stress_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// ring is tasks of which each waits for the next, and the last for the first:
// in its body, as a declared dependency, inside a nested group, or as a
// function of a Race. The last to begin its wait closes the cycle.
type ring struct {
	members  []member
	tolerant bool // who gets the CycleError goes on without what it awaited
	open     int  // the member whose wait has an end of its own, so that there is no cycle; else -1
}

type member struct {
	kind  byte // A awaits, S too, while another of its goroutines awaits what is slow, D is declared, N nests, R races
	begin time.Duration
	wait  time.Duration // N: when the owner waits for its group
}

type found struct {
	at   time.Duration
	who  string
	path []string
}

func newRing(rng *rand.Rand, n int) *ring {
	r := &ring{tolerant: rng.IntN(2) == 0, open: -1}
	used := make(map[time.Duration]bool)
	begin := func() time.Duration {
		for {
			if d := time.Duration(1 + rng.Int64N(1<<40)); !used[d] {
				used[d] = true
				return d
			}
		}
	}
	kinds := [...]string{"A", "AD", "AADDN", "AAADNR"}[rng.IntN(4)]
	if *severalFlag > 0 && rng.Float64() < *severalFlag {
		kinds += "SS"
	}
	for i := range n {
		m := member{kind: kinds[rng.IntN(len(kinds))], begin: begin(), wait: begin()}
		if i == n-1 && m.kind == 'D' {
			m.kind = 'A'
		}
		r.members = append(r.members, m)
	}
	if rng.IntN(4) == 0 {
		if k := rng.IntN(n); r.members[k].kind == 'A' {
			r.open = k
		}
	}
	return r
}

func (r *ring) name(i int) string { return fmt.Sprintf("m%d", i%len(r.members)) }

// want is who finds the cycle, when, and along which path.
func (r *ring) want() (f found) {
	close := 0
	for i, m := range r.members {
		switch {
		case m.kind == 'D':
		case m.begin > f.at:
			f.at, close = m.begin, i
		}
		if m.kind == 'N' && m.wait > f.at {
			f.at, close = m.wait, i
		}
	}
	for k := range r.members {
		i := (close + k) % len(r.members)
		f.path = append(f.path, r.name(i))
		switch r.members[i].kind {
		case 'N':
			f.path = append(f.path, r.name(i)+".in")
		case 'R':
			f.path = append(f.path, r.name(i)+"[0]")
		}
	}
	if c := r.members[close].kind; c == 'N' || c == 'R' { // the inner one is who waits
		f.path = append(f.path[1:], f.path[0])
	}
	f.who = f.path[0]
	f.path = append(f.path, f.who)
	return f
}

// run carries the ring out, with bystanders that wait for its members.
func (r *ring) run(rng *rand.Rand, limit int) (finds []found, problems []string) {
	n := len(r.members)
	tasks := make([]*asap.Task[int], n)
	options := []asap.Option{asap.Settled()}
	if limit > 0 {
		options = append(options, asap.Limit(limit))
	}
	start := time.Now()
	declared := make(chan struct{})
	seen := make(chan found, 4*n+64)
	g := asap.New(context.Background(), options...)
	// wait begins the wait of who for member i at the given time.
	wait := func(ctx context.Context, who string, i int, at time.Duration, soft bool) (int, error) {
		time.Sleep(at - time.Since(start))
		if soft {
			var stop context.CancelFunc
			ctx, stop = context.WithTimeout(ctx, 1<<41)
			defer stop()
		}
		v, err := tasks[i%n].Await(ctx)
		if c, ok := err.(*asap.CycleError); ok {
			seen <- found{time.Since(start), who, c.Path}
			if r.tolerant {
				return 1, nil
			}
		}
		return v + 1, err
	}
	var slow *asap.Task[int]
	if slices.ContainsFunc(r.members, func(m member) bool { return m.kind == 'S' }) {
		slow = g.Go("slow", func(context.Context) (int, error) { time.Sleep(1 << 42); return 1, nil })
	}
	for i := n - 1; i >= 0; i-- {
		m, name := r.members[i], r.name(i)
		switch m.kind {
		case 'A':
			tasks[i] = g.Go(name, func(ctx context.Context) (int, error) {
				<-declared
				return wait(ctx, name, i+1, m.begin, i == r.open)
			})
		case 'S':
			tasks[i] = g.Go(name, func(ctx context.Context) (int, error) {
				<-declared
				joined := make(chan struct{})
				go func() {
					defer close(joined)
					slow.Await(ctx)
				}()
				defer func() { <-joined }()
				return wait(ctx, name, i+1, m.begin, false)
			})
		case 'D':
			tasks[i] = tasks[i+1].Then(name, func(_ context.Context, v int) (int, error) { return v + 1, nil })
		case 'N':
			tasks[i] = g.Go(name, func(ctx context.Context) (int, error) {
				<-declared
				in := asap.New(ctx)
				t := in.Go(name+".in", func(ctx context.Context) (int, error) {
					return wait(ctx, name+".in", i+1, m.begin, false)
				})
				time.Sleep(m.wait - time.Since(start))
				if err := in.Wait(); err != nil {
					return 0, err
				}
				return t.Value(), nil
			})
		case 'R':
			tasks[i] = g.Race(name, func(ctx context.Context) (int, error) {
				<-declared
				return wait(ctx, name+"[0]", i+1, m.begin, false)
			})
		}
	}
	for k := range rng.IntN(5) {
		of, at, soft := rng.IntN(n), time.Duration(rng.Int64N(1<<40)), rng.IntN(3) == 0
		by := g.Go(fmt.Sprint("by", k), func(ctx context.Context) (int, error) {
			<-declared
			return wait(ctx, "a bystander", of, at, soft)
		})
		by.And(tasks[rng.IntN(n)]).Then("after by", func(context.Context, int, int) (int, error) { return 0, nil })
	}
	close(declared)
	err := g.Wait()
	close(seen)
	for f := range seen {
		finds = append(finds, f)
	}
	if c, ok := errors.AsType[*asap.CycleError](err); ok != (len(finds) > 0 && !r.tolerant) {
		problems = append(problems, fmt.Sprintf("Wait: %v, cycle %v, found %v", err, c, finds))
	}
	for i, t := range tasks {
		if err := t.Result().Err; (err != nil) != (len(finds) > 0 && !r.tolerant) && r.open < 0 {
			problems = append(problems, fmt.Sprintf("%s: error %v", r.name(i), err))
		}
	}
	return finds, problems
}

// TestPlantedCycles checks that each cycle is found by who closes it, at that
// instant, with its path, and that there is none where a wait can end by itself.
func TestPlantedCycles(t *testing.T) {
	if *seedFlag != 0 {
		t.Skip("only one graph is wanted")
	}
	rings := 0
	for i := range graphs() / 10 {
		seed := *firstFlag + uint64(i)
		rng := rand.New(rand.NewPCG(seed, 0xcc1e))
		size := 1 + rng.IntN(6)
		if rng.IntN(10) == 0 {
			size = 1 + rng.IntN(300)
		}
		r := newRing(rng, size)
		limit := 0
		if !slices.ContainsFunc(r.members, func(m member) bool { return m.kind != 'D' && m.kind != 'A' }) && rng.IntN(4) == 0 {
			limit = 1
		}
		var finds []found
		var problems []string
		synctest.Test(t, func(t *testing.T) { finds, problems = r.run(rng, limit) })
		want := r.want()
		switch {
		case r.open >= 0:
			if len(finds) > 0 {
				problems = append(problems, fmt.Sprintf("found %v where a wait ends by itself", finds))
			}
		case len(finds) != 1:
			problems = append(problems, fmt.Sprintf("found %d cycles, %v, want %v", len(finds), finds, want))
		case finds[0].who != want.who && limit == 0, finds[0].at != want.at && limit == 0:
			problems = append(problems, fmt.Sprintf("found %v, want %v", finds[0], want))
		case limit == 0 && !slices.Equal(finds[0].path, want.path):
			problems = append(problems, fmt.Sprintf("path %v, want %v", finds[0].path, want.path))
		}
		rings++
		if len(problems) > 0 {
			t.Fatalf("ring %d of %d members %v (open %d, tolerant %v, Limit %d) failed\n%s", seed, size, r.kinds(), r.open, r.tolerant, limit, strings.Join(problems, "\n"))
		}
	}
	t.Logf("%d rings", rings)
}

func (r *ring) kinds() string {
	var b strings.Builder
	for _, m := range r.members {
		b.WriteByte(m.kind)
	}
	return b.String()
}
