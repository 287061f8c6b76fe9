//go:build unix

package dbosasap_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/pgtest"
)

var rounds = flag.Int("cost", 2, "rounds of TestCost")

func next(_ context.Context, n int) (int, error) { return n + 1, nil }

// chain and wide are n steps one after the other and side by side, as a flow and by
// hand.
func chain(n int) *flow.Flow[int, int] {
	return flow.Define(fmt.Sprint("chain ", n), func(_ *asap.Group, t *asap.Task[int]) *asap.Task[int] {
		for i := range n {
			t = t.Then(fmt.Sprint("step", i), next)
		}
		return t
	})
}

func wide(n int) *flow.Flow[int, []int] {
	return flow.Define(fmt.Sprint("wide ", n), func(g *asap.Group, in *asap.Task[int]) *asap.Task[[]int] {
		tasks := make([]*asap.Task[int], n)
		for i := range tasks {
			tasks[i] = in.Then(fmt.Sprint("step", i), next)
		}
		return g.Gather("all", tasks...)
	})
}

func chainByHand(ctx dbos.Context, n int) (int, error) {
	v := 0
	for i := range n {
		in := v
		var err error
		v, err = dbos.RunAsStep(ctx, func(ctx context.Context) (int, error) { return next(ctx, in) }, dbos.WithStepName(fmt.Sprint("step", i)))
		if err != nil {
			return 0, err
		}
	}
	return v, nil
}

func wideByHand(ctx dbos.Context, n int) ([]int, error) {
	outcomes := make([]<-chan dbos.StepOutcome[int], n)
	for i := range outcomes {
		var err error
		outcomes[i], err = dbos.Go(ctx, func(ctx context.Context) (int, error) { return next(ctx, 0) }, dbos.WithStepName(fmt.Sprint("step", i)))
		if err != nil {
			return nil, err
		}
	}
	all := make([]int, n)
	for i := range all {
		o := <-outcomes[i]
		if o.Err != nil {
			return nil, o.Err
		}
		all[i] = o.Result
	}
	return all, nil
}

// wideInOrder is wideByHand that learns in which order the steps end, by a step for
// each, as a flow always does to begin what waits for them.
func wideInOrder(ctx dbos.Context, n int) ([]int, error) {
	outcomes := make(map[int]dbos.StepOutcome[int])
	ended := make(chan int, n)
	var mu sync.Mutex
	for i := range n {
		c, err := dbos.Go(ctx, func(ctx context.Context) (int, error) { return next(ctx, 0) }, dbos.WithStepName(fmt.Sprint("step", i)))
		if err != nil {
			return nil, err
		}
		go func() { // ends with the step
			o := <-c
			mu.Lock()
			defer mu.Unlock()
			outcomes[i] = o
			ended <- i
		}()
	}
	all := make([]int, n)
	for range n {
		i, err := dbos.RunAsStep(ctx, func(context.Context) (int, error) { return <-ended, nil }, dbos.WithStepName("next"))
		if err != nil {
			return nil, err
		}
		mu.Lock()
		o := outcomes[i]
		mu.Unlock()
		if o.Err != nil {
			return nil, o.Err
		}
		all[i] = o.Result
	}
	return all, nil
}

// TestCost runs flows and the same steps by hand, in turns, and prints what they take,
// and how much of the processor, which is what can be told on a busy machine. It fails
// for no time.
func TestCost(t *testing.T) {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "database\tsteps\tby hand\tflow\tratio\tof processor\ta step\t")
	cost(t, out, "SQLite", filepath.Join(t.TempDir(), "flows.db"))
	t.Run("PostgreSQL", func(t *testing.T) { cost(t, out, "PostgreSQL", pgtest.Start(t).URL()) })
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
}

func cost(t *testing.T, out *tabwriter.Writer, name, database string) {
	chains, wides := []int{1, 6, 100}, []int{6, 100}
	rt := openRuntime(t, database, func(rt *dbosasap.Runtime) error {
		dbos.RegisterWorkflow(rt.DBOS(), chainByHand)
		dbos.RegisterWorkflow(rt.DBOS(), wideByHand)
		dbos.RegisterWorkflow(rt.DBOS(), wideInOrder)
		for _, n := range chains {
			if err := dbosasap.Register(rt, chain(n)); err != nil {
				return err
			}
		}
		for _, n := range wides {
			if err := dbosasap.Register(rt, wide(n)); err != nil {
				return err
			}
		}
		return nil
	})
	row := func(steps string, n int, hand, flow func() error) {
		var byHand, asFlow, byHandCPU, asFlowCPU []time.Duration
		for i := range max(*rounds*20/max(n, 5), 2) {
			for k := range 2 {
				if (i+k)%2 == 0 { // who comes behind the other is a little faster
					wall, cpu := timed(t, hand)
					byHand, byHandCPU = append(byHand, wall), append(byHandCPU, cpu)
				} else {
					wall, cpu := timed(t, flow)
					asFlow, asFlowCPU = append(asFlow, wall), append(asFlowCPU, cpu)
				}
			}
		}
		a, b := median(byHand), median(asFlow)
		fmt.Fprintf(out, "%s\t%s\t%.2f ms\t%.2f ms\t%.2f\t%.2f\t%.2f ms\t\n", name, steps, ms(a), ms(b), float64(b)/float64(a), float64(median(asFlowCPU))/float64(median(byHandCPU)), ms(b)/float64(n))
	}
	for _, n := range chains {
		f := chain(n)
		row(fmt.Sprint("chain of ", n), n,
			func() error { return byHand(rt, chainByHand, n) },
			func() error { _, err := dbosasap.Run(t.Context(), rt, f, 0); return err })
	}
	for _, n := range wides {
		f := wide(n)
		run := func() error { _, err := dbosasap.Run(t.Context(), rt, f, 0); return err }
		row(fmt.Sprint(n, " side by side"), n, func() error { return byHand(rt, wideByHand, n) }, run)
		row(fmt.Sprint(n, ", in order of ends"), n, func() error { return byHand(rt, wideInOrder, n) }, run)
	}
}

func byHand[T any](rt *dbosasap.Runtime, f dbos.Workflow[int, T], n int) error {
	h, err := dbos.RunWorkflow(rt.DBOS(), f, n)
	if err != nil {
		return err
	}
	_, err = h.GetResult()
	return err
}

func timed(t *testing.T, f func() error) (wall, cpu time.Duration) {
	t.Helper()
	start, before := time.Now(), processor(t)
	if err := f(); err != nil {
		t.Fatal(err)
	}
	return time.Since(start), processor(t) - before
}

// processor is the time that this process had the processor.
func processor(t *testing.T) time.Duration {
	t.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }
