package waterfall

import (
	"cmp"
	"math/bits"
	"slices"
	"time"
	"unsafe"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/look"
)

// Kept tells of a run that a [Stats] has kept; [Stats.Run] returns it whole.
type Kept struct {
	Number   uint64        `json:"number,omitzero"`
	Began    time.Time     `json:"began,omitzero"`
	Makespan time.Duration `json:"makespan,omitzero"`
	Outcome  asap.Outcome  `json:"outcome,omitzero"`
	Err      string        `json:"err,omitzero"`  // what Wait returned, without the tail of a long text
	Late     bool          `json:"late,omitzero"` // canceled, as its deadline had passed
	Tasks    int           `json:"tasks,omitzero"`
}

const (
	keepSlowest = 5                     // of each stretch of time
	keepFailed  = 5                     // of each stretch of time, rather of different errors
	keepLatest  = 5                     // of each name
	latestEvery = 50 * time.Millisecond // of the latest runs, one is kept
	maxErrText  = 200                   // bytes of an error's text in a Kept, and of a task's last one
)

// kept is a run that is kept, in some lists of its family.
type kept struct {
	Kept
	ended    time.Time
	run      *Run
	numbered bool // the names of its tasks are unique
	bytes    int
	lists    int // that it is in
	class    int // its sampleClass
}

// keptRuns are runs of one stretch of time.
type keptRuns struct {
	slowest []*kept // the slowest first
	failed  []*kept // the latest first
	samples []*kept // one of each quarter of a power of two of its makespan, the longest first
}

func bySlowest(a, b *kept) int {
	return cmp.Or(cmp.Compare(b.Makespan, a.Makespan), cmp.Compare(a.Number, b.Number))
}

func byLatest(a, b *kept) int { return cmp.Compare(b.Number, a.Number) }

func (k *Kept) failed() bool { return bad(k.Outcome) || k.Late }

func (k *Kept) power() int { return bits.Len64(uint64(k.Makespan)) }

// sampleClass is the quarter of a power of two that the makespan is in: of those a stretch
// keeps one run each, so that there are enough of all latencies for a [Stats.Sample].
func (k *Kept) sampleClass() int {
	return (int(class(k.Makespan)) + classesPerSample - 1) / classesPerSample
}

const classesPerSample = classesPerPower / 4

// wants tells whether a run is to be kept for one of the lists: of the many runs
// of a stretch few are, so that keeping costs little.
func (l *keptRuns) wants(k *Kept) bool {
	return l.wantsSlow(k) || l.wantsFailed(k) || l.wantsSample(k)
}

func (l *keptRuns) wantsSlow(k *Kept) bool {
	return len(l.slowest) < keepSlowest || k.Makespan > l.slowest[len(l.slowest)-1].Makespan
}

func (l *keptRuns) wantsFailed(k *Kept) bool {
	return k.failed() && (len(l.failed) < keepFailed || !slices.ContainsFunc(l.failed, k.sameError) && l.sameError() >= 0)
}

// sameError is the place of the oldest failed run whose error another one has too, or -1.
func (l *keptRuns) sameError() int {
	for i := len(l.failed) - 1; i > 0; i-- {
		if slices.ContainsFunc(l.failed[:i], l.failed[i].sameError) {
			return i
		}
	}
	return -1
}

func (k *Kept) sameError(o *kept) bool { return look.SameError(k.Err, o.Err) }

func (l *keptRuns) wantsSample(k *Kept) bool {
	return l.sampleOf(k.sampleClass()) < 0
}

// sampleOf is the place of the sample of a class, or -1.
func (l *keptRuns) sampleOf(class int) int {
	for i, k := range l.samples {
		if k.class == class {
			return i
		}
	}
	return -1
}

// keep takes a run into the lists that want it.
func (f *family) keep(l *keptRuns, k *kept) {
	if l.wantsSlow(&k.Kept) {
		f.put(&l.slowest, k, bySlowest)
		f.cut(&l.slowest, keepSlowest)
	}
	if l.wantsFailed(&k.Kept) {
		f.put(&l.failed, k, byLatest)
		f.cutFailed(l)
	}
	if l.wantsSample(&k.Kept) {
		f.put(&l.samples, k, bySlowest)
	}
}

// mergeKept moves the runs of a list to that of a longer stretch.
func (f *family) mergeKept(l, from *keptRuns) {
	for _, k := range from.slowest {
		if l.wantsSlow(&k.Kept) {
			f.put(&l.slowest, k, bySlowest)
			f.cut(&l.slowest, keepSlowest)
		}
	}
	for _, k := range from.failed {
		f.put(&l.failed, k, byLatest)
	}
	f.cutFailed(l)
	for _, k := range from.samples {
		if i := l.sampleOf(k.class); i >= 0 {
			f.drop(l.samples[i])
			l.samples = slices.Delete(l.samples, i, i+1)
		}
		f.put(&l.samples, k, bySlowest)
	}
	f.dropAll(from)
}

// cutFailed gives up failed runs that are too many: the oldest of those whose
// error others have as well, or else the oldest.
func (f *family) cutFailed(l *keptRuns) {
	for len(l.failed) > keepFailed {
		at := l.sameError()
		if at < 0 {
			at = len(l.failed) - 1
		}
		f.drop(l.failed[at])
		l.failed = slices.Delete(l.failed, at, at+1)
	}
}

func (f *family) put(list *[]*kept, k *kept, order func(a, b *kept) int) {
	at, _ := slices.BinarySearchFunc(*list, k, order)
	before := cap(*list)
	*list = slices.Insert(*list, at, k)
	f.bytes += (cap(*list) - before) * int(unsafe.Sizeof(k))
	if k.lists++; k.lists == 1 {
		f.bytes += k.bytes
		f.kept += k.bytes
		f.runs[k.Number] = k
	}
}

func (f *family) cut(list *[]*kept, most int) {
	for len(*list) > most {
		f.drop((*list)[len(*list)-1])
		*list = slices.Delete(*list, len(*list)-1, len(*list))
	}
}

func (f *family) drop(k *kept) {
	if k.lists--; k.lists == 0 {
		f.bytes -= k.bytes
		f.kept -= k.bytes
		delete(f.runs, k.Number)
	}
}

func (f *family) dropAll(l *keptRuns) {
	for _, list := range []*[]*kept{&l.slowest, &l.failed, &l.samples} {
		f.cut(list, 0)
		f.bytes -= cap(*list) * int(unsafe.Sizeof((*kept)(nil)))
		*list = nil
	}
}

// keptBytes is what a kept run takes beside the run: itself, and a place in a map.
const keptBytes = int(unsafe.Sizeof(kept{})) + 48
