package readers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
	"github.com/google/pprof/profile"
)

// runs are all that the repository keeps, and random ones.
func runs(t *testing.T) map[string]*waterfall.Run {
	t.Helper()
	out := make(map[string]*waterfall.Run)
	for _, pattern := range []string{"../../testdata/*.json", "../../../docs/runs/*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no files %s: %v", pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, "-many.json") { // a sample of runs, which others read
				continue
			}
			run, err := waterfall.ReadJSON(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			out[filepath.Base(file)] = run
		}
	}
	for seed := range uint64(200) {
		out[fmt.Sprint("random ", seed)] = random(t, rand.New(rand.NewPCG(seed, 1)))
	}
	return out
}

// random runs a group with waits, a Map, a nested group, a limit and failures.
func random(t *testing.T, rnd *rand.Rand) *waterfall.Run {
	t.Helper()
	var rec waterfall.Recorder
	ms := func() time.Duration { return time.Duration(rnd.IntN(50_000_000)) }
	synctest.Test(t, func(t *testing.T) {
		options := []asap.Option{asap.Observe(&rec), asap.Name("random")}
		if n := rnd.IntN(4); n > 0 {
			options = append(options, asap.Limit(n))
		}
		g := asap.New(t.Context(), options...)
		var tasks []*asap.Task[int]
		for i := range 1 + rnd.IntN(8) {
			name, before, after, wait, nested := fmt.Sprint("t", i), ms(), ms(), -1, rnd.IntN(5) == 0
			if i > 0 && rnd.IntN(2) == 0 {
				wait = rnd.IntN(i)
			}
			var err error
			if rnd.IntN(12) == 0 {
				err = errors.New("out of luck")
			}
			tasks = append(tasks, g.Go(name, func(ctx context.Context) (int, error) {
				time.Sleep(before)
				if wait >= 0 {
					if _, err := tasks[wait].Await(ctx); err != nil {
						return 0, err
					}
				}
				if nested {
					inner := asap.New(ctx, asap.Name("inner"))
					inner.Do("part", func(context.Context) error { time.Sleep(after); return nil })
					if err := inner.Wait(); err != nil {
						return 0, err
					}
				}
				time.Sleep(after)
				return i, err
			}))
		}
		list := tasks[0].Then("list", func(_ context.Context, n int) ([]int, error) { return make([]int, 3), nil })
		length := ms()
		g.Map("element", list, func(context.Context, int) (int, error) { time.Sleep(length); return 0, nil }, asap.Limit(2))
		_ = g.Wait()
	})
	return rec.Run()
}

// A profile is one by the rules of pprof, and adds up to what the run says.
func TestPprofOfRuns(t *testing.T) {
	for name, run := range runs(t) {
		var b bytes.Buffer
		if err := run.Write(&b, waterfall.PProf); err != nil {
			t.Fatal(err)
		}
		p, err := profile.Parse(&b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := p.CheckValid(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var critical, work time.Duration
		for _, s := range p.Sample {
			critical += time.Duration(s.Value[0])
			work += time.Duration(s.Value[1])
			leaf, root := s.Location[0].Line[0].Function.Name, s.Location[len(s.Location)-1].Line[0].Function.Name
			if running := strings.HasSuffix(leaf, ": running"); running != (s.Value[1] > 0) {
				t.Errorf("%s: %s has the values %v", name, leaf, s.Value)
			}
			if run.Name != "" && root != run.Name {
				t.Errorf("%s: a stack has the root %s, want %s", name, root, run.Name)
			}
		}
		if want := run.Measure().Work; critical != run.Makespan || work != want {
			t.Errorf("%s: critical %v, work %v; want the makespan %v and %v", name, critical, work, run.Makespan, want)
		}
		if p.DefaultSampleType != "critical" || p.DurationNanos != int64(run.Makespan) || !run.Began.IsZero() && p.TimeNanos != run.Began.UnixNano() {
			t.Errorf("%s: default %q, duration %d, time %d", name, p.DefaultSampleType, p.DurationNanos, p.TimeNanos)
		}
	}
}

// Names are text, whatever is in them, and the number of a run and its trace ID are labels.
func TestPprofNames(t *testing.T) {
	bad := "a\x00b\x1b[31m\xff::c<int>(x) " + strings.Repeat("long ", 1000)
	run := &waterfall.Run{
		Name: bad, Number: 12, TraceID: "4bf92f", Makespan: 10, Ended: true,
		Groups: []waterfall.Group{{ID: 1, Name: bad, End: 10, Outcome: asap.Succeeded}},
		Tasks:  []waterfall.Task{{ID: 2, Group: 1, Name: bad, Outcome: asap.Succeeded, Pieces: []waterfall.Piece{{State: waterfall.Running, End: 10}}}},
	}
	var b bytes.Buffer
	if err := run.Write(&b, waterfall.PProf); err != nil {
		t.Fatal(err)
	}
	p, err := profile.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Sample) != 1 || len(p.Sample[0].Location) != 3 || p.Sample[0].Label["run"][0] != "12" || p.Sample[0].Label["trace_id"][0] != "4bf92f" {
		t.Fatalf("samples are %v, want one of three frames with the labels run and trace_id", p.Sample)
	}
	for _, f := range p.Function {
		if len(f.Name) > 200 || strings.ContainsAny(f.Name, "\x00\x1b") || !utf8.ValidString(f.Name) || f.SystemName != "" {
			t.Errorf("function %q, system name %q", f.Name, f.SystemName)
		}
	}
}

// The profile of a report adds up to what it says.
func TestPprofOfReports(t *testing.T) {
	stats := new(waterfall.Stats)
	for _, run := range runs(t) {
		stats.Add(run)
	}
	wide := new(waterfall.Run)
	*wide = *stats.Run(1)
	wide.Name, wide.Tasks = "wide", nil
	for i := range 600 {
		wide.Tasks = append(wide.Tasks, waterfall.Task{
			ID: asap.ID(i + 10), Group: wide.Groups[0].ID, Name: fmt.Sprint("t/", i), Outcome: asap.Succeeded,
			Pieces: []waterfall.Piece{{State: waterfall.Running, Start: wide.Makespan * time.Duration(i) / 600, End: wide.Makespan * time.Duration(i+1) / 600}},
		})
	}
	stats.Add(wide)
	for _, r := range stats.Reports(waterfall.TenMinutes) {
		var b bytes.Buffer
		if err := r.WritePprof(&b); err != nil {
			t.Fatal(err)
		}
		p, err := profile.Parse(&b)
		if err != nil {
			t.Errorf("%s: %v", r.Name, err)
			continue
		}
		if err := p.CheckValid(); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
		var sums, want [3]time.Duration
		for _, s := range p.Sample {
			for i, v := range s.Value {
				sums[i] += time.Duration(v)
			}
			if root := s.Location[len(s.Location)-1].Line[0].Function.Name; r.Name != "" && root != r.Name {
				t.Errorf("%s: a stack has the root %s", r.Name, root)
			}
		}
		want[0] = r.Total
		for _, t := range r.Tasks {
			want[1] += t.Work
			want[2] += t.Queued
		}
		if sums != want {
			t.Errorf("%s: sums %v, want the total, the work and the queue: %v", r.Name, sums, want)
		}
		if p.TimeNanos != r.Since.UnixNano() || p.DurationNanos != int64(r.Until.Sub(r.Since)) {
			t.Errorf("%s: time %d, duration %d", r.Name, p.TimeNanos, p.DurationNanos)
		}
	}
}

// A task is under the one that it is nested in, and a slash alone nests nothing.
func TestPprofOfReportNests(t *testing.T) {
	r := waterfall.Report{Name: "home", Runs: 1, Total: 6, Tasks: []waterfall.TaskReport{
		{Name: "page", Critical: 1, Work: 1}, {Name: "page/likes", Critical: 2}, {Name: "page/likes[]", Critical: 3, Queued: 4},
		{Name: "page/likes[]/inner", Work: 5}, {Name: "GET /items", Work: 6},
	}}
	var b bytes.Buffer
	if err := r.WritePprof(&b); err != nil {
		t.Fatal(err)
	}
	p, err := profile.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range p.Sample {
		var stack []string
		for _, l := range s.Location {
			stack = append([]string{l.Line[0].Function.Name}, stack...)
		}
		got = append(got, fmt.Sprint(strings.Join(stack, " > "), " ", s.Value))
	}
	want := []string{
		"home > page [1 0 0]", "home > page > page: running [0 1 0]",
		"home > page > page/likes [2 0 0]",
		"home > page > page/likes > page/likes[] [3 0 0]", "home > page > page/likes > page/likes[] > page/likes[]: queued [0 0 4]",
		"home > page > page/likes > page/likes[] > page/likes[]/inner > page/likes[]/inner: running [0 5 0]",
		"home > GET /items > GET /items: running [0 6 0]",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the stacks are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
