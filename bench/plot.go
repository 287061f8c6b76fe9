package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/asap-go/asap/bench/contender"
	"github.com/asap-go/asap/bench/plot"
	"github.com/asap-go/asap/bench/sample"
)

// growthPoint is what one number of tasks costs, by contender, a task.
type growthPoint struct {
	Tasks int
	Nanos map[string]float64 // of processors, first decile of the rounds; of the clock where that is not known
	Bytes map[string]float64 // while all of them wait
}

var growthLines = []struct{ name, color string }{
	{contender.Channels, "#8c959f"},
	{contender.Awaited, "#bf8700"},
	{contender.Declared, "#0969da"},
}

// plotGrowth measures from one task to o.most, and draws.
func plotGrowth(ctx context.Context, o *options, progress io.Writer) error {
	var points []growthPoint
	if o.read != "" {
		data, err := os.ReadFile(o.read)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(data, &points); err != nil {
			return fmt.Errorf("%s: %w", o.read, err)
		}
		return drawGrowth(points, o)
	}
	for n := 1; n <= o.most; n *= 10 {
		for _, m := range []int{n, 3 * n} {
			if m > o.most {
				break
			}
			p, err := growthAt(ctx, o, m)
			if err != nil {
				return err
			}
			fmt.Fprintf(progress, "%d tasks: %s ns, %s bytes a task with asap declared; %s ns, %s bytes with channels\n", m,
				num(p.Nanos[contender.Declared]), num(p.Bytes[contender.Declared]),
				num(p.Nanos[contender.Channels]), num(p.Bytes[contender.Channels]))
			points = append(points, *p)
			// After each, so that a run which is interrupted leaves a plot.
			if err := saveGrowth(points, o); err != nil {
				return err
			}
		}
	}
	return nil
}

func saveGrowth(points []growthPoint, o *options) error {
	if o.json != "" {
		data, err := json.MarshalIndent(points, "", " ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.json, append(data, '\n'), 0o666); err != nil {
			return err
		}
	}
	return drawGrowth(points, o)
}

func drawGrowth(points []growthPoint, o *options) error {
	var b bytes.Buffer
	if err := growthFigure(points, o.procs[0]).Write(&b); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(o.plot), 0o777); err != nil {
		return err
	}
	return os.WriteFile(o.plot, b.Bytes(), 0o666)
}

func growthAt(ctx context.Context, o *options, n int) (*growthPoint, error) {
	p := &growthPoint{Tasks: n, Nanos: map[string]float64{}, Bytes: map[string]float64{}}
	j := job{Graph: fmt.Sprintf("growth %d", n), Ungated: true, Config: sample.Config{
		Rounds: o.rounds, Least: min(3, o.rounds), Sample: o.sample, Budget: o.budget, Seed: uint64(n),
	}}
	for _, l := range growthLines {
		j.Contenders = append(j.Contenders, l.name)
	}
	a, err := ask(ctx, o.procs[0], j)
	if err != nil {
		return nil, err
	}
	for _, r := range a.Times {
		p.Nanos[r.Name] = cmp.Or(sample.Quantile(r.CPU, 0.1), r.Fast()) / float64(n)
	}
	for _, l := range growthLines {
		a, err := ask(ctx, o.procs[0], job{Graph: j.Graph, Contenders: []string{l.name}, Memory: true, Copies: max(1, 20_000/n)})
		if err != nil {
			return nil, err
		}
		p.Bytes[l.name] = a.Memory.Held / float64(n)
	}
	return p, nil
}

func growthFigure(points []growthPoint, procs int) *plot.Figure {
	series := func(of func(growthPoint) map[string]float64) []plot.Series {
		var all []plot.Series
		for _, l := range growthLines {
			s := plot.Series{Name: l.name, Color: l.color}
			for _, p := range points {
				s.Points = append(s.Points, plot.Point{X: float64(p.Tasks), Y: max(1, of(p)[l.name])})
			}
			all = append(all, s)
		}
		return all
	}
	return &plot.Figure{
		Title: "Cost of a task as the graph grows",
		Note: fmt.Sprintf("Empty bodies; one root, then layers about as wide as they are many, three dependencies a task; %d processors, %s, %s.",
			procs, runtime.Version(), time.Now().UTC().Format("2006-01-02")),
		Panels: []plot.Panel{
			{Title: "Processor time", X: "tasks in the graph", Y: "nanoseconds a task", Series: series(func(p growthPoint) map[string]float64 { return p.Nanos })},
			{Title: "Memory while the root runs and the rest waits", X: "tasks in the graph", Y: "bytes a task", Series: series(func(p growthPoint) map[string]float64 { return p.Bytes })},
		},
	}
}
