package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/asap-go/asap/bench/growth"
	"github.com/asap-go/asap/bench/sample"
)

// The sizes that each case is run with.
var (
	growthTasks  = []int{1000, 4000, 16_000, 64_000}
	growthLevels = []int{250, 1000, 4000}
)

const (
	// growthSlow is the processor time that one run may be expected to take:
	// what would take longer is not begun.
	growthSlow = 5 * time.Second
	// growthKill is when a process is given up.
	growthKill = 2 * time.Minute
)

// tabulateGrowth runs every case in every size, each in a process of its own,
// and prints what one of n costs.
func tabulateGrowth(ctx context.Context, o *options, stdout, progress io.Writer) error {
	if o.json != "" || o.read != "" || o.doc != "" || o.plot != "" {
		return errors.New("-growth prints its table and nothing else: -json, -read, -doc and -plot are of the others")
	}
	tasks, levels := growthTable("n tasks", growthTasks, o.most), growthTable("n levels", growthLevels, o.most)
	var wrong []error
	for _, c := range growth.Cases() {
		if !matches(c.Name, o.graphs) {
			continue
		}
		t, sizes := tasks, growthTasks
		if c.Levels {
			t, sizes = levels, growthLevels
		}
		costs, err := growthOf(ctx, o, c, sizes)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wrong = append(wrong, err)
		t.add(growthRow(c.Name, costs, len(t.head)-2)...)
		fmt.Fprintf(progress, "%s: %s\n", c.Name, nums(costs))
	}
	if len(tasks.rows)+len(levels.rows) == 0 {
		return fmt.Errorf("-graphs %v: no case fits", o.graphs)
	}
	_, err := fmt.Fprintf(stdout, "Machine: %s. %s. %s. Processor time, µs for each of n.\n\n", machine(), runtime.Version(), time.Now().UTC().Format("2006-01-02"))
	wrong = append(wrong, err)
	for _, t := range []*table{tasks, levels} {
		if len(t.rows) > 0 {
			wrong = append(wrong, t.write(stdout))
		}
	}
	return errors.Join(wrong...)
}

func growthTable(what string, sizes []int, most int) *table {
	t := &table{head: []string{what}}
	for _, n := range sizes {
		if n <= most {
			t.head = append(t.head, num(float64(n)))
		}
	}
	t.head = append(t.head, "last over first")
	return t
}

// growthOf is the cost of each size, in order, as far as it goes.
func growthOf(ctx context.Context, o *options, c growth.Case, sizes []int) ([]float64, error) {
	var costs []float64
	for i, n := range sizes {
		if n > o.most || i > 0 && expected(costs, n) > growthSlow {
			break
		}
		j := job{Case: c.Name, N: n, Config: sample.Config{
			// Long enough for the small sizes to pay for their garbage too.
			Rounds: o.rounds, Least: 1, Sample: 10 * o.sample, Budget: o.budget / 10, Seed: uint64(n),
		}}
		within, cancel := context.WithTimeout(ctx, growthKill)
		a, err := ask(within, o.procs[0], j)
		late := within.Err() != nil
		cancel()
		if late {
			break
		}
		if err != nil {
			return costs, fmt.Errorf("with n = %d: %w", n, err)
		}
		r := a.Times[0]
		costs = append(costs, cmp.Or(sample.Quantile(r.CPU, 0.1), r.Fast())/float64(n))
	}
	return costs, nil
}

// expected is the time of the next run if the cost goes on to grow as it did
// from the size before the last to the last.
func expected(costs []float64, n int) time.Duration {
	last := costs[len(costs)-1]
	grew := 1.0
	if len(costs) > 1 {
		grew = max(1, last/costs[len(costs)-2])
	}
	return time.Duration(last * grew * float64(n))
}

// growthRow has a dash for what took too long, and then says that the ratio
// would be more.
func growthRow(name string, costs []float64, sizes int) []string {
	row := []string{name}
	for i := range sizes {
		cell := "–"
		if i < len(costs) {
			cell = num(costs[i] / 1000)
		}
		row = append(row, cell)
	}
	ratio := "–"
	if len(costs) > 1 {
		ratio = num(costs[len(costs)-1] / costs[0])
		if len(costs) < sizes {
			ratio = "> " + ratio
		}
	}
	return append(row, ratio)
}

func nums(costs []float64) []string {
	var s []string
	for _, c := range costs {
		s = append(s, num(c/1000))
	}
	return s
}

// doCase is the child's side.
func doCase(j job) (*answer, error) {
	c, err := growth.ByName(j.Case)
	if err != nil {
		return nil, err
	}
	run := func() error { return c.Run(j.N) }
	a := &answer{Tasks: j.N}
	a.Times, err = sample.Run(sample.NewReal(), j.Config, []sample.Subject{{Name: c.Name, Run: run}})
	return a, err
}
