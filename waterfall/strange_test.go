package waterfall_test

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// Whatever Validate takes can be drawn, written and asked about: a file is somebody
// else's. Runs are put together at random, so hardly any is one that the library makes.
func TestStrangeRuns(t *testing.T) {
	n := uint64(600)
	if testing.Short() {
		n = 150
	}
	valid := 0
	for seed := range n {
		s := &stranger{Rand: rand.New(rand.NewPCG(seed, 7))}
		run := s.make()
		if run.Validate() != nil {
			continue
		}
		valid++
		if err := handle(run); err != "" {
			t.Errorf("seed %d: %.1000s", seed, err)
		}
	}
	if valid < int(n)/2 {
		t.Errorf("%d of %d runs are valid", valid, n)
	}
}

// Runs that no group makes, which the simulation met with a panic: an element that began
// before its Map, with a limit; and a body that waits for what is around it and cannot
// begin.
func TestStrangeRunsOfOld(t *testing.T) {
	for _, file := range []string{`{
		"asap":"run","version":3,"makespan":1000000000,"ended":true,
		"groups":[{"id":1,"start":0,"end":1000000000,"outcome":"succeeded"}],
		"tasks":[
		{"id":2,"group":1,"name":"t0","outcome":"skipped","pieces":[{"state":"blocked","start":948413139,"end":954938541}]},
		{"id":4,"group":1,"name":"t2","deps":[2],"limit":9223372036854775807,"outcome":"succeeded","pieces":[{"state":"running","start":562500000,"end":656250000}]},
		{"id":5,"group":1,"parent":4,"name":"t3","deps":[2],"after":[2],"outcome":"succeeded","pieces":[{"state":"running","start":0,"end":145833333}]}]}`, `{
		"asap":"run","version":3,"makespan":0,"ended":true,
		"groups":[{"id":16,"start":0,"end":0,"outcome":"succeeded"},{"id":14,"parent":12,"shared":1,"start":0,"end":1,"outcome":"succeeded"}],
		"tasks":[
		{"id":12,"group":16,"name":"t0","outcome":"exited","pieces":[{"state":"blocked","start":0,"end":0}]},
		{"id":6,"group":14,"parent":12,"name":"t1","outcome":"succeeded","pieces":[{"state":"running","start":0,"end":0},{"state":"blocked","start":0,"end":0,"on":16}]}],
		"shared":[{"limit":2},{"limit":3}]}`, `{
		"asap":"run","version":3,"makespan":1000,"ended":false,
		"groups":[
		{"id":99,"limit":1,"start":0,"end":1000,"outcome":"succeeded"},
		{"id":262,"parent":199,"start":0,"end":199,"outcome":"succeeded"},
		{"id":239,"parent":180,"waits":[{"on":32,"start":126,"end":167}],"start":1,"end":437,"outcome":"succeeded"},
		{"id":45,"parent":199,"start":125,"end":187,"outcome":"succeeded"}],
		"tasks":[
		{"id":199,"group":99,"name":"t0","outcome":"succeeded","pieces":[{"state":"running","start":125,"end":312}]},
		{"id":180,"group":99,"name":"t11","outcome":"succeeded","pieces":[{"state":"running","start":62,"end":187}]},
		{"id":202,"group":99,"name":"t18","pieces":[{"state":"running","start":625,"end":626}]},
		{"id":174,"group":45,"parent":199,"name":"t19","outcome":"succeeded","pieces":[{"state":"running","start":512,"end":885}]},
		{"id":138,"group":262,"parent":199,"name":"t28","outcome":"succeeded","pieces":[{"state":"running","start":375,"end":375}]},
		{"id":32,"group":262,"parent":138,"name":"t38","pieces":[{"state":"queued","start":125,"end":166}]}]}`} {
		run, err := waterfall.ReadJSON(strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if err := handle(run); err != "" {
			t.Error(err)
		}
	}
}

// handle does with a run all that can be done, and says what is wrong, empty if nothing is.
func handle(run *waterfall.Run) (wrong string) {
	doing := "CriticalPath"
	defer func() {
		if p := recover(); p != nil {
			wrong = fmt.Sprintf("%s: panic: %v", doing, p)
		}
	}()
	at := time.Duration(0)
	for _, s := range run.CriticalPath() {
		if s.Start != at || s.End <= s.Start {
			return fmt.Sprintf("a step of the path from %v to %v, after %v", s.Start, s.End, at)
		}
		at = s.End
	}
	if at != run.Makespan {
		return fmt.Sprintf("the path ends at %v of %v", at, run.Makespan)
	}
	doing = "Text"
	for _, width := range []int{40, 100} {
		for line := range strings.Lines(run.Text(width, false)) {
			if got := waterfall.TextWidth(strings.TrimSuffix(line, "\n")); got > width {
				return fmt.Sprintf("%d columns: %q", got, line)
			}
		}
	}
	for _, f := range waterfall.Formats() {
		doing = string(f)
		if err := run.Write(io.Discard, f); err != nil {
			return fmt.Sprintf("%s: %v", f, err)
		}
	}
	doing = "ReadJSON"
	var first, second bytes.Buffer
	_ = run.Write(&first, waterfall.JSON)
	back, err := waterfall.ReadJSON(bytes.NewReader(first.Bytes()))
	if err != nil {
		return err.Error()
	}
	if _ = back.Write(&second, waterfall.JSON); first.String() != second.String() {
		return "read and written it differs: " + first.String()
	}
	doing = "WhatIf"
	if p, err := run.WhatIf(); err == nil && p.Makespan != run.Makespan {
		return fmt.Sprintf("with nothing changed: %v of %v", p.Makespan, run.Makespan)
	}
	for _, g := range run.Ranking() {
		if _, err := run.WhatIf(g.Change); err != nil && !strings.Contains(err.Error(), "in a circle") {
			return fmt.Sprintf("WhatIf(%v) = %v", g.Change, err)
		}
	}
	for i := range run.Tasks {
		name := run.Tasks[i].Name
		for _, c := range []waterfall.Change{waterfall.Speed(name, -1e4), waterfall.Drop(name), waterfall.Within(name, 1), waterfall.LimitOf(name, 1), waterfall.Limit(math.MaxInt)} {
			_, _ = run.WhatIf(c)
		}
	}
	doing = "Stats"
	var stats waterfall.Stats
	stats.Add(run)
	_ = stats.WritePrometheus(io.Discard)
	for _, r := range stats.Reports(waterfall.SinceStart) {
		_ = r.WritePprof(io.Discard)
	}
	first.Reset()
	_ = stats.Summary(waterfall.SinceStart).WriteJSON(&first)
	if _, err := waterfall.ReadSummary(&first); err != nil {
		return err.Error()
	}
	return ""
}

// stranger puts runs together.
type stranger struct {
	*rand.Rand
	run *waterfall.Run
	all []asap.ID
}

func (s *stranger) one(of int) bool { return s.IntN(of) == 0 }

func (s *stranger) time() time.Duration {
	return []time.Duration{0, 1, s.run.Makespan, time.Duration(s.Int64N(1 + int64(s.run.Makespan))), time.Duration(s.IntN(10)) * (s.run.Makespan / 16)}[s.IntN(5)]
}

func (s *stranger) text() string {
	if s.one(3) {
		return hostile[s.IntN(len(hostile))]
	}
	return []string{"a", "b", "item[3]", "x#2", "shard-07", "cycle: a → b → a", "group x: y", "limit", "shared", "(caller)", "a/b", "é"}[s.IntN(12)]
}

func (s *stranger) limit() int { return []int{0, 0, 0, 1, 2, math.MaxInt}[s.IntN(6)] }

func (s *stranger) outcome() asap.Outcome { return asap.Outcome(s.IntN(int(asap.Goexited) + 1)) }

func (s *stranger) id() asap.ID { return asap.ID(1 + len(s.run.Groups) + len(s.run.Tasks)) }

func (s *stranger) sharedLimit() int {
	if n := len(s.run.Shared); n > 0 && s.one(3) {
		return 1 + s.IntN(n)
	}
	return 0
}

func (s *stranger) group(parent asap.ID) {
	g := waterfall.Group{ID: s.id(), Parent: parent, Name: s.text(), Limit: s.limit(), Shared: s.sharedLimit(), Settled: s.one(3), Outcome: s.outcome(), Err: s.text(), Start: s.time()}
	g.End = max(g.Start, s.time())
	if parent == 0 {
		g.Start, g.End = 0, s.run.Makespan
	}
	g.Late = g.Outcome == asap.Canceled && s.one(2)
	s.run.Groups = append(s.run.Groups, g)
}

func (s *stranger) make() *waterfall.Run {
	span := []time.Duration{0, 1, 10, 1000, time.Second, time.Hour, 100 * 365 * 24 * time.Hour}[s.IntN(7)]
	s.run = &waterfall.Run{Name: s.text(), Makespan: span, Ended: !s.one(4)}
	for range s.IntN(3) {
		s.run.Shared = append(s.run.Shared, waterfall.SharedLimit{Limit: 1 + s.IntN(3)})
	}
	s.group(0)
	for range s.IntN(12) {
		s.task()
	}
	for _, g := range s.run.Groups {
		s.all = append(s.all, g.ID)
	}
	for _, t := range s.run.Tasks {
		s.all = append(s.all, t.ID)
	}
	for i := range s.run.Tasks {
		for k := range s.run.Tasks[i].Pieces {
			if p := &s.run.Tasks[i].Pieces[k]; p.State == waterfall.Blocked && !s.one(4) {
				p.On, p.Deadline = s.all[s.IntN(len(s.all))], s.time()
			}
		}
	}
	for i := range s.run.Groups {
		s.outside(&s.run.Groups[i])
	}
	return s.run
}

// outside gives a group waits of its own, and who has ended it.
func (s *stranger) outside(g *waterfall.Group) {
	at := g.Start
	g.Several = s.one(4)
	for range s.IntN(3) {
		w := waterfall.Wait{On: s.all[s.IntN(len(s.all))], Start: min(g.End, max(at, s.time())), Deadline: s.time()}
		w.End = min(g.End, max(w.Start, s.time()))
		at = w.End
		g.Waits = append(g.Waits, w)
	}
	for _, t := range s.run.Tasks {
		if t.Group == g.ID && s.one(5) {
			g.EndedBy = t.ID
		}
	}
}

func (s *stranger) task() {
	n := len(s.run.Tasks)
	if n > 0 && s.one(6) {
		s.group(s.run.Tasks[s.IntN(n)].ID)
	}
	t := waterfall.Task{ID: s.id(), Name: s.text(), Limit: s.limit(), Shared: s.sharedLimit(), Outcome: s.outcome(), Err: s.text(), Around: s.one(5), MayFail: s.one(4), Optional: s.one(4), Race: s.one(5)}
	g := s.run.Groups[s.IntN(len(s.run.Groups))]
	t.Group, t.Parent = g.ID, g.Parent
	if n > 0 && s.one(3) { // a part of a Map or a Race
		whole := s.run.Tasks[s.IntN(n)]
		t.Group, t.Parent = whole.Group, whole.ID
	}
	for _, o := range s.run.Tasks {
		if o.Group == t.Group && o.Name == t.Name {
			t.Name = fmt.Sprint(t.Name, "#", n)
		}
	}
	for _, d := range s.Perm(n)[:s.IntN(min(n, 2)+1)] {
		id := s.run.Tasks[d].ID
		t.Deps = append(t.Deps, id)
		switch s.IntN(4) {
		case 0:
			t.After = append(t.After, id)
		case 1:
			t.AfterEnd = append(t.AfterEnd, id)
		}
	}
	if s.one(4) {
		t.Timeout, t.Within = s.time(), s.time()
	}
	at := s.time()
	for range 1 + s.IntN(5) {
		p := waterfall.Piece{State: waterfall.State(1 + s.IntN(3)), Start: at, End: max(at, s.time())}
		at = p.End
		t.Pieces = append(t.Pieces, p)
	}
	s.run.Tasks = append(s.run.Tasks, t)
}
