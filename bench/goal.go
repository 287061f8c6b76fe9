package main

import (
	"fmt"
	"io"

	"github.com/asap-go/asap/bench/contender"
	"github.com/asap-go/asap/bench/sample"
	"github.com/asap-go/asap/bench/work"
)

type resultOf = sample.Result

func median(xs []float64) float64 { return sample.Median(xs) }

// goals are what the engine is held to, by graph: the time of asap declared
// and awaited in units of hand-written channels, and of declared in units of
// a loop of closures. 0 is no goal.
var goals = []struct {
	graph                       string
	declared, awaited, closures float64
}{
	{"3 tasks", .75, .75, 0},
	{"6 tasks", .55, .55, 0},
	{"chain 1,000", .27, .48, 2.0},
	{"fan 1,000", .38, .30, 2.2},
	{"layers 100×100", .40, .40, 3.0},
	{"wide 100,000", .30, .45, 2.0},
	{"tree 65,536", .30, .36, 2.4},
	{"layers 1,000×1,000", .15, 0, 0},
}

// writeGoals says for each goal what was measured, and where a peer is faster.
func (s *set) writeGoals(w io.Writer) error {
	if s.body != (work.Body{}) {
		return nil
	}
	t := table{head: []string{"goal", "at most", "measured", "deciles", "processor time", ""}}
	for _, goal := range goals {
		c := s.find(goal.graph)
		if c == nil {
			continue
		}
		t.ratio(c, contender.Declared, contender.Channels, goal.declared)
		t.ratio(c, contender.Awaited, contender.Channels, goal.awaited)
		t.ratio(c, contender.Declared, contender.Closures, goal.closures)
	}
	for _, c := range s.cells {
		if c.Tasks >= 1000 {
			t.ratio(c, asapLimitName, contender.Declared, 1.05)
		}
		if c.Graph == "chain 1,000" || c.Graph == "layers 100×100" {
			t.ratio(c, asapObservedName, contender.Declared, 1.3)
		}
	}
	if c := s.find("layers 1,000×1,000"); c != nil {
		if d, ch := c.Memory[contender.Declared], c.Memory[contender.Channels]; d != nil && ch != nil && ch.Peak > 0 {
			t.value(c.Graph+": peak memory, asap declared over channels", .2, d.Peak/ch.Peak)
			t.value(c.Graph+": peak bytes a task, asap declared", 200, d.Peak/float64(c.Tasks))
		}
	}
	if c := s.find("blocked 100,000"); c != nil {
		if d := c.Memory[contender.Declared]; d != nil {
			t.value(c.Graph+": bytes a waiting task, asap declared", 180, d.Held/float64(c.Tasks))
		}
	}
	for _, name := range []string{"chain 1,000", "wide 100,000"} {
		if c := s.find(name); c != nil && c.of(contender.Declared) != nil {
			t.value(name+": allocations a task with the user's closure, asap declared", 2.02,
				median(c.of(contender.Declared).Allocs)/float64(c.Tasks))
		}
	}
	if len(t.rows) > 0 {
		if _, err := fmt.Fprintf(w, "### Goals: empty bodies, %d processors\n\n", s.procs); err != nil {
			return err
		}
		if err := t.write(w); err != nil {
			return err
		}
	}
	return s.writeLosses(w)
}

const (
	asapLimitName    = "asap declared, Limit(1,000,000,000)"
	asapObservedName = "asap declared, waterfall.Recorder"
)

func (s *set) find(graph string) *cell {
	for _, c := range s.cells {
		if c.Graph == graph {
			return c
		}
	}
	return nil
}

func (t *table) ratio(c *cell, name, base string, most float64) {
	r, b := c.of(name), c.of(base)
	if r == nil || b == nil || most == 0 {
		return
	}
	lo, hi := r.Spread(b)
	t.add(c.Graph+": "+name+" over "+base, num(most), num(r.Over(b)), num(lo)+" to "+num(hi), num(r.CPUOver(b)), verdict(r.Over(b), most))
}

func (t *table) value(what string, most, got float64) {
	t.add(what, num(most), num(got), "", "", verdict(got, most))
}

func verdict(got, most float64) string {
	if got <= most {
		return "reached"
	}
	return "missed"
}

// writeLosses lists every peer that is faster than asap on some graph, and
// what it does not do.
func (s *set) writeLosses(w io.Writer) error {
	t := table{head: []string{"graph", "faster than asap declared", "its time over asap's", "deciles", "processor time", "what it does not give"}}
	for _, c := range s.cells {
		for _, k := range contender.All() {
			if k.Variant != "" || k.Name == contender.Declared || k.Name == contender.Awaited || k.Name == contender.Sequential || k.Name == contender.Closures {
				continue
			}
			r, d := c.of(k.Name), c.of(contender.Declared)
			if r != nil && d != nil && r.Over(d) < 1 {
				lo, hi := r.Spread(d)
				t.add(c.Graph, k.Name, num(r.Over(d)), num(lo)+" to "+num(hi), num(r.CPUOver(d)), k.Lacks)
			}
		}
	}
	if len(t.rows) == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(w, "### Where something is faster than asap declared: empty bodies, %d processors\n\n", s.procs); err != nil {
		return err
	}
	return t.write(w)
}
