package watch

import (
	"context"
	"time"

	"github.com/asap-go/asap/internal/record"
)

// The observers that are called for each step. Steps are large: they are made
// here and not in the frames of who reports, which are also on the stack of a
// body that nobody observes.

// step is one of a task, or of the group.
func (w *Group) step(k Kind, of *record.Entry, at time.Duration) Step {
	s := Step{Kind: k, At: at, Group: w.ID(w.number), Name: of.Name, Parent: w.ID(of.Parent())}
	if of != w.entry {
		s.Task = w.ID(of.Number)
		if s.Parent == 0 {
			s.Parent = w.ID(w.entry.Parent())
		}
	}
	return s
}

//go:noinline
func (w *Group) tellStart(of *record.Entry, at time.Duration, ctx context.Context) context.Context {
	return w.tellStep(w.step(Started, of, at), ctx)
}

// tellGroupStart tells the start of the group, which has no entry yet: nobody may want
// one. Its first tellers are those of the group around it.
func (w *Group) tellGroupStart(c *Config, at time.Duration, ctx context.Context) context.Context {
	s := Step{Kind: GroupStart, At: at, Group: w.ID(w.number), Name: c.Name, Parent: w.ID(c.Owner), Limit: c.Limit, Settled: c.Settled}
	outer := 0
	if c.Outer != nil {
		outer = len(c.Outer.tellers)
	}
	ctx = w.startAll(s, ctx)
	w.replace(outer, ctx, s)
	w.emit(s)
	return ctx
}

// tellStep tells of a start, with the context that observers make of it.
func (w *Group) tellStep(s Step, ctx context.Context) context.Context {
	ctx = w.startAll(s, ctx)
	w.emit(s)
	return ctx
}

func (w *Group) startAll(s Step, ctx context.Context) context.Context {
	for i := range w.tellers {
		ctx = w.startOn(&w.tellers[i], ctx, s)
	}
	return ctx
}

// replace asks those that the group was given, the tellers from outer on, who sees it
// in their place. Nobody else knows the group yet.
func (w *Group) replace(outer int, ctx context.Context, s Step) {
	var added []Teller
	gone := 0
	for i := outer; i < len(w.tellers); i++ {
		t := &w.tellers[i]
		if instead, ok := w.insteadOf(t, ctx, s); ok {
			t.Teller = nil
			added = append(added, instead...)
			gone++
		}
	}
	if gone == 0 {
		return
	}
	old := w.tellers
	w.tellers = nil
	if len(old) > gone {
		w.tellers = make([]teller, 0, len(old)-gone+len(added))
	}
	for i := range old {
		if t := &old[i]; t.Teller != nil {
			w.tellers = append(w.tellers, teller{Teller: t.Teller})
			w.tellers[len(w.tellers)-1].dropped.Store(t.dropped.Load())
		}
	}
	for _, t := range added {
		w.add(t)
	}
}

func (w *Group) insteadOf(t *teller, ctx context.Context, s Step) (instead []Teller, ok bool) {
	if t.dropped.Load() {
		return nil, false
	}
	defer w.drop(t, &s)
	return t.Instead(ctx, s)
}

//go:noinline
func (w *Group) tellDeclared(of *record.Entry, at time.Duration) {
	s := w.step(Declared, of, at)
	if f := of.Facts(); f != nil {
		s.Limit = f.Limit
	}
	s.Race = of.State()&record.Race != 0
	if deps := of.Deps(); len(deps) > 0 {
		s.Deps = make([]uint64, len(deps))
		for i, d := range deps {
			s.Deps[i] = w.ID(d)
		}
	}
	w.emit(s)
}

//go:noinline
func (w *Group) tellReady(of *record.Entry, at time.Duration, on uint32) {
	s := w.step(Ready, of, at)
	s.On = w.ID(on)
	w.emit(s)
}

//go:noinline
func (w *Group) tellWait(of *record.Entry, wait record.Wait, ended bool) {
	var s Step
	if ended {
		s = w.step(Resumed, of, wait.Until)
	} else {
		s = w.step(Blocked, of, wait.At)
		s.On = w.join(wait.Run, wait.On)
	}
	w.emit(s)
}

//go:noinline
func (w *Group) tellEnd(k Kind, of *record.Entry, at time.Duration, outcome uint8, err error) {
	s := w.step(k, of, at)
	s.Outcome, s.Err = outcome, err
	w.emit(s)
}

// startOn asks t for the context of a group or body that starts.
func (w *Group) startOn(t *teller, ctx context.Context, s Step) (out context.Context) {
	out = ctx
	if t.dropped.Load() {
		return
	}
	defer w.drop(t, &s)
	if c := t.Start(ctx, s); c != nil {
		out = c
	}
	return
}

func (w *Group) emit(s Step) {
	for i := range w.tellers {
		w.emitTo(&w.tellers[i], s)
	}
}

func (w *Group) emitTo(t *teller, s Step) {
	if t.dropped.Load() {
		return
	}
	defer w.drop(t, &s)
	t.Observe(s)
}

// drop takes an observer that panics out of the rest of the group, and tells
// the others that want to know.
func (w *Group) drop(t *teller, s *Step) {
	if v := recover(); v != nil {
		t.dropped.Store(true)
		w.tellDropped(*s, v)
	}
}

func (w *Group) tellDropped(s Step, v any) {
	for i := range w.tellers {
		if t := &w.tellers[i]; !t.dropped.Load() {
			dropped(t, s, v)
		}
	}
	for _, r := range w.readers {
		dropped(r.teller, s, v)
	}
}

// dropped tells t of another's panic; its own is lost.
func dropped(t Teller, s Step, v any) {
	defer func() { _ = recover() }()
	t.Dropped(s, v)
}
