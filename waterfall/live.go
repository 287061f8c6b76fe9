package waterfall

import (
	"cmp"
	"slices"
	"time"

	"github.com/asap-go/asap/internal/record"
)

// Live tells of a group that runs at this moment; [Stats.Run] returns it with
// all that its tasks do.
type Live struct {
	Number uint64
	Name   string
	Began  time.Time
	Age    time.Duration
	// P99 is that of the ended runs of the name, in the last hour or else since
	// start, and Overdue how many times as old the group is; 0 if there are none.
	P99     time.Duration
	Overdue float64
	// Tasks counts those that were declared, and Open those of them that have not
	// ended.
	Tasks, Open int
}

// Live returns the n groups that run at this moment and are most overdue,
// measured against the p99 of their names, then the oldest; and how many run in
// all. The work is for those that are returned, and little for the others.
func (s *Stats) Live(n int) (groups []Live, all int) {
	return s.liveOf(n, func(string) bool { return true })
}

// LiveOf is Live for the groups of one name.
func (s *Stats) LiveOf(name string, n int) (groups []Live, all int) {
	return s.liveOf(n, func(other string) bool { return other == name })
}

func (s *Stats) liveOf(n int, wanted func(name string) bool) (groups []Live, all int) {
	roots := s.liveRoots()
	type candidate struct {
		liveRoot
		age     time.Duration
		overdue float64
	}
	p99 := make(map[string]time.Duration)
	var list []candidate
	for _, r := range roots {
		name := r.name()
		if !wanted(name) {
			continue
		}
		usual, ok := p99[name]
		if !ok {
			usual, _ = s.Percentile(name, Hour, 0.99)
			if usual == 0 {
				usual, _ = s.Percentile(name, SinceStart, 0.99)
			}
			p99[name] = usual
		}
		c := candidate{liveRoot: r, age: r.age()}
		if usual > 0 {
			c.overdue = float64(c.age) / float64(usual)
		}
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.overdue, a.overdue), cmp.Compare(b.age, a.age), cmp.Compare(a.number, b.number))
	})
	for _, c := range list[:min(len(list), max(0, n))] {
		g := Live{Number: c.number, Name: c.name(), Began: c.since(), Age: c.age, P99: p99[c.name()], Overdue: c.overdue}
		g.Tasks, g.Open = c.tasks()
		groups = append(groups, g)
	}
	return groups, len(list)
}

func (s *Stats) liveRoots() []liveRoot {
	s.mu.Lock()
	defer s.mu.Unlock()
	roots := make([]liveRoot, 0, len(s.live))
	for _, r := range s.live {
		roots = append(roots, r)
	}
	return roots
}

func (s *Stats) liveRoot(number uint64) *root {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.live {
		if r.number == number {
			return r.root
		}
	}
	return nil
}

// entry is that of the group itself.
func (o *root) entry() *record.Entry {
	var own *record.Entry
	o.t.Each(func(e *record.Entry, state uint32) {
		if e.Number == o.group && state&record.IsGroup != 0 {
			own = e
		}
	})
	return own
}

func (o *root) name() string { return o.entry().Name }

func (o *root) since() time.Time { return o.began.Add(o.entry().Declared).Round(0) }

func (o *root) age() time.Duration { return time.Since(o.began) - o.entry().Declared }

// tasks counts the tasks in the table, and those that have not ended.
func (o *root) tasks() (all, open int) {
	o.t.Each(func(e *record.Entry, state uint32) {
		if state&record.IsGroup == 0 {
			all++
			if state&record.SeenEnded == 0 {
				open++
			}
		}
	})
	return all, open
}
