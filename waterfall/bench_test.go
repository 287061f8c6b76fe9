package waterfall_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

func nop(context.Context) (int, error)                 { return 0, nil }
func nop1(context.Context, int) (int, error)           { return 0, nil }
func nop3(context.Context, int, int, int) (int, error) { return 0, nil }

func chain(g *asap.Group) {
	t := g.Go("t", nop)
	for range 999 {
		t = t.Then("t", nop1)
	}
}

// layers is 100 layers of 100 tasks with 3 dependencies each.
func layers(g *asap.Group) {
	var last, next []*asap.Task[int]
	for range 100 {
		last = append(last, g.Go("t", nop))
	}
	for range 99 {
		next = next[:0]
		for i := range last {
			next = append(next, last[i].And(last[(i+1)%100]).And(last[(i+2)%100]).Then("t", nop3))
		}
		last, next = slices.Clone(next), last
	}
}

// BenchmarkRecorder gives the time of an observed run as a multiple of the same
// run without an observer, the two in turn, the median of rounds.
func BenchmarkRecorder(b *testing.B) {
	for name, build := range map[string]func(*asap.Group){"chain1000": chain, "layers100x100": layers} {
		b.Run(name, func(b *testing.B) {
			var rec waterfall.Recorder
			once := func(options ...asap.Option) time.Duration {
				start := time.Now()
				g := asap.New(b.Context(), options...)
				build(g)
				if err := g.Wait(); err != nil {
					b.Fatal(err)
				}
				return time.Since(start)
			}
			var ratios []float64
			var on time.Duration
			for b.Loop() {
				off := once()
				d := once(asap.Observe(&rec))
				on += d
				ratios = append(ratios, float64(d)/float64(off))
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "on/off")
			b.ReportMetric(float64(on)/float64(b.N)/float64(len(rec.Run().Tasks)), "ns/task-on")
		})
	}
}

func BenchmarkObserve(b *testing.B) {
	var rec waterfall.Recorder
	rec.Observe(asap.Event{Kind: asap.GroupStart, Group: 1})
	id := asap.ID(1)
	for b.Loop() {
		if id++; id > 10_000 {
			id = 2
			rec = waterfall.Recorder{}
			rec.Observe(asap.Event{Kind: asap.GroupStart, Group: 1})
		}
		e := asap.Event{Kind: asap.Declared, Group: 1, Task: id, Name: "t"}
		rec.Observe(e)
		e.Kind = asap.Ready
		rec.Observe(e)
		e.Kind = asap.Started
		rec.Observe(e)
		e.Kind, e.Outcome = asap.Ended, asap.Succeeded
		rec.Observe(e)
	}
}

func BenchmarkRun(b *testing.B) {
	var rec waterfall.Recorder
	g := asap.New(b.Context(), asap.Observe(&rec))
	layers(g)
	g.Wait()
	for b.Loop() {
		rec.Run()
	}
}

func BenchmarkText(b *testing.B) {
	var rec waterfall.Recorder
	g := asap.New(b.Context(), asap.Observe(&rec))
	layers(g)
	g.Wait()
	run := rec.Run()
	for b.Loop() {
		run.Text(120, false)
	}
}

// BenchmarkStatsAdd is what the end of a group of six tasks costs an always-on
// aggregate.
func BenchmarkStatsAdd(b *testing.B) {
	var stats waterfall.Stats
	run := record(b, readme)
	for b.Loop() {
		stats.Add(run)
	}
}

// BenchmarkSnapshotSmall is the rest of it.
func BenchmarkSnapshotSmall(b *testing.B) {
	var rec waterfall.Recorder
	play(b, &rec, readme)
	for b.Loop() {
		rec.Run()
	}
}

// BenchmarkWhatIf is a prediction of a run of 10,000 tasks: layers of 100 that depend
// on each other, with a limit and without.
func BenchmarkWhatIf(b *testing.B) {
	for name, options := range map[string][]asap.Option{"unlimited": nil, "limit": {asap.Limit(20)}, "shared": {asap.SharedLimit(20)}} {
		b.Run(name, func(b *testing.B) {
			var rec waterfall.Recorder
			g := asap.New(b.Context(), append(options, asap.Observe(&rec))...)
			layers(g)
			if err := g.Wait(); err != nil {
				b.Fatal(err)
			}
			run := rec.Run()
			for b.Loop() {
				if _, err := run.WhatIf(waterfall.Speed("t", 0.5)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
