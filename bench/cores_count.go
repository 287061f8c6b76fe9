package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/asap-go/asap/bench/contender"
	"github.com/asap-go/asap/bench/cores/count"
	"github.com/asap-go/asap/bench/cores/tally"
	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/sample"
)

// counted is what runs of one graph have done to shared words.
type counted struct {
	Graph       string
	Procs       int
	Tasks, Runs int
	Sites       []tally.Site
	Dists       []tally.Dist
	Switches    float64 // that the threads of one run made of their own will: most are waits for work
}

var coresGraphs = []string{"chain 1,000", "fan 1,000", "layers 100×100", "wide 100,000", "tree 65,536"}

var coresProcs = []int{1, 2, 4, 8}

// countTasks is how many tasks a count is taken of, at least.
const countTasks = 300_000

// countAll runs the instrumented engine on every graph.
func countAll(ctx context.Context, o *options, progress io.Writer) ([]*counted, error) {
	tmp, err := os.MkdirTemp("", "asap-counted-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	exe := filepath.Join(tmp, "bench")
	if err := count.Build(ctx, "github.com/asap-go/asap/bench", exe); err != nil {
		return nil, err
	}
	var all []*counted
	for _, name := range coresGraphs {
		if !matches(name, o.graphs) {
			continue
		}
		for _, procs := range coresProcs {
			a, err := askOf(ctx, exe, procs, job{Graph: name, Contenders: []string{contender.Declared}, Counted: true, Copies: countTasks})
			if err != nil {
				return nil, err
			}
			a.Counted.Graph, a.Counted.Procs = name, procs
			all = append(all, a.Counted)
			fmt.Fprintf(progress, "counted %s at %d processors: %d runs\n", name, procs, a.Counted.Runs)
		}
	}
	return all, nil
}

// countRuns is the child's side: counts in one pass, lengths in another, since
// following the length adds a shared word.
func countRuns(g *graph.Graph, j job, subject sample.Subject) (*counted, error) {
	if !tally.On() {
		return nil, errors.New("this program has no instrumented engine")
	}
	c := &counted{Tasks: g.Len(), Runs: (j.Copies + g.Len() - 1) / g.Len()}
	if err := subject.Run(); err != nil { // what is lazy
		return nil, err
	}
	machine := sample.NewReal()
	machine.Collect()
	tally.Reset()
	before := machine.Switches()
	for range c.Runs {
		if err := subject.Run(); err != nil {
			return nil, err
		}
	}
	c.Switches = float64(machine.Switches()-before) / float64(c.Runs)
	c.Sites, c.Dists = tally.Read()
	machine.Collect()
	tally.Reset()
	tally.Deep(true)
	for range max(1, c.Runs/4) {
		if err := subject.Run(); err != nil {
			return nil, err
		}
	}
	_, dists := tally.Read()
	c.Dists[tally.Length] = dists[tally.Length]
	return c, nil
}

// sum adds up the sites of one field and operation, in functions whose name
// begins with in, a task.
func (c *counted) sum(in, field, op string) (yes, no float64) {
	for _, s := range c.Sites {
		if s.Field == field && strings.HasPrefix(s.Op, op) && strings.HasPrefix(s.Func, in) {
			yes += float64(s.Yes)
			no += float64(s.No)
		}
	}
	n := float64(c.Tasks * c.Runs)
	return yes / n, no / n
}

// countTable is Markdown.
func countTable(all []*counted) *table {
	t := &table{head: []string{
		"a task", "pushed one by one or in a chain", "failed", "taken off the queue", "lock taken", "found taken",
		"edges linked", "failed", "pending counted", "live changed", "failed", "searcher started", "nodes a batch", "median left",
	}}
	for _, c := range all {
		push, pushNo := c.sum("", "in", "CompareAndSwap")
		lock, lockNo := c.sum("relay.", "mu", "Lock")
		link, linkNo := c.sum("node.link", "list", "CompareAndSwap")
		pending, _ := c.sum("", "pending", "")
		live, liveNo := c.sum("", "live", "CompareAndSwap")
		add, _ := c.sum("", "live", "Add")
		start, _ := c.sum("", "start", "go")
		popped := float64(c.Dists[tally.Batch].Sum) / float64(c.Tasks*c.Runs)
		batch := c.Dists[tally.Batch]
		t.add(fmt.Sprintf("%s, %d", c.Graph, c.Procs), per(push), per(pushNo), per(popped), per(lock+lockNo), per(lockNo),
			per(link), per(linkNo), per(pending), per(live+add), per(liveNo), per(start), num(nonEmpty(batch)), medianRange(c.Dists[tally.Length]))
	}
	return t
}

// nonEmpty is the mean of the values that are not 0.
func nonEmpty(d tally.Dist) float64 {
	if n := d.Count - d.Buckets[0]; n > 0 {
		return float64(d.Sum) / float64(n)
	}
	return 0
}

// per writes a count a task.
func per(x float64) string {
	switch {
	case x == 0:
		return "0"
	case x < 0.0001:
		return "<.0001"
	case x < 0.01:
		return fmt.Sprintf("%.4f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// medianRange is the range of values that holds the median.
func medianRange(d tally.Dist) string {
	seen := uint64(0)
	for i, n := range d.Buckets {
		if seen += n; 2*seen >= d.Count && d.Count > 0 {
			if i < 2 {
				return fmt.Sprint(i)
			}
			return fmt.Sprintf("%d–%d", 1<<(i-1), 1<<i-1)
		}
	}
	return "–"
}
