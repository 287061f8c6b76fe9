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
