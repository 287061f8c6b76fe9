package engine

// lane is who waits for a slot with the same right, by turns: in a queue, and in a
// heap those that came out of turn, as they were raised, or have waited at an inner
// limit first.
type lane struct {
	fifo fifo
	last uint32 // turn in it
	late turns
}

// push takes an entry in its turn, which is most often after all others.
func (l *lane) push(e entry) {
	if int32(e.turn-l.last) > 0 || l.fifo.isEmpty() {
		l.last = e.turn
		l.fifo.push(e)
	} else {
		l.late.push(e)
	}
}

func (l *lane) isEmpty() bool { return l.fifo.isEmpty() && len(l.late) == 0 }

// pop takes the entry with the first turn, of a lane that is not empty.
func (l *lane) pop() entry {
	if len(l.late) == 0 || !l.fifo.isEmpty() && int32(l.fifo.peek().turn-l.late[0].turn) < 0 {
		return l.fifo.pop()
	}
	return l.late.pop()
}

// keep throws out what is not valid. The order stays.
func (l *lane) keep(valid func(entry) bool) {
	l.fifo.keep(valid)
	old := l.late
	l.late = nil
	for _, e := range old {
		if valid(e) {
			l.late.push(e)
		}
	}
}

// turns is a heap of entries, that with the first turn on top. Turns are compared by
// difference, as they count past 2³². By hand and not container/heap, which wants
// an allocation for each entry.
type turns []entry

// push is apart as fifo.grow is.
//
//go:noinline
func (t *turns) push(e entry) {
	h := append(*t, e)
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if int32(h[i].turn-h[up].turn) >= 0 {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
	*t = h
}

func (t *turns) pop() entry {
	h := *t
	e, last := h[0], len(h)-1
	h[0], h[last] = h[last], entry{}
	h = h[:last]
	for i := 0; ; {
		down := 2*i + 1
		if down >= last {
			break
		}
		if down+1 < last && int32(h[down+1].turn-h[down].turn) < 0 {
			down++
		}
		if int32(h[down].turn-h[i].turn) >= 0 {
			break
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
	*t = h
	return e
}

// fifo is a queue of entries, in chunks: a slice that is cut in front would be
// copied whenever it grows, under the mutex.
type fifo struct {
	first, last *chunk
	from, to    int // in first and in last
}

type chunk struct {
	entries [63]entry
	next    *chunk
}

func (f *fifo) push(e entry) {
	if f.last == nil || f.to == len(f.last.entries) {
		f.grow()
	}
	f.last.entries[f.to] = e
	f.to++
}

// grow is apart for the frame of push, in which bodies raise what they wait for.
//
//go:noinline
func (f *fifo) grow() {
	c := new(chunk)
	if f.last == nil {
		f.first, f.from = c, 0
	} else {
		f.last.next = c
	}
	f.last, f.to = c, 0
}

// pop takes the first entry, of a fifo that is not empty.
func (f *fifo) pop() entry {
	at := &f.first.entries[f.from]
	e := *at
	*at = entry{}
	f.from++
	switch {
	case f.first == f.last && f.from == f.to:
		f.from, f.to = 0, 0 // the one chunk stays
	case f.from == len(f.first.entries):
		f.first, f.from = f.first.next, 0
	}
	return e
}

func (f *fifo) isEmpty() bool { return f.first == nil || f.first == f.last && f.from == f.to }

// peek returns the first entry and leaves it there, of a fifo that is not empty.
func (f *fifo) peek() entry { return f.first.entries[f.from] }

// keep throws out what is not valid.
func (f *fifo) keep(valid func(entry) bool) {
	old := *f
	*f = fifo{}
	for !old.isEmpty() {
		if e := old.pop(); valid(e) {
			f.push(e)
		}
	}
}
