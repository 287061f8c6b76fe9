package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap/bench/contender"
	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/sample"
	"github.com/asap-go/asap/bench/work"
)

// report is everything that one run measured.
type report struct {
	Machine string
	Go      string
	Date    time.Time
	Cells   []*cell
	Node    *nodeReport `json:",omitempty"`
}

// cell is one graph with one body on one number of processors.
type cell struct {
	Graph  string
	Tasks  int
	Body   work.Body
	Procs  int
	Times  []*sample.Result
	Memory map[string]*memory `json:",omitempty"` // by contender
}

// of finds the times of a contender, or nil.
func (c *cell) of(name string) *sample.Result {
	i := slices.IndexFunc(c.Times, func(r *sample.Result) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return c.Times[i]
}

// over is the ratio of two contenders, if both ran.
func (c *cell) over(name, base string) (float64, bool) {
	r, b := c.of(name), c.of(base)
	if r == nil || b == nil {
		return 0, false
	}
	return r.Over(b), true
}

// maxWork is the longest that a graph may take one body after the other;
// what is longer has nothing to say about overhead.
const maxWork = 550 * time.Millisecond

// measure adds the cells that r does not have, and saves after each.
func (r *report) measure(ctx context.Context, o *options, progress io.Writer) error {
	entries, err := graph.Catalog(false)
	if err != nil {
		return err
	}
	for _, procs := range o.procs {
		for _, body := range o.bodies {
			for _, e := range entries {
				if !matches(e.Name, o.graphs) || e.Tasks > o.most || time.Duration(e.Tasks)*(body.Spin+body.Sleep) > maxWork {
					continue
				}
				// Bodies with work are for the shapes; twelve small request
				// graphs more would repeat 3 and 6 tasks.
				if body != (work.Body{}) && strings.HasPrefix(e.Name, "request") && len(o.graphs) == 0 {
					continue
				}
				if slices.ContainsFunc(r.Cells, func(c *cell) bool { return c.Graph == e.Name && c.Body == body && c.Procs == procs }) {
					continue
				}
				c, err := measureCell(ctx, o, e, body, procs, progress)
				if err != nil {
					return err
				}
				if c != nil {
					r.Cells = append(r.Cells, c)
					if err := r.save(o.json); err != nil {
						return err
					}
				}
			}
		}
	}
	if len(r.Cells) == 0 {
		return fmt.Errorf("-graphs %s -contenders %s: nothing fits", strings.Join(o.graphs, ","), strings.Join(o.contenders, ","))
	}
	return nil
}

// memoryLeast is the smallest graph whose memory is measured, in tasks: below
// it a process's own pages are most of it.
const memoryLeast = 10_000

func measureCell(ctx context.Context, o *options, e graph.Entry, body work.Body, procs int, progress io.Writer) (*cell, error) {
	g := e.Make()
	j := job{Graph: e.Name, Body: body, Config: sample.Config{
		Rounds: o.rounds, Least: min(3, o.rounds), Sample: o.sample, Budget: o.budget, Seed: uint64(len(e.Name)),
	}}
	for _, c := range contender.All() {
		if matches(c.Name, o.contenders) && c.Fits(g) {
			j.Contenders = append(j.Contenders, c.Name)
		}
	}
	if len(j.Contenders) == 0 {
		return nil, nil
	}
	start := time.Now()
	a, err := ask(ctx, procs, j)
	if err != nil {
		return nil, err
	}
	c := &cell{Graph: e.Name, Tasks: a.Tasks, Body: body, Procs: procs, Times: a.Times}
	if o.memory && body == (work.Body{}) && procs == o.procs[0] && e.Tasks >= memoryLeast {
		c.Memory = map[string]*memory{}
		for _, name := range j.Contenders {
			a, err := ask(ctx, procs, job{Graph: e.Name, Body: body, Contenders: []string{name}, Memory: true})
			if err != nil {
				return nil, err
			}
			c.Memory[name] = a.Memory
		}
	}
	fmt.Fprintf(progress, "%s, body %s, %d processors: %d contenders, %d rounds, %.1f s\n",
		e.Name, body, procs, len(j.Contenders), len(c.Times[0].Nanos), time.Since(start).Seconds())
	return c, nil
}

// machine names the processor, if the system tells, and counts.
func machine() string {
	name := runtime.GOARCH
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(data)) {
			if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
				name = strings.TrimSpace(v)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d processors, %s/%s", name, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}
