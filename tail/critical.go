package tail

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap/waterfall"
)

const (
	refreshEvery = 2 * time.Second
	// matters is the part of the slow runs' critical paths that makes a task critical, and
	// would the share of runs that one that is called twice would make slow without that.
	matters = .05
	would   = .01
)

// critical knows which tasks shorten runs. It asks the statistics at intervals, on the
// goroutine of a task that waits for its first call. That takes .1 ms for a group of ten
// tasks and 3 ms for one of 500, so only one task of a group in two seconds waits for it,
// and that only if its call is quicker. It has no goroutine of its own. A nil one says
// that all do.
type critical struct {
	stats  *waterfall.Stats
	names  []string // until there are statistics
	groups shelf[string, judged]
}

// judged is what is known about the runs of one name.
type judged struct {
	next  atomic.Int64 // when to ask again, by the wall clock; who raises it asks
	known atomic.Pointer[findings]
}

// findings are what one look at the statistics has found.
type findings struct {
	runs  int
	share map[string]float64 // of the time of slow runs' critical paths, by task, with what is inside of it
	slow  time.Duration      // what the slowest 5 % take at least
	usual time.Duration      // what half of them take
	holds map[string]bool    // tasks that are called twice: see has
}

func newCritical(stats *waterfall.Stats, names []string) *critical {
	return &critical{stats: stats, names: slices.Clone(names)}
}

// group returns what is known of a group. It is asked about only when it comes back after
// a while: a name that is used once costs nothing more.
func (c *critical) group(name string) *judged {
	return c.groups.getOrMake(name, func() (string, *judged) {
		j := new(judged)
		j.next.Store(time.Now().UnixNano() + int64(refreshEvery))
		return strings.Clone(name), j
	})
}

// due reports whether it is the caller who is to refresh what is known of a group.
func (c *critical) due(group string) bool {
	if c == nil {
		return false
	}
	j := c.group(group)
	now, next := time.Now().UnixNano(), j.next.Load()
	return now >= next && j.next.CompareAndSwap(next, now+int64(refreshEvery))
}

// has reports whether a second call of a task may shorten the run.
func (c *critical) has(at place) bool {
	if c == nil {
		return true
	}
	if f := c.findings(at.group); f != nil {
		return f.holds[at.task]
	}
	return slices.Contains(c.names, at.task)
}

// findings are those of a group, nil as long as there are none.
func (c *critical) findings(group string) *findings {
	if j := c.groups.get(group); j != nil {
		return j.known.Load()
	}
	return nil
}

// refresh asks the statistics about a group. Only who was told that it is due calls it.
func (c *critical) refresh(group string, records []*record) *findings {
	j := c.group(group)
	f := look(c.stats, group)
	if f == nil {
		return nil
	}
	old := j.known.Load()
	f.holds = make(map[string]bool)
	for _, r := range records {
		held := old != nil && old.holds[r.task]
		if f.share[r.task] >= matters || held && r.lateAfter(f.slow) >= would {
			f.holds[r.task] = true
		}
	}
	j.known.Store(f)
	return f
}

// look reads the statistics, in the shortest window that has enough runs; nil if none has.
func look(stats *waterfall.Stats, group string) *findings {
	for _, w := range waterfall.Windows() {
		slow, runs := stats.Percentile(group, w, .95)
		if runs < enough {
			continue
		}
		report := stats.Report(group, w)
		f := &findings{runs: runs, slow: slow, usual: report.P50, share: make(map[string]float64)}
		for i := range report.Tasks {
			t := &report.Tasks[i]
			for name := range around(t.Name) {
				f.share[name] += t.SlowShare
			}
		}
		return f
	}
	return nil
}

// around yields the name of a task and those of the tasks around it: of a/b[]/c also a/b[],
// a/b and a.
func around(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for yield(name) {
			if strings.HasSuffix(name, "[]") {
				name = name[:len(name)-2]
				continue
			}
			i := strings.LastIndexByte(name, '/')
			if i < 0 {
				return
			}
			name = name[:i]
		}
	}
}

// why says whether a task is called twice, and why in words.
func (c *critical) why(at place) (holds bool, why string) {
	if c == nil {
		return true, "it was asked for"
	}
	f := c.findings(at.group)
	switch {
	case f == nil && slices.Contains(c.names, at.task):
		return true, "it was named, and fewer than 100 runs are known"
	case f == nil:
		return false, "fewer than 100 runs are known"
	case f.share[at.task] >= matters:
		return true, fmt.Sprintf("it has %.0f %% of the time of the slow runs' critical paths", 100*f.share[at.task])
	case f.holds[at.task]:
		return true, fmt.Sprintf("without a second call it would end later than %v in one run of a hundred", f.slow.Round(time.Millisecond))
	}
	return false, fmt.Sprintf("it has only %.0f %% of the time of the slow runs' critical paths", 100*f.share[at.task])
}
