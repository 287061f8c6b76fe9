package waterfall_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// shape writes a task's pieces in one line: queued 0-10, running 10-30.
func shape(run *waterfall.Run, name string) string {
	task := run.Task(name)
	if task == nil {
		return "no task " + name
	}
	names := map[asap.ID]string{}
	for _, t := range run.Tasks {
		names[t.ID] = t.Name
	}
	for _, g := range run.Groups {
		names[g.ID] = "group " + g.Name
	}
	var parts []string
	for _, p := range task.Pieces {
		s := fmt.Sprintf("%s %v-%v", p.State, p.Start.Milliseconds(), p.End.Milliseconds())
		if p.On != 0 {
			s += " on " + names[p.On]
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, ", ")
}

func TestPieces(t *testing.T) {
	tests := []struct{ script, task, want, why string }{
		{"readme", "config", "running 0-50", ""},
		{"readme", "profile", "running 0-0, blocked 0-120 on user, running 120-120, blocked 120-120 on config, running 120-200", "a wait for a finished task is kept: it is an edge"},
		{"limit", "d", "blocked 0-30 on a, queued 30-90, running 90-100", ""},
		{"limit", "b", "queued 0-30, running 30-70", ""},
		{"failed", "page", "blocked 0-100 on cart", "cart ended it"},
		{"nested", "checkout", "blocked 0-20 on user, running 20-20, blocked 20-110 on group payment, running 110-120", ""},
		{"map", "likes", "blocked 0-10 on posts, blocked 10-45 on likes[2]", "a Map has no body"},
		{"map", "price#2", "running 0-7", "the second of that name"},
	}
	for _, tt := range tests {
		if got := shape(record(t, scripts[tt.script]), tt.task); got != tt.want {
			t.Errorf("%s: pieces of %s = %s, want %s (%s)", tt.script, tt.task, got, tt.want, tt.why)
		}
	}
}

func TestRunInTheMiddle(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(scripts["nested"]), "\n")
	for n := 1; n <= len(lines); n++ {
		run := record(t, strings.Join(lines[:n], "\n"))
		if err := run.Validate(); err != nil {
			t.Errorf("after %d events: Validate() = %v, want nil", n, err)
		}
		if run.Ended != (n == len(lines)) {
			t.Errorf("after %d events: Ended = %t", n, run.Ended)
		}
		run.Text(80, false)
	}
}

func TestRunBeforeAnything(t *testing.T) {
	var rec waterfall.Recorder
	if run := rec.Run(); run.Makespan != 0 || len(run.Tasks) != 0 || run.Text(80, false) == "" {
		t.Errorf("Run() of a new Recorder = %+v, want an empty one that prints", run)
	}
}

func TestStartReturnsItsContext(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, 1)
	var rec waterfall.Recorder
	if got := rec.Start(ctx, asap.Event{}); got != ctx {
		t.Errorf("Start(ctx) = %v, want ctx itself", got)
	}
}

// One observer serves many outermost groups at the same time; the high half of
// an ID tells them apart.
func TestConcurrentRunsOfOnePrint(t *testing.T) {
	w := &writes{}
	o := waterfall.Printer(w)
	var wg sync.WaitGroup
	for key := range 50 {
		wg.Go(func() {
			p := &player{o: o, ids: map[string]asap.ID{}, groupOf: map[string]asap.ID{}, parent: map[string]asap.ID{}, key: asap.ID(key + 1)}
			for line := range strings.Lines(readme) {
				if line = strings.TrimSpace(line); line != "" {
					if err := p.line(line); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	want, _ := strings.CutPrefix(record(t, readme).Text(100, false), "")
	if len(w.texts) != 50 {
		t.Fatalf("Print wrote %d times, want once for each of 50 groups", len(w.texts))
	}
	for _, got := range w.texts {
		if got != want {
			t.Fatalf("text of one of many groups differs\ngot:\n%s\nwant:\n%s", got, want)
		}
	}
}

// writes collects what was written, one entry a Write.
type writes struct {
	mu    sync.Mutex
	texts []string
}

func (w *writes) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, string(b))
	return len(b), nil
}

func TestSnapshotWhileEventsArrive(t *testing.T) {
	var rec waterfall.Recorder
	rec.Observe(asap.Event{Kind: asap.GroupStart, Group: 1})
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 500 {
				id := asap.ID(2 + worker + 4*i)
				at := time.Duration(i)
				for _, k := range []asap.Kind{asap.Declared, asap.Ready, asap.Started, asap.Blocked, asap.Resumed, asap.Blocked, asap.Resumed, asap.Ended} {
					e := asap.Event{Kind: k, At: at, Group: 1, Task: id, Name: "t"}
					switch k {
					case asap.Declared:
						if id > 10 {
							e.Deps = []asap.ID{id - 4, 2, 3, 4, 5, 6}
						}
					case asap.Blocked:
						e.On = max(2, id-4)
					case asap.Ended:
						e.Outcome = asap.Succeeded
					}
					rec.Observe(e)
				}
			}
		})
	}
	for range 20 {
		if err := rec.Run().Validate(); err != nil {
			t.Errorf("Validate() of a snapshot = %v", err)
		}
	}
	wg.Wait()
	rec.Observe(asap.Event{Kind: asap.GroupEnd, Group: 1, Outcome: asap.Succeeded})
	run := rec.Run()
	if len(run.Tasks) != 2000 || !run.Ended {
		t.Fatalf("Run() has %d tasks, ended %t, want 2000, true", len(run.Tasks), run.Ended)
	}
	if err := run.Validate(); err != nil {
		t.Errorf("Validate() = %v", err)
	}
}

func TestSparseIDs(t *testing.T) {
	var rec waterfall.Recorder
	group := asap.ID(7<<32 | 0xFFFFFFF0)
	rec.Observe(asap.Event{Kind: asap.GroupStart, Group: group})
	ids := []asap.ID{7<<32 | 0x80000000, 7<<32 | 0x00FFFFFF, 7<<32 | 0x01000000, 7<<32 | 17}
	for _, id := range ids {
		rec.Observe(asap.Event{Kind: asap.Declared, Group: group, Task: id, Name: "t"})
	}
	run := rec.Run()
	var names []string
	for _, task := range run.Tasks {
		names = append(names, task.Name)
	}
	if want := []string{"t", "t#2", "t#3", "t#4"}; !slices.Equal(names, want) {
		t.Errorf("tasks = %v, want %v", names, want)
	}
}

func TestNumbersOfEqualNames(t *testing.T) {
	run := record(t, `
		0 group g
		0 declare price
		0 declare price#2
		0 declare price/b
		0 declare price/c
		1 close g`)
	var names []string
	for _, task := range run.Tasks {
		names = append(names, task.Name)
	}
	if want := []string{"price", "price#2", "price#3", "price#4"}; !slices.Equal(names, want) {
		t.Errorf("names = %v, want %v: a number that is a task's own name is not given again", names, want)
	}
}

// An event allocates nothing but its share of the table, and a wait its place.
func TestRecorderAllocations(t *testing.T) {
	const tasks = 2000
	allocs := testing.AllocsPerRun(5, func() {
		var rec waterfall.Recorder
		rec.Observe(asap.Event{Kind: asap.GroupStart, Group: 1})
		for id := asap.ID(2); id < tasks; id++ {
			for _, k := range []asap.Kind{asap.Declared, asap.Ready, asap.Started, asap.Blocked, asap.Resumed, asap.Ended} {
				if id%10 == 0 || k != asap.Blocked && k != asap.Resumed {
					rec.Observe(asap.Event{Kind: k, Group: 1, Task: id, Name: "t", Outcome: asap.Succeeded})
				}
			}
		}
	})
	if most := float64(tasks/128 + tasks/10 + 12); allocs > most {
		t.Errorf("%d tasks of 4 events, a tenth of them with 2 more: %.0f allocations, want at most %.0f", tasks, allocs, most)
	}
}
