package waterfall_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// crowd is a run with tasks of every sort that fold: elements with nested groups, one
// of which fails, tasks of one name, and names that differ in numbers.
func crowd(t *testing.T, n int) *waterfall.Run {
	t.Helper()
	return recorded(t, func(g *asap.Group) {
		offsets := make([]time.Duration, n) // no two declare, or are done, at one instant
		for i := range offsets {
			offsets[i] = time.Duration((i + 1) * 7919 % 10007)
		}
		list := g.Input("list", offsets)
		g.MapOptional("item", list, func(ctx context.Context, offset time.Duration) (int, error) {
			time.Sleep(offset)
			inner := asap.New(ctx, asap.Name("inner"))
			inner.Go("fetch", sleep(3*ms+offset, 1))
			inner.Go("parse", sleep(5*ms+2*offset, 1))
			return 1, inner.Wait()
		}, asap.Limit(5)).Do("sum", func(context.Context, []asap.Result[int]) error { time.Sleep(4 * ms); return nil })
		for i := range n {
			g.Go("ping", sleep(time.Duration(1+i%7)*ms, 1))
			g.Go(fmt.Sprintf("shard-%d", i), func(context.Context) (int, error) {
				time.Sleep(ms)
				if i == 3 {
					return 0, errors.New("disk full")
				}
				return 1, nil
			})
		}
	}, asap.Name("crowd"), asap.Settled())
}

// regions is a run of nested groups, which fold in each of twenty tasks of different names.
func regions(t *testing.T) *waterfall.Run {
	t.Helper()
	return recorded(t, func(g *asap.Group) {
		for i := range 20 {
			g.Do("region-"+string(rune('a'+i)), func(ctx context.Context) error {
				g := asap.New(ctx, asap.Name("region"))
				for k := range 20 {
					g.Do(fmt.Sprintf("shop-%d", k), func(ctx context.Context) error {
						g := asap.New(ctx, asap.Name("shop"))
						user := g.Go("user", sleep(time.Duration(1+(7*k+3*i)%5)*ms, 1))
						for j := range 18 {
							user.Do(fmt.Sprintf("order-%d", j), func(context.Context, int) error {
								time.Sleep(time.Duration(1+(j+5*k+11*i)%20) * ms)
								return nil
							})
						}
						return g.Wait()
					})
				}
				return g.Wait()
			})
		}
	}, asap.Name("regions"), asap.Limit(50))
}

// Of many bands that have the same names each stands in what is around it, and one whose
// critical tasks have no rows is marked itself.
func TestBandsInTheirPlaces(t *testing.T) {
	text := regions(t).Text(100, false)
	chart := strings.Split(strings.ReplaceAll(strings.Split(text, "\n\n")[1], "▸", " "), "\n")
	indent := func(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
	bands := 0
	for i, line := range chart {
		if !strings.Contains(line, "order-*") {
			continue
		}
		bands++
		var around []string
		for at, k := indent(line), i-1; k > 0; k-- {
			if in := indent(chart[k]); in < at {
				at, around = in, append(around, strings.Fields(chart[k])[0])
			}
		}
		if len(around) != 3 || around[0] != "shop-*" || around[1] != "region" || !strings.HasPrefix(around[2], "region-") {
			t.Errorf("%q is in %q, want the shops of a region", line, around)
		}
	}
	if bands < 10 || len(chart) > 100 {
		t.Errorf("%d bands in %d lines:\n%s", bands, len(chart), text)
	}
	if !strings.Contains(text, "▸       order-*") {
		t.Errorf("no band of critical tasks is marked:\n%s", text)
	}
}

func TestTextOfACrowd(t *testing.T) {
	golden(t, "crowd.txt", crowd(t, 20).Text(80, false))
	golden(t, "crowd-60.txt", crowd(t, 20).Text(60, false))
	golden(t, "crowd.svg", render(t, crowd(t, 20), waterfall.SVG))
}

// A run of any size has a text of some dozen lines, and a picture to match.
func TestPicturesOfWideRunsAreShort(t *testing.T) {
	run := crowd(t, 1000)
	if n := strings.Count(run.Text(100, false), "\n"); n > 60 {
		t.Errorf("the text of %d tasks has %d lines", len(run.Tasks), n)
	}
	if n := len(render(t, run, waterfall.SVG)); n > 64<<10 {
		t.Errorf("the picture of %d tasks has %d bytes", len(run.Tasks), n)
	}
	// Of tasks that nothing folds, the first rows and a band are left.
	run = recorded(t, func(g *asap.Group) {
		for i := range 500 {
			name := ""
			for k := i + 1; k > 0; k /= 26 {
				name += string(rune('a' + k%26))
			}
			g.Go(name, sleep(time.Duration(1+i%50)*ms, 1))
		}
	})
	text := run.Text(80, false)
	if n := strings.Count(text, "\n"); n > 60 || !strings.Contains(text, "460 others") {
		t.Errorf("the text of 500 different tasks has %d lines:\n%s", n, text)
	}
}

// Lanes are shared: a trace of many tasks has as many tracks as bodies at once, not as
// tasks, and no two slices of a track are at the same time unless one is in the other.
func TestTraceLanes(t *testing.T) {
	run := crowd(t, 200)
	var trace struct {
		TraceEvents []struct {
			Ph       string
			Name     string
			PID, TID int
			TS, Dur  float64
		}
	}
	if err := json.Unmarshal([]byte(render(t, run, waterfall.Perfetto)), &trace); err != nil {
		t.Fatal(err)
	}
	tracks := make(map[[2]int]int)
	for _, e := range trace.TraceEvents {
		at := [2]int{e.PID, e.TID}
		switch {
		case e.Ph == "M" && e.Name == "thread_name":
			tracks[at]++
		case e.Ph == "X":
			if tracks[at] != 1 {
				t.Errorf("slice %s is on track %v, which has %d names", e.Name, at, tracks[at])
			}
		}
	}
	// 5 elements at once and 10 of what is inside them; pings and shards at once.
	if n := len(tracks); n > 5+10+2*200+3 {
		t.Errorf("a run of %d tasks has %d tracks", len(run.Tasks), n)
	}
	byTrack := make(map[[2]int][][2]float64)
	for _, e := range trace.TraceEvents {
		if e.Ph == "X" && e.Dur > 0 {
			at := [2]int{e.PID, e.TID}
			byTrack[at] = append(byTrack[at], [2]float64{e.TS, e.TS + e.Dur})
		}
	}
	for at, list := range byTrack {
		for i, a := range list {
			for _, b := range list[i+1:] {
				if a[0] < b[1]-1e-6 && b[0] < a[1]-1e-6 {
					t.Fatalf("track %v has slices at the same time: %v and %v µs", at, a, b)
				}
			}
		}
	}
}

// No name is whole in what is drawn, however long; uncut, these would take minutes.
func TestLongNames(t *testing.T) {
	long := strings.Repeat("long name ", 40_000)
	run := recorded(t, func(g *asap.Group) {
		for range 20 {
			g.Go(long, func(ctx context.Context) (int, error) {
				inner := asap.New(ctx, asap.Name(long))
				inner.Go(long, sleep(ms, 1))
				return 0, errors.Join(inner.Wait(), errors.New(long))
			})
		}
	}, asap.Name(long), asap.Settled())
	for _, f := range waterfall.Formats() {
		if f == waterfall.JSON { // the run itself
			continue
		}
		if out := render(t, run, f); len(out) > 500_000 {
			t.Errorf("%s has %d bytes", f, len(out))
		}
	}
}

// A family is asked for by its name: elements, tasks of one name, and names that differ
// in a number, also within elements.
func TestWhatIfOfFamilies(t *testing.T) {
	run := crowd(t, 20)
	for name, tasks := range map[string]int{
		"ping#*": 20, "shard-*": 20, "item[]/fetch": 20, "item[]/parse": 20, "fetch": 20, "ping": 1, "ping#2": 1,
	} {
		p, err := run.WhatIf(waterfall.Speed(name, 1))
		if err != nil {
			t.Errorf("WhatIf(Speed(%q, 1)) = %v", name, err)
			continue
		}
		changed := 0
		for i := range run.Tasks {
			if run.Tasks[i].Took() > 0 && p.Run.Tasks[i].Took() == 0 {
				changed++
			}
		}
		if changed != tasks {
			t.Errorf("Speed(%q, 1) changes %d tasks, want %d", name, changed, tasks)
		}
	}
}
