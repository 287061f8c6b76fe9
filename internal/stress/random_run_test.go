package stress_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap"
)

// run carries a graph out on the engine.
type run struct {
	g     *graph
	start time.Time
	real  bool // no bubble: time is not measured, and a sleep is hardly one

	mu      sync.Mutex
	handles []any // by task; nil while not declared
	groups  []*opened
	recs    []record // by script
	inBody  atomic.Int32
	most    atomic.Int32    // bodies at the same time, waits not counted
	raises  []atomic.Int32  // by scope: panics by Wait, Run and Stop
	errs    []error         // by scope: what Wait returned
	waited  []bool          // by scope: Wait returned nil
	ins     []uint64        // by script: what the body got of its dependencies
	after   atomic.Int32    // bodies that ran when Wait of the outermost group returned
	at      []time.Duration // by task: when it was declared
	wg      sync.WaitGroup
	cancel  context.CancelCauseFunc
	ends    []func() // by scope: what opEnd calls
	watcher *watcher
	undos   [][]undoCall // by scope, in order
	hasUndo []bool       // by task
	shared  interface {  // nil if nobody shares
		asap.Option
		asap.TaskOption
	}
}

type opened struct {
	g    *asap.Group
	exit *asap.Exit[uint64]
}

func newRun(g *graph) *run {
	r := &run{
		g:       g,
		handles: make([]any, len(g.tasks)), at: make([]time.Duration, len(g.tasks)),
		groups: make([]*opened, len(g.scopes)), raises: make([]atomic.Int32, len(g.scopes)), errs: make([]error, len(g.scopes)), waited: make([]bool, len(g.scopes)),
		ends: make([]func(), len(g.scopes)), undos: make([][]undoCall, len(g.scopes)), hasUndo: make([]bool, len(g.tasks)),
		recs: make([]record, len(g.scripts)), ins: make([]uint64, len(g.scripts)),
	}
	if g.shared > 0 {
		r.shared = asap.SharedLimit(g.shared)
	}
	return r
}

// do runs everything, in a bubble if the graph is not for real time.
func (r *run) do() {
	r.start = time.Now()
	root, cancel := context.WithCancelCause(context.Background())
	r.cancel = cancel
	defer cancel(nil)
	for _, s := range r.g.outside {
		r.wg.Go(func() {
			defer func() { recover() }() // Stop raises a body's panic; noted
			r.exec(context.Background(), s, 0)
		})
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer func() { recover() }() // noted already
		r.exec(root, r.g.scripts[0], 0)
	}()
	<-ended
	r.wg.Wait()
	if !r.real { // else who was left behind may still be about to return
		r.checkInside()
	}
}

func (r *run) sleep(d time.Duration) {
	if !r.real {
		time.Sleep(d)
		return
	}
	for range d % 4 {
		runtime.Gosched()
	}
}

func (r *run) note(s *script, what string) {
	r.recs[s.id].add(r.now(), what)
}

func (r *run) now() time.Duration {
	if r.real {
		return 0
	}
	return time.Since(r.start)
}

func (r *run) handle(t *task) any {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.handles[t.id]
}

func (r *run) group(sc *scope) *opened {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.groups[sc.id]
}

func (r *run) enter() {
	n := r.inBody.Add(1)
	for {
		m := r.most.Load()
		if n <= m || r.most.CompareAndSwap(m, n) {
			return
		}
	}
}

func (r *run) leave() { r.inBody.Add(-1) }

// body is exec as a task's body.
func (r *run) body(ctx context.Context, s *script, in uint64) (uint64, error) {
	r.enter()
	defer r.leave()
	r.ins[s.id] = in
	return r.exec(ctx, s, mix(in, uint64(s.id)))
}

// exec carries out a script.
func (r *run) exec(ctx context.Context, s *script, acc uint64) (v uint64, err error) {
	r.mu.Lock()
	r.recs[s.id].started++
	r.mu.Unlock()
	r.note(s, "start")
	defer func() { r.note(s, "end") }()
	for i := range s.steps {
		st := &s.steps[i]
		if st.omit {
			continue
		}
		var err error
		switch st.op {
		case opSleep:
			r.sleep(st.d)
		case opNap:
			r.nap(ctx, s, st)
		case opAwait:
			acc, err = r.await(ctx, s, st, acc)
		case opDeclare:
			r.note(s, "declare "+st.task.name()+" "+r.declare(st.task))
		case opOpen:
			g, off := r.open(ctx, st.scope)
			defer off()
			defer r.stop(s, st, g)
		case opWait:
			acc, err = r.wait(s, st, acc)
		case opRun:
			acc, err = r.scoped(ctx, s, st, acc)
		case opFork:
			joined := make(chan struct{})
			go func() {
				defer close(joined)
				defer func() { recover() }() // of a nested group, and noted
				r.exec(ctx, st.script, 0)
			}()
			defer func() {
				<-joined
				r.sleep(st.after)
			}()
		case opLeave:
			r.wg.Go(func() { r.exec(ctx, st.script, 0) })
		case opStop:
			r.stop(s, st, r.group(st.scope))
		case opEnd:
			r.mu.Lock()
			end := r.ends[st.scope.id]
			r.mu.Unlock()
			if end != nil {
				end()
			}
		case opCancel:
			r.cancel(errKilled)
		}
		if err == nil || st.policy == ignore {
			continue
		}
		if st.policy == wrapped {
			err = fmt.Errorf("wrapped: %w", err)
		}
		return 0, err
	}
	r.sleep(s.last)
	err = r.returns(ctx, s, acc)
	if s.wrap && err != nil {
		err = fmt.Errorf("wrapped: %w", err)
	}
	return acc, err
}

func (r *run) returns(ctx context.Context, s *script, acc uint64) error {
	switch s.ret {
	case retFail:
		return &ownError{fmt.Sprint("s", s.id)}
	case retPanic:
		panic(fmt.Sprint("s", s.id))
	case retGoexit:
		runtime.Goexit()
	case retExit:
		if o := r.group(r.g.scopes[s.scope]); o != nil {
			return o.exit.With(acc)
		}
		return &ownError{fmt.Sprint("s", s.id)}
	case retCause:
		return context.Cause(ctx)
	case retErr:
		return ctx.Err()
	}
	return nil
}

func (r *run) nap(ctx context.Context, s *script, st *step) {
	switch {
	case r.real:
		r.sleep(st.d)
		if ctx.Err() == nil {
			r.note(s, "nap")
			break
		}
		fallthrough
	case ctx.Err() != nil:
		r.note(s, "nap cut "+canon(context.Cause(ctx), r.g.limited))
	case st.d <= 0:
		r.note(s, "nap")
	default:
		t := time.NewTimer(st.d)
		select {
		case <-t.C:
			r.note(s, "nap")
		case <-ctx.Done():
			t.Stop()
			r.note(s, "nap cut "+canon(context.Cause(ctx), r.g.limited))
		}
	}
	r.sleep(st.after)
}

type markKey struct{}

func (r *run) await(ctx context.Context, s *script, st *step, acc uint64) (uint64, error) {
	h := r.handle(st.task)
	if h == nil {
		r.note(s, "await "+st.task.name()+" undeclared")
		return acc, nil
	}
	stop := func() {}
	d := st.d
	if r.real {
		d = 1 + d%(200*time.Microsecond)
	}
	switch st.mode {
	case value:
		ctx = context.WithValue(ctx, markKey{}, 1)
	case timeout:
		ctx, stop = context.WithTimeout(ctx, d)
	case never:
		ctx, stop = context.WithCancel(ctx)
	case anonTimeout:
		ctx, stop = context.WithTimeout(context.Background(), d)
	case anon:
		ctx = context.Background()
	}
	defer stop()
	if s.body {
		r.leave()
	}
	v, err := r.awaitAny(ctx, h)
	if s.body {
		r.enter()
	}
	if err == nil {
		r.note(s, fmt.Sprintf("await %s = %x", st.task.name(), v))
	} else {
		r.note(s, "await "+st.task.name()+" "+canon(err, r.g.limited))
		if c, ok := err.(*asap.CycleError); ok {
			rec := &r.recs[s.id]
			rec.notes[len(rec.notes)-1].path = c.Path
		}
		v = 7
	}
	r.sleep(st.after)
	return mix(acc, v), err
}
