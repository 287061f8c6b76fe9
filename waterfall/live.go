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

// candidate is a group that runs, measured against its name.
type candidate struct {
	*liveRoot
	age, p99 time.Duration
	overdue  float64
}

func byOverdue(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.overdue, a.overdue), cmp.Compare(b.age, a.age), cmp.Compare(a.number, b.number))
}

func (s *Stats) liveOf(n int, wanted func(name string) bool) (groups []Live, all int) {
	n = max(n, 0)
	p99 := make(map[string]time.Duration)
	most := make([]candidate, 0, 2*min(n, 1000))
	full := false // the first n of most are sorted, and none before was more overdue
	now := time.Now()
	for _, r := range s.liveRoots() {
		own := r.own
		if !wanted(own.Name) {
			continue
		}
		all++
		usual, ok := p99[own.Name]
		if !ok {
			usual, _ = s.Percentile(own.Name, Hour, 0.99)
			if usual == 0 {
				usual, _ = s.Percentile(own.Name, SinceStart, 0.99)
			}
			p99[own.Name] = usual
		}
		c := candidate{liveRoot: r, age: now.Sub(r.began) - own.Declared, p99: usual}
		if usual > 0 {
			c.overdue = float64(c.age) / float64(usual)
		}
		if n == 0 || full && byOverdue(c, most[n-1]) > 0 {
			continue
		}
		if most = append(most, c); len(most) == 2*n {
			slices.SortFunc(most, byOverdue)
			most, full = most[:n], true
		}
	}
	slices.SortFunc(most, byOverdue)
	for _, c := range most[:min(len(most), n)] {
		g := Live{Number: c.number, Name: c.own.Name, Began: c.began.Add(c.own.Declared).Round(0), Age: c.age, P99: c.p99, Overdue: c.overdue}
		g.Tasks, g.Open = c.tasks()
		groups = append(groups, g)
	}
	return groups, all
}

func (s *Stats) liveRoots() (roots []*liveRoot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for r := s.live; r != nil; r = r.next {
		roots = append(roots, r)
	}
	return roots
}

func (s *Stats) liveRoot(number uint64) *root {
	s.mu.Lock()
	defer s.mu.Unlock()
	for r := s.live; r != nil; r = r.next {
		if r.number == number {
			return &r.root
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
