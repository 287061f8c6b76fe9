package waterfall

import (
	"cmp"
	"iter"
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
	// start, and Overdue how many times as old the group is; 0 if none of them has
	// succeeded, since how soon a run fails does not tell how long one takes.
	P99     time.Duration
	Overdue float64
	// Stuck says that the group has run for three times that p99 and for half a
	// second, or for a minute if no run of its name has succeeded. If it is the only
	// one then, it may as well be one that runs for ever, around a program's servers.
	Stuck bool
	// Tasks counts those that were declared, and Open those of them that have not
	// ended.
	Tasks, Open int
}

// Stuck tells of the groups of one name that are stuck.
type Stuck struct {
	Groups int  // how many there are
	Most   Live // the most overdue of them
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

// Stuck returns the names of which groups are stuck, as [Live] says, the most overdue
// first. All groups that run are counted, and one of each name is looked at closely.
func (s *Stats) Stuck() []Stuck {
	at := make(map[string]int)
	var most []candidate
	var counts []int
	for c := range s.candidates(func(string) bool { return true }) {
		if !c.stuck() {
			continue
		}
		i, ok := at[c.own.Name]
		if !ok {
			i = len(most)
			at[c.own.Name], most, counts = i, append(most, c), append(counts, 0)
		}
		if counts[i]++; byOverdue(c, most[i]) < 0 {
			most[i] = c
		}
	}
	var out []Stuck
	for i, c := range most {
		out = append(out, Stuck{counts[i], c.live()})
	}
	slices.SortFunc(out, func(a, b Stuck) int {
		return cmp.Or(cmp.Compare(b.Most.Overdue, a.Most.Overdue), cmp.Compare(b.Most.Age, a.Most.Age), cmp.Compare(a.Most.Number, b.Most.Number))
	})
	return out
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

// A group is stuck if it runs for so many times the p99 of its name and for so
// long, or for very long if no run of the name has succeeded yet. A [Log] has a time
// of its own for both.
const (
	stuckTimes  = 3
	stuckFor    = 500 * time.Millisecond
	stuckUnseen = time.Minute
)

func (c *candidate) stuck() bool {
	if c.p99 == 0 {
		return c.age >= stuckUnseen
	}
	return c.overdue >= stuckTimes && c.age >= stuckFor
}

func (c *candidate) live() Live {
	l := Live{Number: c.number, Name: c.own.Name, Began: c.began.Add(c.own.Declared).Round(0), Age: c.age, P99: c.p99, Overdue: c.overdue, Stuck: c.stuck()}
	l.Tasks, l.Open = c.tasks()
	return l
}

// usualLocked returns two p99 of a name, each of the last hour or else since start: by
// which a group is stuck, of runs of which one has succeeded, and by which one was
// slow, of so many that they have one. Either is 0 if there is none.
func (s *Stats) usualLocked(name string) (stuck, slow time.Duration) {
	for _, w := range []Window{Hour, SinceStart} {
		h, succeeded := s.makespansLocked(name, w)
		if h.n == 0 {
			continue
		}
		p99 := h.percentiles(0.99)[0]
		if stuck == 0 && succeeded > 0 {
			stuck = p99
		}
		if h.n >= fewRuns {
			slow = p99
			break
		}
	}
	return stuck, slow
}

// candidates yields the groups that run, of the names that are wanted.
func (s *Stats) candidates(wanted func(name string) bool) iter.Seq[candidate] {
	return func(yield func(candidate) bool) {
		p99 := make(map[string]time.Duration)
		now := time.Now()
		for _, r := range s.liveRoots() {
			own := r.own
			if !wanted(own.Name) {
				continue
			}
			usual, ok := p99[own.Name]
			if !ok {
				s.lock()
				usual, _ = s.usualLocked(own.Name)
				s.unlock()
				p99[own.Name] = usual
			}
			c := candidate{liveRoot: r, age: now.Sub(r.began) - own.Declared, p99: usual}
			if usual > 0 {
				c.overdue = float64(c.age) / float64(usual)
			}
			if !yield(c) {
				return
			}
		}
	}
}

func (s *Stats) liveOf(n int, wanted func(name string) bool) (groups []Live, all int) {
	n = max(n, 0)
	most := make([]candidate, 0, 2*min(n, 1000))
	full := false // the first n of most are sorted, and none before was more overdue
	for c := range s.candidates(wanted) {
		all++
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
		groups = append(groups, c.live())
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
