package engine

import "context"

// Blocking calls fn, which blocks on something that is no task, while the body of
// ctx holds no slot. Without such a body, or a limit, or anybody who looks, it just
// calls fn.
//
// For slots it is a wait of the body, of the one kind there is, for nothing: nobody
// but its own goroutine ends it, so it is neither opened nor announced nor parked.
// A search for cycles takes a body in it for one that runs, as fn goes on by itself.
func Blocking(ctx context.Context, fn func() error) error {
	by := nodeOf(ctx)
	if by == nil || by.limiter() == nil && by.group.watch == nil {
		return fn()
	}
	w := by.beginBlocking()
	defer w.concludeBlocking() // also of a panic or a Goexit, which go on with the slot
	return fn()
}

// beginBlocking gives the slots back, unless another wait of the body has.
//
//go:noinline
func (n *Node) beginBlocking() *wait {
	w := &wait{by: n}
	w.woken.Add(1)
	n.reportBlocked(nil, nil, nil)
	n.giveSlots(w)
	return w
}

// concludeBlocking returns when the body has its slots again, or goes on without:
// after the end of its group, or its own.
func (w *wait) concludeBlocking() {
	w.goOn()
	w.woken.Wait()
	w.by.reportResumed(nil, nil)
	if f, ok := w.how.(foreignBubble); ok {
		f.raise(w.by)
	}
}
