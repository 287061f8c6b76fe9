package engine

import (
	"container/heap"
	"sync"
	"sync/atomic"
	"time"
)

// A node that has to begin Within a time of the making of its group fails at that
// instant if its body has not begun before it. What it waits for then is left: it is
// killed while it is pending, taken out of a queue for slots, or refused by the
// worker that would begin it. Those that are late are judged one after the other, in
// order, by whoever finds that some are and nobody is at it; who has one in hand waits
// for that: keeps 31.

// due is when the node must have begun.
type due struct {
	n       *Node
	at      time.Time
	place   int            // in the heap of the group, -1 if it is not in there; under the group's mu
	late    atomic.Bool    // it never begins: set under the group's mu, before it is taken out of anything
	expires bool           // by the timer's call; not what was late when it was added, which its adder has in hand
	judged  sync.WaitGroup // until the verdict is there, once it is late
	known   bool           // it is; under the group's mu
	left    bool           // by who had it in hand, to who judges; likewise
	verdict Verdict
	failed  bool // there is one: else the group had ended before
}

// dues is what of a group has not begun and has to. One timer, so that those of one
// instant come in order. Under the group's mu.
type dues struct {
	heap  dueHeap
	timer *time.Timer
	armed bool           // firing counts a call that the timer has not made
	next  time.Time      // for which it is armed
	calls sync.WaitGroup // of fire, from the arming on
	busy  bool           // somebody judges
	late  []*due         // to be taken out of whatever they are in, by fireDues

	arrivals *Arrival // for which nodes wait that have no body: see arrival.go
}

type dueHeap []*due

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	if !a.at.Equal(b.at) {
		return a.at.Before(b.at)
	}
	if a.n.order != b.n.order {
		return a.n.before(b.n)
	}
	return a.n.index() < b.n.index()
}
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}
func (h *dueHeap) Push(x any) {
	d := x.(*due)
	d.place = len(*h)
	*h = append(*h, d)
}
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	d := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	d.place = -1
	return d
}

// index is the place of a part in its Race or Map.
func (n *Node) index() int {
	if n.kind&part == 0 {
		return -1
	}
	_, i := n.body.(PartOf).Whole()
	return i
}

// dueAt is the instant for what has to begin within d.
func (g *Group) dueAt(d time.Duration) time.Time {
	now := time.Now()
	return now.Add(d - time.Duration(now.UnixNano()-g.made))
}

// within is how long after the making of the group the instant is, in nanoseconds of the
// wall clock, and never 0. If it is long, it is in whole milliseconds, for who reads it in
// an error. It may have passed before the group was made.
func (g *Group) within(n *Node, instant time.Duration) (d time.Duration, passed bool) {
	if g.elsewhere {
		panic("asap: task " + n.label() + " has a part of a request's time on an engine elsewhere; give it asap.Within, which does not depend on a request")
	}
	d = instant - time.Duration(g.made)
	if d > 10*time.Millisecond {
		d = d.Truncate(time.Millisecond)
	}
	return max(d, 1), d <= 0
}

// addDue adds n, which nobody else knows or can start yet, to what has to begin within
// d, and returns false if it is late already.
func (g *Group) addDue(n *Node, d time.Duration) bool {
	if n.options().passed {
		d = 0
	}
	x := &due{n: n, at: g.dueAt(d), place: -1}
	x.judged.Add(1)
	n.makeSide().makeRare().due = x
	b := g.makeLedger()
	g.mu.Lock()
	if b.dues == nil {
		b.dues = new(dues)
	}
	x.expires = time.Now().Before(x.at)
	heap.Push(&b.dues.heap, x)
	if x.expires {
		b.dues.arm(g)
		g.mu.Unlock()
		return true
	}
	g.mu.Unlock()
	g.judgeDue()
	x.judged.Wait()
	return false
}

// arm sets the timer to the first that is due. It is called with the group's mu.
func (s *dues) arm(g *Group) {
	if len(s.heap) == 0 || s.armed && !s.heap[0].at.Before(s.next) {
		return
	}
	s.disarm()
	s.armed, s.next = true, s.heap[0].at
	s.calls.Add(1)
	s.timer = time.AfterFunc(time.Until(s.next), g.fireDues)
}

// disarm is called with the group's mu. A call that the timer has begun is counted
// until it has returned.
func (s *dues) disarm() {
	if s.armed && s.timer.Stop() {
		s.calls.Done()
	}
	s.armed = false
}

// fireDues is the timer's call, on a goroutine of its own, which counts as one of the
// group's while it has work to do: as that of a parentWatch does.
func (g *Group) fireDues() {
	s := g.ledger.Load().dues
	g.alive.Add(1)
	if !g.isSealed() {
		g.judgeDue()
		for _, x := range g.takeLate() {
			x.n.expire()
		}
	}
	last := g.countOff()
	s.calls.Done()
	if last {
		g.finish()
	}
}

// judgeDue judges what is late, in order, unless somebody is at it, who then goes on
// with what the caller has found. No lock is held while it judges. Keeps 31.
func (g *Group) judgeDue() {
	for x := g.takeDue(true); x != nil; x = g.takeDue(false) {
		if !g.noticeEnd() {
			x.verdict, x.failed = g.host.Returned(x.n, g.host.OutOfTime("within", x.n.options().within)), true
		}
		g.mu.Lock()
		x.known = true
		left := x.left
		g.mu.Unlock()
		x.judged.Done()
		if left {
			g.skip(x.n)
		}
	}
}

// leaveToJudge leaves the end of n, which is late, to who judges it, if there is no
// verdict yet. Who skips it may be that one, who has found that the parent has ended and
// ends the group: to wait would be for ever.
func (n *Node) leaveToJudge() bool {
	x := n.due()
	n.group.mu.Lock()
	defer n.group.mu.Unlock()
	x.left = !x.known
	return x.left
}

// takeDue takes the first that is late, nil if none is, or if another judges: the
// first time it is asked by somebody it makes that one the judge.
func (g *Group) takeDue(first bool) *due {
	s := g.ledger.Load().dues
	g.mu.Lock()
	defer g.mu.Unlock()
	if first && s.busy {
		return nil
	}
	s.busy = len(s.heap) > 0 && !time.Now().Before(s.heap[0].at)
	if !s.busy {
		return nil
	}
	x := heap.Pop(&s.heap).(*due)
	x.late.Store(true)
	if x.expires {
		s.late = append(s.late, x)
	}
	return x
}

// takeLate takes what is to be expired, and sets the timer for what is not late, or not
// taken by who judges: so nothing is missed.
func (g *Group) takeLate() []*due {
	s := g.ledger.Load().dues
	g.mu.Lock()
	defer g.mu.Unlock()
	list := s.late
	s.late, s.armed = nil, false
	s.arm(g)
	return list
}

// endDues returns when the timer is stopped and its calls are over. Only finish
// calls it: nothing is declared any more.
func (g *Group) endDues() {
	b := g.ledger.Load()
	if b == nil || b.dues == nil {
		return
	}
	g.mu.Lock()
	b.dues.disarm()
	g.mu.Unlock()
	b.dues.calls.Wait()
}

// due returns when n must have begun, nil if it may begin whenever it can.
func (n *Node) due() *due {
	if n.kind&Opted == 0 {
		return nil
	}
	if r := n.rare(); r != nil {
		return r.due
	}
	return nil
}

// isLate reports whether n never begins, since it has not begun within its time.
func (n *Node) isLate() bool {
	x := n.due()
	return x != nil && x.late.Load()
}

// beginDue reports whether n, which could begin now, may: not at the instant or later.
// Its owner calls it, once, and settles it with the verdict if it may not.
func (n *Node) beginDue() bool {
	x := n.due()
	if x == nil {
		return true
	}
	g := n.group
	g.mu.Lock()
	begins := !x.late.Load() && time.Now().Before(x.at)
	if begins {
		x.leaveLocked()
	}
	g.mu.Unlock()
	if !begins {
		g.judgeDue()
		x.judged.Wait()
	}
	return begins
}

// skipDue reports whether n, which is to be settled before it has begun, is not late, and
// then it never is. Else its end is the verdict, whatever it was to be: somebody may have
// recorded that already, and counts on n for what comes of it. Who settles n calls it,
// with no lock held. Keeps 31.
func (n *Node) skipDue() bool {
	x := n.due()
	if x == nil {
		return true
	}
	n.group.mu.Lock()
	defer n.group.mu.Unlock()
	if x.late.Load() {
		return false
	}
	x.leaveLocked()
	return true
}

// leaveLocked is called with the group's mu.
func (x *due) leaveLocked() {
	if x.place >= 0 {
		heap.Remove(&x.n.group.ledger.Load().dues.heap, x.place)
	}
}

// expire settles n, which is late, unless a worker has it, which does that itself: a
// queue at a limit is left under the mutex of that, and who queues n later sees late
// there. No lock is held.
func (n *Node) expire() {
	if n.killPending() {
		n.group.skip(n)
	} else {
		n.group.skipQueued(n)
	}
}

// killPending is kill for a node that may be ready by now, whose pending is another's.
func (n *Node) killPending() bool {
	for {
		p := atomic.LoadUint32(&n.pending)
		if p == 0 || p&dead != 0 {
			return false
		}
		if atomic.CompareAndSwapUint32(&n.pending, p, p|dead) {
			return p&holdMask == 0
		}
	}
}

// lateVerdict is that of n, which is late. It waits for who judges; no lock is held.
// It is a skip if the group had ended before.
func (n *Node) lateVerdict() Verdict {
	x := n.due()
	x.judged.Wait()
	if !x.failed {
		return Verdict{Fail: n.group.host.Skipped(n, nil)}
	}
	return x.verdict
}
