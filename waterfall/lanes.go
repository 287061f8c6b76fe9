package waterfall

import (
	"cmp"
	"container/heap"
	"slices"
	"strconv"
	"time"
)

// A task is in a lane from the start of its body to its end, and of others, which
// never ran, from their declaration; the lowest free lane of its place is taken. So
// there are as many lanes as tasks at once. A wait before the body is drawn where
// the lane was free: under a limit there is no room for all who are queued.

// lanes are those of all tasks.
type lanes struct {
	groups []string // by what is alike: the groups that elements of a Map make are one
	words  []string // what the first of each was made with, in brackets
	list   []lane
	of     []berth // by task
}

type lane struct {
	group int
	name  string
}

// berth is a task's time in a lane.
type berth struct {
	lane int
	from time.Duration // nothing else is in the lane from here on
}

// lanes puts the tasks into lanes.
func (x *index) lanes() *lanes {
	l := &lanes{groups: []string{""}, words: []string{x.madeWith(0)}, of: make([]berth, len(x.run.Tasks))}
	type harbor struct {
		group int
		name  string
		words string
		tasks []int
	}
	var harbors []*harbor
	groups, places := map[string]int{"": 0}, make(map[[2]string]*harbor)
	for i := range x.run.Tasks {
		g := x.groupName(i)
		if _, ok := groups[g]; !ok {
			groups[g] = len(l.groups)
			l.groups = append(l.groups, g)
			at, _ := x.groupOf(x.run.Tasks[i].Group)
			l.words = append(l.words, x.madeWith(at))
		}
		name, words := "", ""
		if w := x.whole(i); w >= 0 {
			name = clip(x.alikeName(i), longestTold)
			words = inBrackets(x.limitWords(x.run.Tasks[w].Limit, x.newlyShared(w)))
		}
		h := places[[2]string{g, name}]
		if h == nil {
			h = &harbor{groups[g], name, words, nil}
			places[[2]string{g, name}] = h
			harbors = append(harbors, h)
		}
		h.tasks = append(h.tasks, i)
	}
	slices.SortStableFunc(harbors, func(a, b *harbor) int { return cmp.Compare(a.group, b.group) })
	for _, h := range harbors {
		first := len(l.list)
		x.pack(l, h.tasks)
		for n := first; n < len(l.list); n++ {
			l.list[n] = lane{h.group, cmp.Or(h.name, "lane") + " " + strconv.Itoa(n-first+1) + h.words}
		}
	}
	return l
}

// madeWith is what group g was made with, in brackets.
func (x *index) madeWith(g int) string {
	if g >= len(x.run.Groups) {
		return ""
	}
	return inBrackets(x.groupWords(g))
}

// groupName is the path of a task's group by the names of what is alike around it.
func (x *index) groupName(i int) string {
	name := ""
	for n, p := 0, x.parent(i); p >= 0 && n < 64; n, p = n+1, x.parent(p) {
		if x.run.Tasks[p].Group != x.run.Tasks[i].Group {
			if name != "" {
				name = "/" + name
			}
			name = clip(x.alikeName(p), longestTold/4) + name
		}
		i = p
	}
	return name
}

// inLane is the time that a task is in its lane.
func (x *index) inLane(i int) (from, to time.Duration) {
	t := &x.run.Tasks[i]
	for _, p := range t.Pieces {
		if p.State == Running {
			return p.Start, t.End()
		}
	}
	return t.Start(), t.End()
}

// pack gives the tasks lanes after those that there are.
func (x *index) pack(l *lanes, tasks []int) {
	order := slices.Clone(tasks)
	slices.SortStableFunc(order, func(a, b int) int {
		fa, ta := x.inLane(a)
		fb, tb := x.inLane(b)
		return cmp.Or(cmp.Compare(fa, fb), cmp.Compare(ta, tb))
	})
	var busy, free minHeap
	ends := make(map[int]time.Duration)
	for _, i := range order {
		from, to := x.inLane(i)
		for len(busy) > 0 && busy[0].key <= int64(from) {
			n := heap.Pop(&busy).(keyed)
			heap.Push(&free, keyed{int64(n.lane), n.lane})
		}
		n := len(l.list)
		if len(free) > 0 {
			n = heap.Pop(&free).(keyed).lane
		} else {
			l.list = append(l.list, lane{})
		}
		l.of[i] = berth{n, ends[n]}
		ends[n] = to
		heap.Push(&busy, keyed{int64(to), n})
	}
}

// draws tells whether a piece of task i is in the lane.
func (l *lanes) draws(i int, p Piece) bool {
	return p.Start >= l.of[i].from && (p.Len() > 0 || p.State == Running)
}

// last is an instant within the last slice of task i.
func (l *lanes) last(x *index, i int) (time.Duration, bool) {
	for _, p := range slices.Backward(x.run.Tasks[i].Pieces) {
		if l.draws(i, p) {
			return max(p.Start, p.End-1), true
		}
	}
	return 0, false
}

// next is where task i goes on after its piece k: the start of a slice, or the end
// of the one that k is.
func (l *lanes) next(x *index, i, k int) (time.Duration, bool) {
	pieces := x.run.Tasks[i].Pieces
	if l.draws(i, pieces[k]) {
		return pieces[k].End, true
	}
	for _, p := range pieces[k+1:] {
		if l.draws(i, p) {
			return p.Start, true
		}
	}
	return 0, false
}

type keyed struct {
	key  int64
	lane int
}

type minHeap []keyed

func (h minHeap) Len() int      { return len(h) }
func (h minHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h minHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].key, h[j].key), cmp.Compare(h[i].lane, h[j].lane)) < 0
}
func (h *minHeap) Push(x any) { *h = append(*h, x.(keyed)) }
func (h *minHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
