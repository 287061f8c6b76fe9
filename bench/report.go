package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/asap-go/asap/bench/contender"
	"github.com/asap-go/asap/bench/work"
)

// write prints every table that the cells allow.
func (r *report) write(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "Machine: %s. %s. %s.\n\n", r.Machine, r.Go, r.Date.Format("2006-01-02")); err != nil {
		return err
	}
	for _, set := range r.sets() {
		if err := set.write(w); err != nil {
			return err
		}
	}
	if r.Node != nil {
		return r.Node.write(w)
	}
	return nil
}

// set is the cells with one body and one number of processors.
type set struct {
	body  work.Body
	procs int
	cells []*cell
}

func (r *report) sets() []*set {
	var sets []*set
	for _, c := range r.Cells {
		i := slices.IndexFunc(sets, func(s *set) bool { return s.body == c.Body && s.procs == c.Procs })
		if i < 0 {
			sets = append(sets, &set{body: c.Body, procs: c.Procs})
			i = len(sets) - 1
		}
		sets[i].cells = append(sets[i].cells, c)
	}
	return sets
}

func (s *set) write(w io.Writer) error {
	var shapes, requests []*cell
	for _, c := range s.cells {
		if strings.HasPrefix(c.Graph, "request") {
			requests = append(requests, c)
		} else {
			shapes = append(shapes, c)
		}
	}
	about := fmt.Sprintf("bodies %s, %d processors", s.body, s.procs)
	if s.body == (work.Body{}) {
		about = fmt.Sprintf("empty bodies, %d processors", s.procs)
	}
	tables := []struct {
		title string
		cells []*cell
		value func(c *cell, name string) string
		rows  func(*contender.Contender) bool
	}{
		{"Time, ratio to goroutines and channels", shapes, over(contender.Channels), isRival},
		{"Time, ratio to goroutines and channels, request graphs", requests, over(contender.Channels), isRival},
		{"Processor time, ratio to goroutines and channels", shapes, cpuOver, isAny},
		{"Time, multiple of a loop of closures", shapes, over(contender.Closures), isRival},
		{"Time, ratio to asap declared", append(slices.Clone(shapes), requests...), over(contender.Declared), isVariant},
		{"Nanoseconds a task, first decile", shapes, fast, isAny},
		{"Bytes allocated a task", shapes, bytesEach, isAny},
		{"Allocations a task", shapes, allocsEach, isAny},
		{"Peak resident memory a task, bytes", shapes, peakEach, isAny},
		{"Memory a task while all of them wait, bytes", shapes, heldEach, isAny},
	}
	if s.body != (work.Body{}) {
		// What is allocated does not depend on the bodies, and what a task
		// costs is hidden behind them: only whether work overlaps is seen.
		tables = tables[:1]
	}
	for _, t := range tables {
		if err := writeTable(w, "### "+t.title+": "+about, t.cells, t.value, t.rows); err != nil {
			return err
		}
	}
	return s.writeGoals(w)
}

func isAny(*contender.Contender) bool       { return true }
func isRival(c *contender.Contender) bool   { return c.Variant == "" }
func isVariant(c *contender.Contender) bool { return c.Variant != "" }

// writeTable leaves out rows and columns without a value, and says nothing
// if none is left.
func writeTable(w io.Writer, title string, cells []*cell, value func(*cell, string) string, rows func(*contender.Contender) bool) error {
	var cols []*cell
	for _, c := range cells {
		if slices.ContainsFunc(c.Times, func(r *resultOf) bool { return value(c, r.Name) != "" }) {
			cols = append(cols, c)
		}
	}
	t := table{head: []string{""}}
	for _, c := range cols {
		t.head = append(t.head, strings.TrimPrefix(c.Graph, "request "))
	}
	for _, k := range contender.All() {
		if !rows(k) {
			continue
		}
		row, some := []string{k.Name}, false
		for _, c := range cols {
			v := value(c, k.Name)
			some = some || v != ""
			if v == "" {
				v = "–"
			}
			row = append(row, v)
		}
		if some {
			t.add(row...)
		}
	}
	if len(t.rows) == 0 || len(cols) == 0 {
		return nil
	}
	if _, err := io.WriteString(w, title+"\n\n"); err != nil {
		return err
	}
	return t.write(w)
}

func over(base string) func(*cell, string) string {
	return func(c *cell, name string) string {
		if v, ok := c.over(name, base); ok {
			return num(v)
		}
		return ""
	}
}

func cpuOver(c *cell, name string) string {
	r, b := c.of(name), c.of(contender.Channels)
	if r == nil || b == nil || median(b.CPU) == 0 {
		return ""
	}
	return num(r.CPUOver(b))
}

func each(f func(*resultOf) float64) func(*cell, string) string {
	return func(c *cell, name string) string {
		if r := c.of(name); r != nil {
			return num(f(r) / float64(c.Tasks))
		}
		return ""
	}
}

var (
	fast       = each((*resultOf).Fast)
	bytesEach  = each(func(r *resultOf) float64 { return median(r.Bytes) })
	allocsEach = each(func(r *resultOf) float64 { return median(r.Allocs) })
)

func peakEach(c *cell, name string) string {
	if m := c.Memory[name]; m != nil && m.Peak > 0 {
		return num(m.Peak / float64(c.Tasks))
	}
	return ""
}

// heldEach leaves out those that build nothing before they run: the gate
// opens before the first of their tasks exists.
func heldEach(c *cell, name string) string {
	if m := c.Memory[name]; m != nil && m.Held > 8*float64(c.Tasks) {
		return num(m.Held / float64(c.Tasks))
	}
	return ""
}
