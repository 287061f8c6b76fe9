package engine

// lane is who is to start of one rank and class, by turns: in a queue, and in a
// heap those that were raised to this rank while they waited.
type lane struct {
	queue  fifo
	raised turns
}

// pop takes the entry with the first turn.
func (l *lane) pop() (e entry, ok bool) {
	if len(l.raised) == 0 {
		return l.queue.pop()
	}
	if e, ok := l.queue.peek(); ok && int32(e.turn-l.raised[0].turn) < 0 {
		return l.queue.pop()
	}
	return l.raised.pop(), true
}

func (l *lane) keep(valid func(entry) bool) {
	l.queue.keep(valid)
	old := l.raised
	l.raised = nil
	for _, e := range old {
		if valid(e) {
			l.raised.push(e)
		}
	}
}

// turns is a heap of entries, that with the first turn on top.
type turns []entry

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

// fifo is a queue of entries, in chunks.
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
		c := new(chunk)
		if f.last == nil {
			f.first, f.from = c, 0
		} else {
			f.last.next = c
		}
		f.last, f.to = c, 0
	}
	f.last.entries[f.to] = e
	f.to++
}

func (f *fifo) pop() (e entry, ok bool) {
	e, ok = f.peek()
	if !ok {
		return e, false
	}
	f.first.entries[f.from] = entry{}
	f.from++
	switch {
	case f.first == f.last && f.from == f.to:
		f.from, f.to = 0, 0 // the one chunk stays
	case f.from == len(f.first.entries):
		f.first, f.from = f.first.next, 0
	}
	return e, true
}

func (f *fifo) peek() (e entry, ok bool) {
	if f.first == nil || f.first == f.last && f.from == f.to {
		return e, false
	}
	return f.first.entries[f.from], true
}

// keep throws out what is not to be kept.
func (f *fifo) keep(valid func(entry) bool) {
	old := *f
	*f = fifo{}
	for e, ok := old.pop(); ok; e, ok = old.pop() {
		if valid(e) {
			f.push(e)
		}
	}
}
