package asap

import (
	"context"
	"strconv"
	"sync"
	"time"
)

// Race starts all the functions at once and returns a task with the value of
// the first that succeeds; the contexts of the others are canceled then. It
// fails only if all fail, with all their errors in argument order, each under
// the name of the task and the index: mirror[1].
//
// The functions are bodies: each counts for a [Limit], and one that has not
// started when the race is decided never does.
func (g *Group) Race[T any](name string, fns ...func(context.Context) (T, error)) *Task[T] {
	g.check("Race")
	if len(fns) == 0 {
		panic("asap: task " + name + ": Race without functions; pass at least one")
	}
	for _, fn := range fns {
		checkFunc(fn == nil, "Race", name)
	}
	r := &raceTask[T]{entrants: make([]raceEntrant[T], len(fns))}
	r.node.init(g, name, r, inline|race)
	r.node.pending = one // until it is decided
	for i := range r.entrants {
		e := &r.entrants[i]
		e.of, e.index, e.fn = r, i, fns[i]
		e.node.init(g, name+"["+strconv.Itoa(i)+"]", e, entrant)
	}
	if !g.admitted(&r.node) {
		if r.node.done() { // skipped; one that is only drawn keeps its functions
			r.entrants = nil
		}
		return &r.Task
	}
	r.state.left = len(fns)
	for i := range r.entrants {
		r.entrants[i].node.kind |= r.node.order()
	}
	g.live.Add(int64(len(fns)) * liveTask)
	for i := range r.entrants {
		n := &r.entrants[i].node
		if g.remote != nil {
			g.remote.declaredPart(n, &r.node, i)
		}
		if g.watch != nil {
			g.watch.declared(n)
		}
	}
	s := settling{g: g, gated: true}
	if g.watch != nil {
		s.at = g.watch.now()
	}
	for i := range r.entrants {
		s.started(&r.entrants[i].node, nil)
	}
	s.close()
	return &r.Task
}

type raceTask[T any] struct {
	Task[T]
	state    raceState
	entrants []raceEntrant[T]
}

func (r *raceTask[T]) dep(i int) *node {
	if i < len(r.entrants) {
		return &r.entrants[i].node
	}
	return nil
}
func (r *raceTask[T]) call(context.Context) error { return nil }
func (r *raceTask[T]) drop()                      {}
func (r *raceTask[T]) fill(*Call)                 {}

// raceEntrant is one function's body. Its Task keeps the value.
type raceEntrant[T any] struct {
	Task[T]
	noDeps
	of    *raceTask[T]
	index int
	fn    func(context.Context) (T, error)
}

func (e *raceEntrant[T]) call(ctx context.Context) error {
	v, err := e.fn(ctx)
	if err == nil {
		e.value = v
	}
	return err
}
func (e *raceEntrant[T]) drop() {
	var zero T
	e.fn, e.value = nil, zero // the winner's is the Race's by now
}
func (e *raceEntrant[T]) fill(c *Call)     { c.Func, c.Out = e.fn, &e.value }
func (e *raceEntrant[T]) race() *raceState { return &e.of.state }
func (e *raceEntrant[T]) parent() *node    { return &e.of.node }
func (e *raceEntrant[T]) win()             { e.of.value = e.value }

// racer is the body of a function of a Race.
type racer interface {
	race() *raceState
	parent() *node
	win() // makes its value the Race's
}

// raceState is what the functions of a Race share.
type raceState struct {
	mu      sync.Mutex
	left    int // functions that have not ended
	decided bool
	ctx     context.Context // of the functions, made for the first that starts
	cancel  context.CancelFunc
}

func (r *raceState) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.decided
}

// context returns n's context: the group's, but ended by the race as well.
func (r *raceState) context(n *node) context.Context {
	r.mu.Lock()
	made := r.ctx != nil
	r.mu.Unlock()
	if !made {
		ctx, cancel := context.WithCancel(&noTask{n.group})
		r.mu.Lock()
		if r.ctx == nil {
			r.ctx, r.cancel = ctx, cancel
			cancel = nil
		}
		if r.decided {
			cancel = r.cancel
		}
		r.mu.Unlock()
		if cancel != nil {
			cancel()
		}
	}
	return &entrantContext{r.ctx, n}
}

// entrantContext is a Race's context that knows the function it is for.
type entrantContext struct {
	context.Context
	n *node
}

func (c *entrantContext) Value(key any) any {
	if key == (nodeKey{}) {
		return c.n
	}
	return c.Context.Value(key)
}

func (c *entrantContext) String() string { return c.n.String() }

// noTask is the group's context as no task's.
type noTask struct{ g *Group }

func (c *noTask) Deadline() (time.Time, bool) { return c.g.parent.Deadline() }
func (c *noTask) Done() <-chan struct{}       { return c.g.cancelable().ctx.Done() }
func (c *noTask) Err() error                  { return c.g.ctxErr() }
func (c *noTask) Value(key any) any           { return c.g.cancelable().ctx.Value(key) }

// settleRace settles the Race of n, a function of it that has ended, if that
// decides it.
func (s *settling) settleRace(n *node) {
	b := n.body.(racer)
	r, of := b.race(), b.parent()
	r.mu.Lock()
	r.left--
	won := n.failure() == nil && !r.decided
	lost := !won && r.left == 0 && !r.decided
	r.decided = r.decided || won || lost
	open := !r.decided
	cancel := r.cancel
	if !won && !lost {
		cancel = nil
	}
	r.mu.Unlock()
	switch {
	case won:
		b.win()
		s.work.push(of)
	case lost:
		s.loseRace(of)
	case open:
		s.races = append(s.races, of)
	}
	if cancel != nil {
		cancel()
	}
	if won && s.g.remote != nil {
		s.g.remote.lose(of)
	}
	if won && r.waiting() {
		s.g.skipQueued(false, func(m *node) bool {
			return m.kind&entrant != 0 && m.body.(racer).race() == r
		})
	}
}

// cutRaces ends a wait in a Race that closes a cycle now that another function
// has failed. Who begins such a wait later sees for himself that it has ended.
func (s *settling) cutRaces() {
	if !s.g.root.isCrossed() {
		return
	}
	for _, of := range s.races {
		for i := 0; ; i++ {
			n := of.body.dep(i)
			if n == nil || !n.done() && n.cut() {
				break
			}
		}
	}
}

func (r *raceState) waiting() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.left > 0
}

// loseRace settles a Race of which every function has failed.
func (s *settling) loseRace(of *node) {
	var errs []error
	skipped := true
	for i := 0; ; i++ {
		n := of.body.dep(i)
		if n == nil {
			break
		}
		f := n.failure()
		errs = append(errs, f.err)
		skipped = skipped && f.outcome == Skipped
	}
	if skipped {
		of.setFailure(s.g.skip(of, nil))
	} else {
		f, cancel := s.g.judge(of, &raceError{errs})
		of.setFailure(f)
		s.cancel = s.cancel || cancel
	}
	s.work.push(of)
}
