package engine

import (
	"bytes"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"
)

// bubble is the number of the bubble of testing/synctest that a goroutine is in, 0
// for none.
type bubble int64

// currentBubble returns that of the caller. There is no call for it, and what objects
// of a bubble do to a goroutine outside of it ends the process; but the first line of
// a goroutine's stack says it. That is asked only when the clock says that it may be
// one: the clock of a bubble begins in the year 2000. A test that goes on for more than
// 20 years of its own is taken for none.
func currentBubble() bubble {
	if time.Now().Unix() >= 1577836800 { // 2020
		return 0
	}
	var line [128]byte
	_, rest, ok := bytes.Cut(line[:runtime.Stack(line[:], false)], []byte("synctest bubble "))
	if !ok {
		return 0
	}
	end := bytes.IndexAny(rest, ",]")
	if end < 0 {
		return 0
	}
	n, _ := strconv.ParseInt(string(rest[:end]), 10, 64)
	return bubble(n)
}

// mayWaitLocked reports whether a body of b can be woken by those who hold slots, and
// whether those who wait can be woken by it: keeps 36.
func (s *Shared) mayWaitLocked(b bubble) bool {
	if len(s.places) > 0 && s.bubble != b {
		return false
	}
	return len(s.held) == 0 || len(s.held) == 1 && s.held[b] > 0
}

// foreignBubble is how a wait ends whose body would have to wait for slots that bodies
// of another bubble hold.
type foreignBubble struct{}

func (foreignBubble) Error() string {
	return "a SharedLimit of which bodies of another synctest bubble hold the slots; make it with SharedLimit in the bubble"
}

// raise panics in the body of n.
func (f foreignBubble) raise(n *Node) {
	panic("asap: task " + n.label() + " would wait for " + f.Error())
}

// panicInstead settles n, whose body is to wait for another bubble's, as one whose
// body has panicked. The caller owns it and has no slots for it.
func (g *Group) panicInstead(n *Node) {
	if !n.skipDue() {
		g.skip(n)
		return
	}
	v := g.host.Panicked(n, "asap: task "+n.label()+" would wait for "+foreignBubble{}.Error(), debug.Stack())
	s := settling{g: g, cancel: v.Cancel}
	s.settle(n, v.Fail)
	s.complete()
}
