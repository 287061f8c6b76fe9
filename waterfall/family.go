package waterfall

import (
	"math"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/asap-go/asap"
)

const (
	maxNames   = 256 // groups that a Stats tells apart
	maxMembers = 512 // tasks of one group
)

// family is what the runs of one name left. Who has the totals' lock may use it.
type family struct {
	name    string
	used    uint64 // when a run was added last, counted in runs
	members []member
	index   map[memberKey]int32
	lost    int // tasks beyond maxMembers
	levels  [len(levels)][]*sums
	past    sums
	pauses  pauses  // between the ends of runs
	latest  []*kept // the latest first
	runs    map[uint64]*kept
	bytes   int // about what all this takes
	kept    int // bytes of those runs among them

	touched []int32 // by the run that is being added
}

// memberKey finds a member by the one around it, -1 if none, and its own name,
// which is empty for the elements of a Map.
type memberKey struct {
	around int32
	name   string
}

// member is a task in all runs of the name; the elements of a Map are one.
type member struct {
	path      string
	lastErr   lastErr
	run       tally // of the run that is being added
	outermost bool  // it is in no other one
}

type lastErr struct {
	text      string
	at        time.Time
	number    uint64
	tolerated bool
}

// tally is what a member did in one run.
type tally struct {
	touched, ran, critical bool
	onPath                 time.Duration
}

const memberBytes = int(unsafe.Sizeof(member{})) + int(unsafe.Sizeof(memberKey{})) + 32 // with its place in the map

func newFamily(name string) *family {
	return &family{
		name: strings.Clone(name), index: make(map[memberKey]int32), runs: make(map[uint64]*kept),
		bytes: int(unsafe.Sizeof(family{})) + len(name) + 256,
	}
}

// member returns the place of a member, or -1 if it is one too many.
func (f *family) member(around int32, name string) int32 {
	if m, ok := f.index[memberKey{around, name}]; ok {
		return m
	}
	if len(f.members) >= maxMembers {
		return -1
	}
	name = strings.Clone(name) // it may be part of something large
	path := name
	switch {
	case around >= 0 && name == "":
		path = f.members[around].path + "[]"
	case around >= 0:
		path = f.members[around].path + "/" + name
	}
	m := int32(len(f.members))
	before := cap(f.members)
	f.members = append(f.members, member{path: path, outermost: around < 0})
	f.index[memberKey{around, name}] = m
	f.bytes += (cap(f.members)-before)*memberBytes + len(name) + len(path)
	return m
}

// now returns the stretch of the newest level at the unit now, and lets those
// that have become too old go to the level below, at most so many of them.
func (f *family) now(now int64, most int) *sums {
	f.age(now, most)
	return f.stretch(0, now)
}

// stretch returns the sums of a stretch, made if need be.
func (f *family) stretch(l int, at int64) *sums {
	if l == len(levels) {
		return &f.past
	}
	list := &f.levels[l]
	i, found := slices.BinarySearchFunc(*list, at, func(s *sums, at int64) int { return int(s.at - at) })
	if !found {
		*list = slices.Insert(*list, i, &sums{at: at})
		f.bytes += sumsBytes + 8
	}
	return (*list)[i]
}

// age merges stretches that have become too old into those of the next level.
func (f *family) age(now int64, most int) {
	for l, level := range levels {
		for ; most > 0 && len(f.levels[l]) > 0; most-- {
			old := f.levels[l][0]
			if old.at >= now/level.units-level.keep {
				break
			}
			f.levels[l] = slices.Delete(f.levels[l], 0, 1)
			next := int64(0)
			if l+1 < len(levels) {
				next = old.at * level.units / levels[l+1].units
			}
			into := f.stretch(l+1, next)
			into.merge(old, &f.bytes)
			f.mergeKept(&into.kept, &old.kept)
			f.bytes -= old.bytes() + 8
		}
	}
}

// ageAll brings all levels up to date; s counts the bytes.
func (f *family) ageAll(s *Stats, now int64) {
	bytes, kept := f.bytes, f.kept
	f.age(now, math.MaxInt)
	s.bytes += f.bytes - bytes
	s.kept += f.kept - kept
}

// thin gives up kept runs: samples but for one of each power of two, or else all but the
// first of each list, or these as well if there are no others.
func (f *family) thin() {
	before := f.kept
	for most := range 3 {
		if f.kept < before || before == 0 {
			return
		}
		if most > 0 {
			f.cut(&f.latest, 2-most)
		}
		f.thinOf(&f.past.kept, most)
		for l := range f.levels {
			for _, s := range f.levels[l] {
				f.thinOf(&s.kept, most)
			}
		}
	}
}

func (f *family) thinOf(l *keptRuns, step int) {
	if step == 0 {
		last := -1
		l.samples = slices.DeleteFunc(l.samples, func(k *kept) bool {
			again := k.power() == last
			if last = k.power(); again {
				f.drop(k)
			}
			return again
		})
		return
	}
	f.cut(&l.slowest, 2-step)
	f.cut(&l.failed, 2-step)
	f.cut(&l.samples, 2-step)
}

// stretches are those of the levels from one on to another one, the newest first.
func (f *family) stretches(from, to int) []*sums {
	var out []*sums
	for l := from; l < to; l++ {
		if l == len(levels) {
			out = append(out, &f.past)
			continue
		}
		for _, s := range slices.Backward(f.levels[l]) {
			out = append(out, s)
		}
	}
	return out
}

// over adds up stretches.
func over(stretches []*sums) *sums {
	out, meter := new(sums), 0
	for _, s := range stretches {
		out.merge(s, &meter)
	}
	return out
}

// keptOver lists the runs that stretches keep.
func keptOver(stretches []*sums) *keptRuns {
	var out keptRuns
	for _, s := range stretches {
		out.slowest = append(out.slowest, s.kept.slowest...)
		out.failed = append(out.failed, s.kept.failed...)
		out.samples = append(out.samples, s.kept.samples...)
	}
	slices.SortFunc(out.slowest, bySlowest)
	slices.SortFunc(out.failed, byLatest)
	slices.SortFunc(out.samples, byLatest)
	return &out
}

// add adds a run that has ended at the unit now.
func (f *family) add(d *digest, now int64) {
	s := f.now(now, 1)
	f.pauses.add(d.at)
	s.runs++
	if d.Outcome > 0 { // a run from elsewhere may have none
		s.outcomes[d.Outcome]++
	}
	if d.Late {
		s.late++
	}
	s.total += d.Makespan
	f.bytes += s.makespan.add(d.Makespan)
	if d.isPlain {
		f.plain(s, d)
	} else {
		f.tasks(s, d)
		f.critical(d)
	}
	c := s.cell((class(d.Makespan)+classesPerCell-1)/classesPerCell, &f.bytes)
	c.runs++
	c.total += d.Makespan
	c.outside += d.outside
	for _, m := range f.touched {
		t := &f.members[m].run
		if t.ran {
			s.tasks[m].runs++
		}
		if t.critical {
			c.add(m, 1, t.onPath, &f.bytes)
		}
		*t = tally{}
	}
	f.touched = f.touched[:0]
	f.keepRun(s, d)
}

// tasks adds up what the tasks of a run did.
func (f *family) tasks(s *sums, d *digest) {
	run, x := d.run, d.walker.index
	d.members = slices.Grow(d.members[:0], len(run.Tasks))[:len(run.Tasks)]
	for i := range d.members {
		d.members[i] = -1
	}
	for i := range run.Tasks {
		t := &run.Tasks[i]
		m := int32(-1)
		if p := x.parent(i); p < 0 {
			m = f.member(-1, d.name(t))
		} else if around := d.members[p]; around >= 0 && run.Tasks[p].Group == t.Group {
			m = f.member(around, "")
		} else if around >= 0 {
			m = f.member(around, d.name(t))
		}
		if d.members[i] = m; m < 0 {
			f.lost++
			continue
		}
		f.task(s, d, m, t)
	}
}

// plain does both of a plain run.
func (f *family) plain(s *sums, d *digest) {
	d.outside = d.plain.outside
	m := int32(-1)
	for i := range d.plain.tasks {
		t := &d.plain.tasks[i]
		if m = f.memberAfter(m, t.Name); m < 0 {
			f.lost++
			continue
		}
		sum, r := s.task(m, &f.bytes), f.touch(m)
		sum.queued += t.queued()
		if t.Ran {
			r.ran = true
			sum.work += t.Took
			f.bytes += sum.took.add(t.Took)
		}
		if t.Critical > 0 {
			r.critical = true
			r.onPath += t.Critical
		}
	}
}

// memberAfter is the member of a name that is in no other one. Most often it is the next
// after that of the task before.
func (f *family) memberAfter(before int32, name string) int32 {
	if next := int(before) + 1; next < len(f.members) {
		if m := &f.members[next]; m.outermost && m.path == name {
			return before + 1
		}
	}
	return f.member(-1, name)
}

// critical adds up the critical path of a run.
func (f *family) critical(d *digest) {
	for i := range d.steps {
		step := &d.steps[i]
		if step.State == Outside {
			d.outside += step.Len()
		} else if t, ok := d.walker.taskOf(step.Task); ok && d.members[t] >= 0 {
			r := f.touch(d.members[t])
			r.critical = true
			r.onPath += step.Len()
		}
	}
}

func (f *family) touch(m int32) *tally {
	r := &f.members[m].run
	if !r.touched {
		r.touched = true
		f.touched = append(f.touched, m)
	}
	return r
}

func (f *family) task(s *sums, d *digest, m int32, t *Task) {
	sum, r := s.task(m, &f.bytes), f.touch(m)
	var took, queued time.Duration
	ran := false
	for i := range t.Pieces {
		switch p := &t.Pieces[i]; p.State {
		case Running:
			took += p.Len()
			ran = true
		case Queued:
			queued += p.Len()
		}
	}
	sum.queued += queued
	if ran {
		r.ran = true
		sum.work += took
		f.bytes += sum.took.add(took)
	}
	tolerated := t.Outcome == asap.Tolerated || bad(t.Outcome) && d.lost(t)
	switch {
	case tolerated:
		sum.tolerated++
	case bad(t.Outcome):
		sum.failures++
	default:
		return
	}
	last := &f.members[m].lastErr
	text := cutText(t.Err)
	f.bytes += len(text) - len(last.text)
	*last = lastErr{text, d.at, d.Number, tolerated}
}

// keepRun keeps the run, if one of the lists wants it.
func (f *family) keepRun(s *sums, d *digest) {
	isLatest := len(f.latest) < keepLatest || d.at.Sub(f.latest[0].ended) >= latestEvery
	if !d.fits || !isLatest && !s.kept.wants(&d.Kept) {
		return
	}
	k := d.keep()
	if isLatest {
		f.put(&f.latest, k, byLatest)
		f.cut(&f.latest, keepLatest)
	}
	f.keep(&s.kept, k)
}
