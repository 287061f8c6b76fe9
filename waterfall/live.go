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

	root *root
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
	n = max(0, n)
	now, usual := time.Now(), make(map[string]time.Duration)
	var first []Live // at most twice as many as are wanted
	for _, r := range s.liveRoots() {
		name := r.own.Name
		if !wanted(name) {
			continue
		}
		all++
		p99, ok := usual[name]
		if !ok {
			p99 = s.usual(name)
			usual[name] = p99
		}
		l := Live{Number: r.number, Name: name, Age: now.Sub(r.began) - r.own.Declared, P99: p99, root: r.root}
		if p99 > 0 {
			l.Overdue = float64(l.Age) / float64(p99)
		}
		if first = append(first, l); len(first) == 2*n+1 {
			slices.SortFunc(first, byOverdue)
			first = first[:n]
		}
	}
	slices.SortFunc(first, byOverdue)
	groups = first[:min(n, len(first))]
	for i := range groups {
		l := &groups[i]
		l.Began = l.root.began.Add(l.root.own.Declared).Round(0)
		l.Tasks, l.Open = l.root.tasks()
		l.root = nil
	}
	return groups, all
}

func byOverdue(a, b Live) int {
	return cmp.Or(cmp.Compare(b.Overdue, a.Overdue), cmp.Compare(b.Age, a.Age), cmp.Compare(a.Number, b.Number))
}

// usual is the p99 that a running group is measured against.
func (s *Stats) usual(name string) time.Duration {
	p99, _ := s.Percentile(name, Hour, 0.99)
	if p99 == 0 {
		p99, _ = s.Percentile(name, SinceStart, 0.99)
	}
	return p99
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

func (o *root) name() string { return o.own.Name }

// tasks counts the tasks of the group, and those that have not ended.
func (o *root) tasks() (all, open int) {
	var s snapshot
	s.collect(o)
	for _, v := range s.tasks {
		if !v.has(record.SeenEnded) {
			open++
		}
	}
	return len(s.tasks), open
}
