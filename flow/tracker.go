package flow

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/engine"
)

// tracker knows how far the tasks of a run are: it is told of each by the backend, in
// order of declaration and with its names, and of their steps as an observer.
type tracker struct {
	mu       sync.Mutex
	group    asap.ID // of the flow; others are nested in it
	names    namer
	order    []*tracked                // but for the parts
	byNode   map[*engine.Node]*tracked // until the run has ended
	byNumber map[uint32]*tracked
	now      func() time.Time // the engine's clock
}

// tracked is one task, or a part of one.
type tracked struct {
	state  TaskState
	node   *engine.Node // until it has ended
	parts  []*tracked
	hidden bool // of which only the parts are told: an Input, a Gather, a Race
}

var _ asap.Observer = (*tracker)(nil)

func newTracker() *tracker {
	return &tracker{names: make(namer), byNode: make(map[*engine.Node]*tracked), byNumber: make(map[uint32]*tracked), now: time.Now}
}

// on tells whose clock counts, before anything is declared.
func (t *tracker) on(c Clock) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now = c.Now
}

// declared is told of n, the index-th part of of if that is not nil, before anybody
// hears of it.
func (t *tracker) declared(n, of *engine.Node, index int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if of == nil {
		x := t.add(n, t.names.of(n))
		x.hidden = engine.KindOf(n)&(engine.Given|engine.Gather|engine.Race) != 0
		t.order = append(t.order, x)
		if engine.KindOf(n)&engine.Race != 0 {
			for fn := range functions(n) {
				x.parts = append(x.parts, t.add(fn, t.names.part(x.state.Task, n, len(x.parts))))
			}
		}
		return
	}
	if whole := t.byNode[of]; whole != nil && t.byNode[n] == nil {
		whole.parts = append(whole.parts, t.add(n, t.names.part(whole.state.Task, of, index)))
	}
}

func (t *tracker) add(n *engine.Node, name string) *tracked {
	x := &tracked{state: TaskState{Task: name, State: StateWaiting, Since: t.now()}, node: n}
	t.byNode[n] = x
	return x
}

// numbered is told by what number events have n.
func (t *tracker) numbered(n *engine.Node, number uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if x := t.byNode[n]; x != nil {
		t.byNumber[number] = x
	}
}

// Start takes the group that it is given first: others are nested in that.
func (t *tracker) Start(ctx context.Context, e asap.Event) context.Context {
	if e.Kind == asap.GroupStart {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.group == 0 {
			t.group = e.Group
		}
	}
	return ctx
}

func (t *tracker) Observe(e asap.Event) {
	switch e.Kind {
	case asap.Ready, asap.Started, asap.Ended:
	default:
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.byNumber[uint32(e.Task)]
	if x == nil || e.Group != t.group || x.node == nil {
		return
	}
	x.state.Since = t.now()
	switch e.Kind {
	case asap.Ready:
		x.state.State = StateQueued
		if engine.KindOf(x.node)&engine.Mapped != 0 {
			x.state.State = StateRunning
		}
	case asap.Started:
		switch a := engine.ArrivalOf(x.node); {
		case a == nil:
			x.state.State, x.state.Attempt = StateRunning, 1
		case a.After > 0:
			x.state.State = StateSleeping
		default:
			x.state.State = StateExpected
		}
	case asap.Ended:
		x.end(e)
	}
}

// states of ended tasks, by outcome.
var outcomeStates = [...]State{asap.Succeeded: StateSucceeded, asap.Tolerated: StateTolerated, asap.LeftOut: StateLeftOut, asap.Failed: StateFailed,
	asap.Skipped: StateSkipped, asap.Canceled: StateCanceled, asap.Exited: StateCanceled, asap.Panicked: StateFailed, asap.Goexited: StateFailed}

func (x *tracked) end(e asap.Event) {
	x.attempts()
	x.state.State = outcomeStates[e.Outcome]
	if e.Err != nil && e.Outcome != asap.Skipped {
		x.state.Error = stateText(e.Err)
	} else if e.Err == nil {
		x.state.Error = ""
	}
	x.node = nil
}

// attempts takes what an Around has made of the body so far.
func (x *tracked) attempts() {
	if x.node == nil || x.state.State != StateRunning {
		return
	}
	if n, last := engine.AttemptsOf(x.node); n > 0 {
		x.state.Attempt = n
		if x.state.Error = ""; last != nil {
			x.state.Error = stateText(last)
		}
	}
}

// maxStateText is how much of an error a state has: those of all tasks are one value.
const maxStateText = 1 << 10

// stateText is the text of a task's error without the name of the task.
func stateText(err error) (text string) {
	defer func() {
		if recover() != nil { // a method of the user's error
			text = "error without a text"
		}
	}()
	if te, ok := err.(*asap.TaskError); ok {
		err = te.Err
	}
	if pe, ok := errors.AsType[*asap.PanicError](err); ok {
		err = &asap.PanicError{Task: pe.Task, Value: pe.Value}
	}
	text = err.Error()
	if len(text) > maxStateText {
		end := maxStateText
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end] + "…"
	}
	return text
}

// states returns those of all.
func (t *tracker) states() (all []TaskState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	add := func(x *tracked) {
		x.attempts()
		all = append(all, x.state)
	}
	for _, x := range t.order {
		if !x.hidden && len(x.parts) == 0 {
			add(x)
		}
		for _, p := range x.parts {
			add(p)
		}
	}
	return all
}

// end lets go of the run's nodes. What has not ended by then never began.
func (t *tracker) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for _, x := range t.byNode {
		if x.node != nil {
			x.state.State, x.state.Since, x.node = StateSkipped, now, nil
		}
	}
	t.byNode, t.byNumber = nil, nil
}

// part names the i-th function or element of a Race or a Map of that name.
func (m namer) part(whole string, of *engine.Node, i int) string {
	part := "[" + strconv.Itoa(i) + "]"
	if engine.KindOf(of)&engine.Mapped != 0 {
		at := len(engine.Name(of)) // name[] or name[]#2
		return m.unique(whole[:at] + part + whole[at+2:])
	}
	return m.unique(whole + part) // as in backend.calls
}
