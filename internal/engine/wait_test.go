package engine

import (
	"context"
	"errors"
	"testing"
	"time"
)

type fakeHost struct{ Host }

func (fakeHost) CutShort(n *Node, cause error) error { return cause }
func (fakeHost) Cycle([]string) error                { return errors.New("cycle") }
func (fakeHost) Outside(err, cause error) *Ending {
	return &Ending{Why: ByOutside, Err: err, Cause: cause}
}

type fakeBody struct{}

func (fakeBody) Call(context.Context) error { return nil }
func (fakeBody) Dep(int) *Node              { return nil }
func (fakeBody) Drop(bool)                  {}

// asked is a context that says when its Err is asked.
type asked struct {
	context.Context
	err func()
}

func (c *asked) Err() error { c.err(); return c.Context.Err() }

// newBodies makes a group with the given parent and nodes whose bodies run, in
// hands of the test.
func newBodies(parent context.Context, k int) (*Group, []*Node) {
	g := new(Group)
	g.Init(parent, fakeHost{}, nil)
	nodes := make([]*Node, k)
	for i := range nodes {
		nodes[i] = new(Node)
		Init(nodes[i], g, string(rune('a'+i)), fakeBody{}, 0)
		g.enterTask(nodes[i])
	}
	return g, nodes
}

func mustBegin(t *testing.T, by, on *Node) *wait {
	t.Helper()
	w, err := on.begin(by)
	if w == nil {
		t.Fatalf("begin: no wait, error %v", err)
	}
	return w
}

// TestRecordIsTold: who has closed a list tells each edge in it later. Until then
// no other wait may have the record of that edge, also if its own wait was cut
// short meanwhile.
func TestRecordIsTold(t *testing.T) {
	g, nodes := newBodies(t.Context(), 2)
	by, on := nodes[0], nodes[1]
	w := mustBegin(t, by, on)
	g.EndOutside(context.Canceled, context.Canceled)
	list := on.list.Swap(&closed) // on has ended, and has told nobody yet
	w.sleep()
	if err := w.finish(); err != nil {
		t.Errorf("the wait for what is done: %v", err)
	}
	if by.waiter().take() != nil {
		t.Error("another wait may have the record, of which the end is yet to be told")
	}
	for to := (*Node)(nil); list != nil; {
		to, list = list.take()
		to.tell()
	}
}

// TestWaitEndsEarly: a wait can be ended as soon as others see it, before its
// goroutine has begun to sleep.
func TestWaitEndsEarly(t *testing.T) {
	for _, direct := range []bool{true, false} {
		var by *Node
		parent := &asked{t.Context(), func() {
			if by == nil || by.waiter() == nil {
				return
			}
			if w := by.waiter().waits.Load(); w != nil {
				w.end(cycleCut{errors.New("early")})
			}
		}}
		_, nodes := newBodies(parent, 2)
		on := nodes[1]
		mustBegin(t, on, nodes[0])
		by = nodes[0]
		if !direct {
			by.makeWaiter().take()
		}
		w, err := on.begin(by) // closes a cycle; the walk asks the parent
		if w == nil {
			t.Fatalf("begin: no wait, error %v", err)
		}
		woken := make(chan struct{})
		go func() { w.sleep(); close(woken) }()
		select {
		case <-woken:
		case <-time.After(time.Minute):
			t.Fatal("the wait is over and its goroutine sleeps")
		}
		if err := w.finish(); err == nil || err.Error() != "early" {
			t.Errorf("finish: %v, want early", err)
		}
	}
}
