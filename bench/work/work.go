// Package work is what the tasks of a benchmark do: a value computed from the
// values of their dependencies, and on request some time spent.
package work

import (
	"context"
	"errors"
	"math/bits"
	"time"
)

// ErrBody is what the task chosen by [Work.FailAt] returns.
var ErrBody = errors.New("bench: body failed")

// Body says what a body does beside its value. The zero Body does nothing.
type Body struct {
	Spin  time.Duration // busy on the processor
	Sleep time.Duration // not busy
	Done  bool          // looks whether its context has ended, as a body that does I/O would
}

// String is what the table calls it.
func (b Body) String() string {
	s := "empty"
	switch {
	case b.Spin > 0:
		s = b.Spin.String()
	case b.Sleep > 0:
		s = "sleep " + b.Sleep.String()
	}
	if b.Done {
		s += " + Done"
	}
	return s
}

// Work is what the bodies of one run share. Each run needs a new one.
type Work struct {
	busy  bool // anything beside the value
	spins int
	body  Body
	fail  int
	gate  chan struct{}
	hook  func()
}

// New makes the work of one run. If gated, task 0 waits for [Work.Declared].
func New(b Body, gated bool) *Work {
	w := &Work{body: b, fail: -1, busy: gated || b != Body{}}
	if b.Spin > 0 {
		w.spins = spins(b.Spin)
	}
	if gated {
		w.gate = make(chan struct{})
	}
	return w
}

// FailAt makes the body of task i return [ErrBody].
func (w *Work) FailAt(i int) *Work {
	w.fail, w.busy = i, true
	return w
}

// OnDeclared sets what is called when every task exists, before the gate opens.
func (w *Work) OnDeclared(hook func()) { w.hook = hook }

// Declared opens the gate. A contender calls it when every task exists and
// before it waits for them; one that only collects tasks calls it before it
// runs them.
func (w *Work) Declared() {
	if w.hook != nil {
		w.hook()
	}
	if w.gate != nil {
		close(w.gate)
	}
}

// Do is the body of task i without its dependencies, whose values follow by
// [Join], one call each, in order.
func (w *Work) Do(ctx context.Context, i int32) (uint64, error) {
	if w.busy {
		return w.do(ctx, i)
	}
	return leaf(i), nil
}

func (w *Work) do(ctx context.Context, i int32) (uint64, error) {
	if w.gate != nil && i == 0 {
		<-w.gate
	}
	if w.body.Done {
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		default:
		}
	}
	if int(i) == w.fail {
		return 0, ErrBody
	}
	v := leaf(i)
	if w.spins > 0 {
		v += spin(w.spins) // 0, which the compiler does not know
	}
	if w.body.Sleep > 0 {
		time.Sleep(w.body.Sleep)
	}
	return v, nil
}

// Seed is the value that a run's result starts from; the values of the sinks
// follow by [Join], in order.
const Seed = 0x2545f4914f6cdd1d

func leaf(i int32) uint64 { return uint64(i)*0x9e3779b97f4a7c15 + 1 }

// Join folds the value of a dependency into h; the order matters.
func Join(h, v uint64) uint64 {
	return (bits.RotateLeft64(h, 5) ^ v) * 0xff51afd7ed558ccd
}
