package waterfall

import (
	"container/heap"
	"slices"
	"time"
)

// bodyLimits are the limits of a body: its own, of its groups and its Map, from the inside
// out, and one that is shared. Bodies with the same have the same pointer; those
// without any have nil.
type bodyLimits struct {
	own    *limiter
	shared *sharing
}

// limiter counts the slots of one limit in a simulation, by the engine's
// rules: a body takes a slot of each level, from its own to the outermost, and
// queues where there is none.
type limiter struct {
	free  int
	up    *limiter
	ranks ranks // of the outermost
	last  place // that got a slot without a queue
	queue placeHeap
	left  int // of queue, without the places that were left for a higher one
}

// sharing counts the slots of a shared limit. Who waits for one waits here, without
// any other slot, until all that it needs are free.
type sharing struct {
	free    int
	ranks   ranks
	waiting []int
}

// ranks are those of all bodies whose places depend on each other.
type ranks struct {
	raised bool // some rank is higher than its group's
}

// place is that of a task in a queue; the task may have another by now.
type place struct {
	task         int
	turn         int // of when it became ready, or its wait ended
	cause        int // the event that made it so
	at           time.Duration
	rank         int
	woken, byEnd bool // goes on after a wait, or was made ready by another's end
}

// before is the order in which slots are given: first to those that go on; then to
// those that start, by rank, and of one rank to those that another's end made ready.
func (a *place) before(b *place) bool {
	switch {
	case a.woken != b.woken:
		return a.woken
	case !a.woken && a.rank != b.rank:
		return a.rank > b.rank
	case !a.woken && a.byEnd != b.byEnd:
		return a.byEnd
	default:
		return a.turn < b.turn
	}
}

// ties tells whether two have become ready in one instant by different causes, of
// which either may come first.
func (a *place) ties(b *place) bool {
	return a.at == b.at && a.cause != b.cause && a.woken == b.woken && (a.woken || a.rank == b.rank && a.byEnd == b.byEnd)
}

type placeHeap []place

func (h placeHeap) Len() int           { return len(h) }
func (h placeHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h placeHeap) Less(i, j int) bool { return h[i].before(&h[j]) }
func (h *placeHeap) Push(x any)        { *h = append(*h, x.(place)) }
func (h *placeHeap) Pop() any {
	p := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return p
}

// contended tells whether anybody waits for a slot of l.
func (l *bodyLimits) contended() bool {
	if l.shared != nil && len(l.shared.waiting) > 0 {
		return true
	}
	for o := l.own; o != nil; o = o.up {
		if o.left > 0 {
			return true
		}
	}
	return false
}

// guard are the ranks that count for bodies with l.
func (l *bodyLimits) guard() *ranks {
	switch {
	case l == nil:
		return nil
	case l.shared != nil:
		return &l.shared.ranks
	}
	top := l.own
	for top.up != nil {
		top = top.up
	}
	return &top.ranks
}

// enter gives task i slots, to start or to go on, or lets it queue.
func (s *sim) enter(i int, woken bool) {
	t, l := &s.tasks[i], s.limit[i]
	if l == nil {
		s.granted(i)
		return
	}
	t.queued = true
	s.turn++
	t.place = place{task: i, turn: s.turn, cause: s.cause, at: s.now, woken: woken, byEnd: t.byEnd}
	if l.shared == nil {
		s.climb(l.own, i)
		return
	}
	if l.shared.free > 0 && s.fits(i, nil) {
		s.grantShared(i)
		return
	}
	t.rank = s.rank(i)
	t.place.rank, t.waitsShared = t.rank, true
	l.shared.waiting = append(l.shared.waiting, i)
}

// fits tells whether the own limits of task i, which waits for a shared one, have a
// slot for it: those inside of end, or all of them with nil.
func (s *sim) fits(i int, end *limiter) bool {
	for l := s.limit[i].own; l != end; l = l.up {
		if l.free == 0 {
			return false
		}
	}
	return true
}

// grantShared gives task i all of its slots, which are free.
func (s *sim) grantShared(i int) {
	l := s.limit[i]
	l.shared.free--
	for o := l.own; o != nil; o = o.up {
		o.free--
	}
	s.granted(i)
}

// climb takes a slot at l and every level above for task i; where there is
// none, the task queues.
func (s *sim) climb(l *limiter, i int) {
	t := &s.tasks[i]
	for ; l != nil; l = l.up {
		if l.free > 0 && l.left == 0 {
			l.free--
			l.last = t.place
			continue
		}
		t.rank = s.rank(i)
		t.place.rank, t.queuedAt = t.rank, l
		if l.last.cause > 0 && l.last.at == s.now && l.last.cause != t.place.cause { // which might have come first
			s.note(ties, i)
		}
		l.left++
		heap.Push(&l.queue, t.place)
		return
	}
	s.granted(i)
}

// release gives back the slots of a body, and grants them to who comes next, the
// innermost first.
func (s *sim) release(l *bodyLimits) {
	if l == nil {
		return
	}
	if l.shared != nil {
		l.shared.free++
	}
	s.releaseTo(l.own, nil)
}

// releaseTo gives back the slots of l and the levels above, up to end. One that
// somebody comes first for who waits for a shared limit as well is kept for him, until
// it is known who gets that.
func (s *sim) releaseTo(l, end *limiter) {
	for o := l; o != end; o = o.up {
		o.free++
		s.handOn(o, true)
	}
	if len(s.sharings) == 0 {
		return
	}
	for _, sh := range s.sharings {
		s.serve(sh)
	}
	for o := l; o != end; o = o.up {
		s.handOn(o, false)
	}
}

// handOn gives the free slots of l to who waits there, or keeps them for who comes
// first and waits for a shared limit.
func (s *sim) handOn(l *limiter, keep bool) {
	for l.free > 0 {
		first := s.first(l)
		if first < 0 {
			return
		}
		if i := s.firstShared(l); keep && i >= 0 && s.tasks[i].place.before(&s.tasks[first].place) {
			return
		}
		l.free--
		s.next(l)
		s.climb(l.up, first)
	}
}

// firstShared is the first of those who wait for a shared limit with a free slot, and
// under l, as far as what is inside of that goes, or -1.
func (s *sim) firstShared(l *limiter) int {
	first := -1
	for _, sh := range s.sharings {
		if sh.free == 0 {
			continue
		}
		for _, i := range sh.waiting {
			if s.limit[i].under(l) && s.fits(i, l) && (first < 0 || s.tasks[i].place.before(&s.tasks[first].place)) {
				first = i
			}
		}
	}
	return first
}

// under tells whether a body with these slots needs one of l.
func (l *bodyLimits) under(of *limiter) bool {
	for o := l.own; o != nil; o = o.up {
		if o == of {
			return true
		}
	}
	return false
}

// serve grants the free slots of a shared limit to the first in order whose own
// limits let them go on.
func (s *sim) serve(sh *sharing) {
	for sh.free > 0 {
		first := -1
		for _, i := range sh.waiting {
			if s.fits(i, nil) && (first < 0 || s.tasks[i].place.before(&s.tasks[first].place)) {
				first = i
			}
		}
		if first < 0 {
			return
		}
		s.leaveShared(first)
		s.grantShared(first)
	}
}

func (s *sim) leaveShared(i int) {
	w := &s.limit[i].shared.waiting
	*w = slices.DeleteFunc(*w, func(k int) bool { return k == i })
	s.tasks[i].waitsShared = false
}

// first is the first in the queue of l, or -1.
func (s *sim) first(l *limiter) int {
	for l.left > 0 && len(l.queue) > 0 { // of a strange run a task may have come twice
		if p := l.queue[0]; s.holdsPlace(l, p) {
			return p.task
		}
		heap.Pop(&l.queue)
	}
	return -1
}

// holdsPlace tells whether p is a place that its task still has.
func (s *sim) holdsPlace(l *limiter, p place) bool {
	t := &s.tasks[p.task]
	return t.queuedAt == l && t.place == p
}

// next takes the first out of the queue of l.
func (s *sim) next(l *limiter) {
	i := s.first(l)
	p := heap.Pop(&l.queue).(place)
	s.tasks[i].queuedAt = nil
	if l.left--; s.first(l) >= 0 && l.queue[0].ties(&p) {
		s.note(ties, i)
	}
}

// dequeue takes tasks out of the queues that they are in, all of them before one gives
// back the slots that it has got already.
func (s *sim) dequeue(tasks ...int) {
	at := make([]*limiter, len(tasks))
	for k, i := range tasks {
		t := &s.tasks[i]
		if t.waitsShared {
			s.leaveShared(i)
		} else if at[k] = t.queuedAt; at[k] != nil {
			t.queuedAt = nil
			at[k].left--
		}
	}
	for k, i := range tasks {
		if at[k] != nil {
			s.releaseTo(s.limit[i].own, at[k])
		}
	}
}

// inQueue tells whether task i waits for a slot.
func (s *sim) inQueue(i int) bool { return s.tasks[i].queuedAt != nil || s.tasks[i].waitsShared }

// limiters finds the slots of every task: of its Map, of its group, and of what is
// around them.
func (m *model) limiters(outermost int) []*bodyLimits {
	f := finder{m: m, outermost: outermost, groups: make(map[int]*bodyLimits), tasks: make(map[int]*bodyLimits)}
	for _, sh := range m.run.Shared {
		f.sharings = append(f.sharings, &sharing{free: sh.Limit})
	}
	out := make([]*bodyLimits, len(m.tasks))
	for t := range out {
		if !m.unbegun(t) || m.run.Tasks[t].Within > 0 {
			out[t] = f.ofTask(t)
		}
	}
	return out
}

// finder finds slots; one pointer stands for the same.
type finder struct {
	m         *model
	outermost int
	groups    map[int]*bodyLimits
	tasks     map[int]*bodyLimits // with something of their own
	sharings  []*sharing
}

func (f *finder) ofGroup(g int) *bodyLimits {
	if l, ok := f.groups[g]; ok {
		return l
	}
	var l *bodyLimits
	if owner, ok := f.m.task[f.m.run.Groups[g].Parent]; ok {
		l = f.ofTask(owner)
	}
	n := f.m.run.Groups[g].Limit
	if g == 0 {
		n = f.outermost
	}
	l = f.with(l, n, f.m.run.Groups[g].Shared)
	f.groups[g] = l
	return l
}

func (f *finder) ofTask(t int) *bodyLimits {
	if p := f.m.wholeOf(t); p != t {
		t = p // what is said of a Map is said of its elements
	}
	if l, ok := f.tasks[t]; ok {
		return l
	}
	l := f.with(f.ofGroup(f.m.groupAt(t)), f.m.run.Tasks[t].Limit, f.m.run.Tasks[t].Shared)
	f.tasks[t] = l
	return l
}

// with adds a limit of n inside of l, and a shared one instead of that of l.
func (f *finder) with(l *bodyLimits, n, shared int) *bodyLimits {
	if n == 0 && (shared == 0 || shared > len(f.sharings)) {
		return l
	}
	var made bodyLimits
	if l != nil {
		made = *l
	}
	if n > 0 {
		made.own = &limiter{free: n, up: made.own}
	}
	if shared > 0 && shared <= len(f.sharings) {
		made.shared = f.sharings[shared-1]
	}
	return &made
}
