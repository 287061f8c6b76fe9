package main

import (
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap/bench/contender"
	"github.com/asap-go/asap/bench/cores/count"
	"github.com/asap-go/asap/bench/cores/sim"
	"github.com/asap-go/asap/bench/cores/tally"
	"github.com/asap-go/asap/bench/sample"
)

// TestCounts builds the instrumented engine and compares its counts with what
// the graph says.
func TestCounts(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	exe := filepath.Join(t.TempDir(), "bench")
	if err := count.Build(t.Context(), "github.com/asap-go/asap/bench", exe); err != nil {
		t.Fatal(err)
	}
	counts := func(graph string, procs int) *counted {
		a, err := askOf(t.Context(), exe, procs, job{Graph: graph, Contenders: []string{contender.Declared}, Counted: true, Copies: 6000})
		if err != nil {
			t.Fatal(err)
		}
		return a.Counted
	}
	for _, procs := range []int{1, 2} {
		c := counts("wide 300", procs)
		pushed, _ := c.sum("", "in", "CompareAndSwap")
		if popped := float64(c.Dists[tally.Batch].Sum) / float64(c.Tasks*c.Runs); pushed != 1 || popped != 1 {
			t.Errorf("wide on %d processors: %v pushed and %v popped a task, want 1 each", procs, pushed, popped)
		}
		if lengths := c.Dists[tally.Length].Count; lengths != uint64(c.Tasks*(c.Runs/4)) {
			t.Errorf("wide on %d processors: %d lengths of the queue, want one for each of %d runs of %d tasks", procs, lengths, c.Runs/4, c.Tasks)
		}
		if declared, _ := c.sum("Group.enter", "live", "CompareAndSwap"); declared < 1 {
			t.Errorf("wide on %d processors: %v counted in a task, want 1", procs, declared)
		}
		if c := counts("chain 60", procs); true {
			counted, _ := c.sum("", "pending", "")
			linked, _ := c.sum("node.link", "list", "CompareAndSwap")
			if counted != linked || linked > 59.0/60 { // a dependency that is done needs no edge
				t.Errorf("chain on %d processors: %v edges linked and %v counted off a task, want the same, at most 59/60", procs, linked, counted)
			}
		}
	}
	if _, err := ask(t.Context(), 1, job{Graph: "wide 300", Contenders: []string{contender.Declared}, Counted: true, Copies: 1}); err == nil || !strings.Contains(err.Error(), "no instrumented engine") {
		t.Errorf("counts of the ordinary program = %v, want an error", err)
	}
}

// TestPhases measures a graph, both ends of it.
func TestPhases(t *testing.T) {
	a, err := ask(t.Context(), 1, job{Graph: "wide 300", Contenders: []string{contender.Declared}, Phases: true, Config: sample.Config{Rounds: 3}})
	if err != nil {
		t.Fatal(err)
	}
	if p := a.Phases; p.Declared <= 0 || p.Total <= p.Declared {
		t.Errorf("phases %+v, want declared before the end", *p)
	}
}

// TestManyCoresRead draws from a run that is on file. It must not measure.
func TestManyCoresRead(t *testing.T) {
	costs := sim.Costs{
		Private: 60, Declare: 70, RMW: 5, Read: 1, Near: 50, Far: 100, Socket: 200, Walk: 0.3, Die: 8, Package: 64,
		Spin: 500, Spins: 4, Ready: 300, WakeSpinning: 500, WakeIdle: 5000, LooksFor: 5000, Switch: 200,
	}
	r := coresRun{
		Machine: "test", Date: time.Unix(0, 0).UTC(), Costs: costs,
		Counts: []*counted{{Graph: "wide 300", Procs: 2, Tasks: 300, Runs: 2, Dists: []tally.Dist{{Buckets: make([]uint64, 4)}, {Buckets: []uint64{0, 0, 5}, Count: 5}}}},
		Checked: []*checked{{
			Graph: "chain 60", Near: []float64{20, 30},
			One: []phases{{10, 100, 100}, {10, 120, 120}}, Two: []phases{{10, 150, 200}, {10, 120, 200}},
		}},
	}
	dir := t.TempDir()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	in, out := filepath.Join(dir, "run.json"), filepath.Join(dir, "cores.svg")
	if err := os.WriteFile(in, data, 0o666); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := run(t.Context(), []string{"-cores", out, "-read", in, "-most", "2000"}, &b, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| wide 300, 2 ", " 2–3 |", "| chain 60, near ", " 120–150 |", " 1.25 |", fromTasks + ", 10µs"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the tables lack %q:\n%s", want, b.String())
		}
	}
	svg, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(svg), "two locks") {
		t.Errorf("the plot: %v, %.80s", err, svg)
	}
	// What a queue costs can be seen at all: none is better than ideal, and
	// the one with the most sharing is worst where there is the most to share.
	share := map[sim.Design]float64{}
	for _, f := range forecastAll(costs, 5000) {
		if f.Share > 1.001 || math.IsNaN(f.Share) {
			t.Errorf("%s, %v, %v on %d: %v of what is possible", f.Graph, f.Body, f.Design, f.Procs, f.Share)
		}
		if f.Graph == fromTasks && f.Body == 1000 && f.Procs == 32 {
			share[f.Design] = f.Share
		}
	}
	if share[sim.OneLock] > share[sim.Relay] || share[sim.Relay] > share[sim.Sharded] {
		t.Errorf("shares at 32 processors %v, want one lock below relay below sharded", share)
	}
}
