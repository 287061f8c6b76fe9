package waterfall

import "time"

// event is one that is to come, in the order of time, and of an instant in that in which
// they were brought about.
type event struct {
	at   time.Duration
	seq  int
	kind eventKind
	task int
}

type eventKind uint8

const (
	evDeclare eventKind = iota
	evStart             // the lag before a start is over
	evStep              // a run, a lag or a pause is over
	evEnd
	evCut    // a body returns that has seen that its context has ended
	evWithin // its limits of time
	evTimeout
	evLost // its Race is decided
)

type eventHeap []event

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	if h[i].at != h[j].at {
		return h[i].at < h[j].at
	}
	return h[i].seq < h[j].seq
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(x any)   { *h = append(*h, x.(event)) }
func (h *eventHeap) Pop() any {
	e := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return e
}
