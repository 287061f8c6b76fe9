package waterfall_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// nestedRun is a run of n groups, each nested in the last of width tasks of the one
// around it. It goes on, for what an ended one costs besides is its ranking.
func nestedRun(n, width int) *waterfall.Run {
	r := &waterfall.Run{Name: "deep", Makespan: 1000 * ms, Groups: []waterfall.Group{{ID: 1, End: 1000 * ms}}}
	id, group := asap.ID(1), asap.ID(1)
	var around asap.ID
	for i := range n {
		for range width {
			id++
			r.Tasks = append(r.Tasks, waterfall.Task{ID: id, Group: group, Parent: around, Name: "t",
				Pieces: []waterfall.Piece{{State: waterfall.Running, End: 1000 * ms}}})
		}
		if i < n-1 {
			r.Tasks[len(r.Tasks)-1].Pieces = []waterfall.Piece{{State: waterfall.Running, End: ms}, {State: waterfall.Blocked, Start: ms, End: 1000 * ms, On: id + 1}}
			around, group = id, id+1
			id++
			r.Groups = append(r.Groups, waterfall.Group{ID: group, Parent: around, Name: "in", End: 1000 * ms})
		}
	}
	for i := range r.Tasks {
		r.Tasks[i].Name = fmt.Sprintf("t#%d", i+1)
	}
	return r
}

// allocated is how many bytes f allocates.
func allocated(f func()) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc - before.TotalAlloc)
}

// What a picture takes grows like its run, however deep that is nested, and whether
// what is nested folds or not.
func TestPicturesOfDeepRunsGrowLikeThem(t *testing.T) {
	for _, width := range []int{1, 20} {
		small, large := nestedRun(1000/width, width), nestedRun(4000/width, width)
		for _, r := range []*waterfall.Run{small, large} {
			if err := r.Validate(); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range waterfall.Formats() {
			cost := func(r *waterfall.Run) float64 {
				return allocated(func() {
					if err := r.Write(io.Discard, f); err != nil {
						t.Fatalf("%s of %d groups: %v", f, len(r.Groups), err)
					}
				})
			}
			cost(small) // templates are made once
			if a, b := cost(small), cost(large); b > 9*a {
				t.Errorf("%s, %d wide: %.0f bytes for %d tasks, %.0f for %d", f, width, a, len(small.Tasks), b, len(large.Tasks))
			}
		}
		if n := strings.Count(large.Text(80, false), "\n"); n > 120 {
			t.Errorf("the text of %d groups in each other, %d wide, has %d lines", len(large.Groups), width, n)
		}
		if n := strings.Count(render(t, large, waterfall.SVG), "<text"); n > 200 {
			t.Errorf("the picture of %d groups in each other, %d wide, has %d texts", len(large.Groups), width, n)
		}
	}
}

// Of a run in which many tasks go on, few sentences say what it waits for, and first
// what most wait for.
func TestExplainOfManyThatGoOn(t *testing.T) {
	r := &waterfall.Run{Name: "busy", Makespan: 1000 * ms, Groups: []waterfall.Group{{ID: 1, Limit: 2, End: 1000 * ms}}}
	for i := range 2000 {
		p := waterfall.Piece{State: waterfall.Queued, End: 1000 * ms}
		switch {
		case i == 1000, i == 1001:
			p.State = waterfall.Running
		case i > 1900:
			p.State, p.On = waterfall.Blocked, 1502
		}
		r.Tasks = append(r.Tasks, waterfall.Task{ID: asap.ID(2 + i), Group: 1, Name: fmt.Sprintf("t#%d", i), Pieces: []waterfall.Piece{p}})
	}
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	words := r.Explain()[1:] // after the limit's
	if len(words) != 7 || !strings.HasPrefix(words[0], "t#1500 has been queued for 1 s for a slot of the limit of 2 while 2 other bodies run; waiting for it: t#1901 (for 1 s), ") ||
		!strings.HasSuffix(words[0], " and 92 more") || words[1] != "t#1000 has been running for 1 s" || words[len(words)-1] != "1895 more tasks are queued" {
		t.Errorf("Explain = %q", words)
	}
	// What is queued is not called running, in a band or in a row.
	if text := r.Text(80, false); !strings.Contains(text, "; 2000 not ended") {
		t.Errorf("the text says of the tasks that go on:\n%s", text)
	}
	r.Tasks = r.Tasks[998:1003]
	for _, f := range []waterfall.Format{waterfall.SVG, waterfall.DOT, waterfall.Mermaid} {
		if out := render(t, r, f); strings.Count(out, "queued") < 3 || strings.Contains(out, ">… running<") && strings.Count(out, "… running<") > 2 || strings.Count(out, "nrunning\"") > 2 {
			t.Errorf("%s calls a task running that is queued:\n%s", f, out)
		}
	}
}

// Groups may be nested deeper than what is written as JSON.
func TestPageOfDeepNesting(t *testing.T) {
	for _, n := range []int{99, 100, 101, 102, 12_000} {
		r := nestedRun(n, 1)
		page := render(t, r, waterfall.HTML)
		if rows := strings.Count(page, `"l":"t`); rows != n {
			t.Errorf("a page of %d nested groups has %d rows of tasks", n, rows)
		}
		if deep := strings.Count(page, `"k":[`); deep > 2*100 {
			t.Errorf("the rows of a page of %d nested groups are %d deep", n, deep)
		}
	}
}
