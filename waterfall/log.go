package waterfall

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asap-go/asap"
)

// Log has a line written for each group that failed or ran out of time, took much
// longer than others of its name, or is stuck: set it as the Log of a [Stats]. The zero value
// writes to [slog.Default]. It must not be changed, nor be that of another Stats,
// once groups have begun.
//
// A group is stuck as [Live] says: if it has run for three times the p99 of its name.
// While no run of the name has succeeded, one alone may be the first request, and may
// be a program's servers, which run for ever: it is told once, and again when another one
// hangs as well. So a group around servers should have a name of its own.
//
// A line has the group's name, the number of the run, its trace ID if there is
// one, and its duration; of a slow group the p99, and of one that is stuck what it
// waits for; the task that failed, the error, and the critical path.
//
// Lines are few: of one name and for one reason there is one in Every, and it
// says how many were left out before it. The line of a group that has ended is
// written before its Wait returns, by the goroutine that ends it; nothing is done
// for a group without a line but to start a timer and to stop it. The line of a
// stuck group is written by that timer, while the group is stuck, and again when
// it has taken twice as long, and so on; a group that ends in that very moment
// waits for the line. So nothing of a Log is left when Wait returns. No lock is
// held when the logger is called, at the same time for several groups.
type Log struct {
	// Logger is where lines go, slog.Default() if nil. A failed group is an
	// error, others are warnings.
	Logger *slog.Logger
	// Slow is how many times as long as the p99 of its name a group takes that
	// is slow, 2 if 0. Below 0 no group is. With more than 3 none is stuck sooner.
	Slow float64
	// Stuck is for how long at least a group runs that is stuck, 30 s if 0. Below 0
	// no group is.
	Stuck time.Duration
	// Every is the least time between lines of one name for one reason, 10 s
	// if 0. Below 0 no line is left out.
	Every time.Duration

	mu    sync.Mutex // guards what follows
	lines map[lineKey]*lineCount
	p99   map[string]usual
	long  map[string]int // groups that have run for Stuck and do so still, by name
}

// Reasons for a line, which are its message.
const (
	groupFailed = "asap: group failed"
	groupSlow   = "asap: group was slow"
	groupStuck  = "asap: group is stuck"
	groupLate   = "asap: group ran out of time"
)

type lineKey struct{ name, reason string }

type lineCount struct {
	last time.Time // of the last line
	left int       // lines left out since
}

// maxLogged bounds what lines are counted for; names beyond share one count.
const maxLogged = 3 * maxNames

// may tells whether there may be a line, and how many were left out before it.
func (l *Log) may(name, reason string, now time.Time) (may bool, left int) {
	every := l.Every
	if every == 0 {
		every = 10 * time.Second
	}
	key := lineKey{name, reason}
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.lines[key]
	if c == nil {
		if l.lines == nil {
			l.lines = make(map[lineKey]*lineCount)
		}
		if len(l.lines) >= maxLogged {
			maps.DeleteFunc(l.lines, func(_ lineKey, c *lineCount) bool { return c.left == 0 && now.Sub(c.last) >= every })
		}
		if len(l.lines) >= maxLogged {
			key.name = ""
			c = l.lines[key]
		}
		if c == nil {
			l.lines[key] = &lineCount{last: now}
			return true, 0
		}
	}
	if every > 0 && now.Sub(c.last) < every { // the clock of who was here before may have been read later
		c.left++
		return false, 0
	}
	left = c.left
	*c = lineCount{last: now}
	return true, left
}

// usual has the p99 of a name, as they were a moment ago: see usualLocked.
type usual struct {
	stuck, slow time.Duration
	at          time.Time
}

const (
	fewRuns  = 100 // have no p99
	usualFor = 5 * time.Second
)

// usual returns the p99 of a name. It waits for nobody who is at the totals: then
// they are those of before.
func (l *Log) usual(s *Stats, name string, now time.Time) usual {
	l.mu.Lock()
	known, ok := l.p99[name]
	l.mu.Unlock()
	if ok && now.Sub(known.at) < usualFor || !s.sums.TryLock() {
		return known
	}
	known.at = now
	known.stuck, known.slow = s.usualLocked(name)
	s.sums.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.p99 == nil || len(l.p99) >= 2*maxNames {
		l.p99 = make(map[string]usual)
	}
	l.p99[name] = known
	return known
}

// slow is how long a group of a name with that p99 may take, 0 if that is not known.
func (l *Log) slow(p99 time.Duration) time.Duration {
	times := l.Slow
	if times == 0 {
		times = 2
	}
	return time.Duration(max(0, times) * float64(p99))
}

// hang counts one more group of a name that has run for Stuck, or one less, and
// returns how many do.
func (l *Log) hang(name string, more int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.long[name] + more
	if n == 0 {
		delete(l.long, name)
		return 0
	}
	if l.long == nil {
		l.long = make(map[string]int)
	}
	l.long[name] = n
	return n
}

// watched is a running group that a Log may have to tell of.
type watched struct {
	log    *Log
	stats  *Stats
	group  *root
	name   string
	number uint64

	timers sync.WaitGroup // functions of timers that run, or may
	long   bool           // it is counted as one that has run for Stuck; theirs, and then of the end
	told   bool           // while it was alone; theirs
	mu     sync.Mutex     // guards what follows
	timer  *time.Timer
	after  time.Duration // of the timer, since the group's start
	over   bool          // the group has ended
}

func (l *Log) watch(s *Stats, group *root) *watched {
	w := &watched{log: l, stats: s, group: group, name: group.name(), after: l.Stuck}
	if w.after == 0 {
		w.after = 30 * time.Second
	}
	return w
}

// begin begins the watch of the run of that number.
func (w *watched) begin(number uint64) {
	w.number = number
	if w.after > 0 {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.armLocked(w.after)
	}
}

func (w *watched) armLocked(d time.Duration) {
	w.timers.Add(1)
	w.timer = time.AfterFunc(d, w.stuck)
}

// stuck tells that the group is stuck, if so, and looks again when it has taken twice as
// long, or is to be told of by the p99 of its name.
func (w *watched) stuck() {
	defer w.timers.Done()
	var due time.Duration
	defer func() {
		if recover() != nil {
			return // of the logger: no more of this group
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.over {
			next := 2 * w.after
			if due > w.after {
				next = min(next, due)
			}
			w.armLocked(next - w.after)
			w.after = next
		}
	}()
	w.mu.Lock()
	over, after := w.over, w.after
	w.mu.Unlock()
	if over {
		return
	}
	now := time.Now()
	var alone, is bool
	if is, alone, due = w.hangs(after, now); !is || alone && w.told {
		return
	}
	if may, left := w.log.may(w.name, groupStuck, now); may {
		w.told = w.told || alone
		if run := w.group.run(); !run.Ended {
			run.Number = w.number
			w.log.write(groupStuck, run, 0, left)
		}
	}
}

// hangs tells whether a group that has run for so long is stuck, whether nothing but its
// own age says so, and when it is by the p99 of its name. The rule is that of [Stats.Stuck].
func (w *watched) hangs(after time.Duration, now time.Time) (is, alone bool, due time.Duration) {
	more := 0
	if !w.long {
		w.long, more = true, 1
	}
	hang := w.log.hang(w.name, more)
	p99 := w.log.usual(w.stats, w.name, now).stuck
	due = max(stuckTimes*p99, w.log.slow(p99))
	return after >= due, due == 0 && hang == 1, due
}

// end ends the watch, after a line that is being written, and tells of a group that
// has failed or was slow.
func (w *watched) end() {
	w.mu.Lock()
	w.over = true
	if w.timer != nil && w.timer.Stop() {
		w.timers.Done()
	}
	w.mu.Unlock()
	w.timers.Wait()

	l, e, now := w.log, w.group.own, time.Now()
	if w.long {
		l.hang(w.name, -1)
	}
	took, p99 := e.Ended-e.Declared, l.usual(w.stats, w.name, now).slow
	reason := ""
	switch slow := l.slow(p99); {
	case bad(asap.Outcome(e.Outcome)):
		reason = groupFailed
	case isLate(asap.Outcome(e.Outcome), e.Err()):
		reason = groupLate
	case slow > 0 && took > slow:
		reason = groupSlow
	default:
		return
	}
	if may, left := l.may(w.name, reason, now); may {
		run := w.group.run()
		run.Number = w.number
		l.write(reason, run, p99, left)
	}
}

// write writes a line about a run.
func (l *Log) write(reason string, run *Run, p99 time.Duration, left int) {
	logger := l.Logger
	if logger == nil {
		logger = slog.Default()
	}
	level := slog.LevelWarn
	if reason == groupFailed {
		level = slog.LevelError
	}
	ctx := context.Background()
	if !logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.String("group", frame(run.Name)), slog.Uint64("run", run.Number)}
	if run.TraceID != "" {
		attrs = append(attrs, slog.String("trace_id", run.TraceID))
	}
	attrs = append(attrs, slog.Duration("duration", run.Makespan))
	if p99 > 0 {
		attrs = append(attrs, slog.Duration("p99", p99))
	}
	if len(run.Groups) > 0 && run.Groups[0].Err != "" {
		if whose := run.whose(); whose != "" {
			attrs = append(attrs, slog.String("task", whose))
		}
		first, _, _ := strings.Cut(run.Groups[0].Err, "\n") // a panic has its stack below
		attrs = append(attrs, slog.String("error", brief(first, longestError)))
	}
	if run.Ended {
		attrs = append(attrs, slog.String("critical", run.shortPath()))
	} else {
		e := explainer{index: run.index()}
		e.stuck()
		attrs = append(attrs, slog.String("waits", short(strings.Join(e.out, "; "), longestError)))
	}
	if left > 0 {
		attrs = append(attrs, slog.Int("left_out", left))
	}
	logger.LogAttrs(ctx, level, reason, attrs...)
}

// whose is the path of the task that the run failed for, the innermost one if that
// is a failure of a nested group; of a group that settles, of the first that failed.
func (r *Run) whose() string {
	x, path := r.index(), ""
	for g := 0; g >= 0; {
		first := x.firstFailure(g)
		if first < 0 {
			first = x.firstBad(g)
		}
		if first < 0 {
			break
		}
		path = frame(x.path(first))
		id := r.Tasks[first].ID
		g = slices.IndexFunc(r.Groups, func(g Group) bool { return g.Parent == id && bad(g.Outcome) })
	}
	return path
}

// firstBad is the first task of group g that failed, but for functions of a Race
// that had another winner.
func (x *index) firstBad(g int) int {
	first := -1
	for _, i := range x.members[g] {
		t := &x.run.Tasks[i]
		if p := x.parent(i); !bad(t.Outcome) || p >= 0 && x.race(p) && !bad(x.run.Tasks[p].Outcome) {
			continue
		}
		if first < 0 || t.End() < x.run.Tasks[first].End() {
			first = i
		}
	}
	return first
}

// longestError is how many columns of an error a line has.
const longestError = 500

// shortPath is the critical path in a few words: the steps that make up a
// twentieth of the run or more, at most six.
func (r *Run) shortPath() string {
	steps := r.CriticalPath()
	var parts []string
	for _, s := range steps {
		if s.Len() < r.Makespan/20 {
			continue
		}
		name := frame(s.Name)
		switch s.State {
		case Outside:
			name = caller
		case Queued:
			name += " queued"
		case Blocked:
			name += " waiting"
		}
		parts = append(parts, cmp.Or(name, "(no name)")+" "+duration(s.Len()))
	}
	if len(parts) > 6 {
		parts = append(append(parts[:3:3], "…"), parts[len(parts)-2:]...)
	}
	return strings.Join(parts, " → ")
}
