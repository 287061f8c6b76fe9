// Cost compares flows on Temporal with the same workflows written by hand with
// futures and selectors, side by side on one server and one worker. It prints a
// table: time from start to result, events of the history, time of a replay,
// time a hop, flows a second.
//
//	go run ./internal/cost            # some minutes
//	go run ./internal/cost -wide 10000
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/asap-go/asap/temporalasap/internal/server"
)

func main() {
	rounds := flag.Int("rounds", 20, "how often each small shape runs, by both")
	wide := flag.Int("wide", 0, "run one flow of so many tasks side by side, and nothing else")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *rounds, *wide); err != nil {
		fmt.Fprintln(os.Stderr, "cost:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, rounds, n int) error {
	s, err := server.Launch(ctx, server.Settings{})
	if err != nil {
		return err
	}
	defer s.Close()
	c, err := client.DialContext(ctx, client.Options{HostPort: s.Addr(), Namespace: s.Namespace(), Logger: server.Quiet{}})
	if err != nil {
		return err
	}
	defer c.Close()
	if n > 0 {
		return widest(ctx, w, c, n)
	}
	b, stop, err := newBench(ctx, c, page(), chain(20), chain(100), wide(20), wide(100), wide(1000))
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintf(w, "%s, %d processors, %d rounds; flow against hand, medians, taken in turn\n\n", runtime.GOARCH, runtime.GOMAXPROCS(0), rounds)
	fmt.Fprintln(w, "| workflow | ms, flow | by hand | ratio | events, flow | by hand | replay ms, flow | by hand | ratio | ms a hop | flows/s | by hand |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, plan := range []struct {
		shape
		rounds, replays, flows int
	}{
		{page(), rounds, 400, 100},
		{chain(20), max(rounds/2, 1), 200, 0},
		{chain(100), max(rounds/5, 1), 60, 0},
		{wide(20), max(rounds/2, 1), 200, 0},
		{wide(100), max(rounds/4, 1), 60, 0},
		{wide(1000), max(rounds/10, 1), 15, 0},
	} {
		r, err := b.measure(plan.shape, plan.rounds, plan.replays, plan.flows)
		if err != nil {
			return err
		}
		r.print(w)
	}
	return nil
}

// newBench starts a worker for the shapes.
func newBench(ctx context.Context, c client.Client, shapes ...shape) (*bench, func(), error) {
	w := worker.New(c, queue, worker.Options{MaxConcurrentActivityTaskPollers: 8, MaxConcurrentWorkflowTaskPollers: 8, DeadlockDetectionTimeout: 10 * time.Second})
	for _, s := range shapes {
		if err := s.register(w); err != nil {
			return nil, nil, err
		}
	}
	registerHand(w)
	if err := w.Start(); err != nil {
		return nil, nil, err
	}
	return &bench{ctx, c, make(map[string]int)}, w.Stop, nil
}

func (r *result) print(w io.Writer) {
	rate, hand := "", ""
	if r.rate.flow > 0 {
		rate, hand = fmt.Sprintf("%.0f", r.rate.flow), fmt.Sprintf("%.0f", r.rate.hand)
	}
	hop := ""
	if r.hops == r.tasks {
		hop = fmt.Sprintf("%.1f", r.wall.flow/float64(r.hops))
	}
	fmt.Fprintf(w, "| %s | %.0f | %.0f | %.2f | %.0f | %.0f | %.2f | %.2f | %.2f | %s | %s | %s |\n", r.name,
		r.wall.flow, r.wall.hand, r.wall.ratio(), r.events.flow, r.events.hand, r.replay.flow, r.replay.hand, r.replay.ratio(), hop, rate, hand)
}

// widest runs one flow of n tasks side by side: more than a server takes at
// once, so they queue in the flow.
func widest(ctx context.Context, w io.Writer, c client.Client, n int) error {
	s := wide(n)
	b, stop, err := newBench(ctx, c, s)
	if err != nil {
		return err
	}
	defer stop()
	run, took, err := b.once(&s, false)
	if err != nil {
		return err
	}
	h, err := b.history(run)
	if err != nil {
		return err
	}
	if got, want := b.value[s.name], 2*n; got != want {
		return fmt.Errorf("%s gives %d, want %d", s.name, got, want)
	}
	fmt.Fprintf(w, "%d side by side: %.1f s, %d events, %.2f ms a task\n", n, took/1000, len(h.Events), took/float64(n))
	return nil
}
