package dbosasap

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/asap-go/asap/flow"
	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// engine is the executor of one run of a flow, in the workflow that it is.
//
// The invariant: what the group is told, and in which order, is what the database
// has, in the order of Seq. A call takes its place when its body has returned and is
// then recorded; Step tells the group of one place after the other, each when its
// record is there. A place that was taken and not recorded before the process died was
// therefore told to nobody, nor was any after it. When the workflow runs again it is
// told the same in the same order, so it makes the same calls in the same order, which
// is all that DBOS asks for; what was recorded is not run again. Then the first new
// place is behind all of those.
type engine struct {
	rt       *Runtime
	def      *definition
	ctx      dbos.Context // of the workflow
	stop     context.CancelCauseFunc
	id       string
	group    context.Context // of the group
	endGroup context.CancelCauseFunc
	began    time.Time
	now      time.Time     // of the last record that the group was told of
	live     chan struct{} // closed when all that was recorded has been told
	done     chan struct{} // closed by close

	// Of the goroutine inside the group's methods alone.
	history  []happened         // what was recorded before, in order, and not told yet
	timers   map[string]func()  // that have not fired
	made     int                // timers
	children map[string]*flight // calls that are workflows, by the event of their end
	expected map[string]*flight // signals, by the event of their coming
	flights  []*flight
	pending  []*flight // of flights, those that no step has been made of yet
	acted    bool      // the group was told of an end
	ended    bool      // the group's context
	broken   error     // of the database

	mu      sync.Mutex
	last    int // place that was taken
	told    int // the last place that the group was told of
	arrived map[int]*arrival
	wake    chan struct{}              // has one when arrived has more
	events  map[string]bool            // that have taken a place: each does once
	inbox   map[string]json.RawMessage // messages, the first of each name
	hoped   map[string]string          // the events of messages that are expected
	tries   map[string]try             // by task, of bodies that ran again
	states  func(context.Context) ([]flow.TaskState, error)
	alone   *flight // whose body runs in Step
	closed  bool
}

var (
	_ flow.Executor = (*engine)(nil)
	_ flow.Clock    = (*engine)(nil)
	_ flow.Canceler = (*engine)(nil)
	_ flow.Signaler = (*engine)(nil)
)

// arrival is what has happened in one place: the end of a call, with its record, or
// an event, which is recorded when its turn comes.
type arrival struct {
	flight *flight
	record record
	err    error // of the database
}

// newEngine makes the engine of the workflow of ctx, with what the database has of it.
func newEngine(ctx dbos.Context, rt *Runtime, def *definition) (*engine, error) {
	id, err := dbos.GetWorkflowID(ctx)
	if err != nil {
		return nil, err
	}
	e := &engine{rt: rt, def: def, id: id, live: make(chan struct{}), timers: make(map[string]func()), children: make(map[string]*flight), expected: make(map[string]*flight),
		arrived: make(map[int]*arrival), wake: make(chan struct{}, 1), events: make(map[string]bool), inbox: make(map[string]json.RawMessage), hoped: make(map[string]string), tries: make(map[string]try), done: make(chan struct{})}
	e.ctx, e.stop = dbos.WithCancelCause(ctx)
	e.group, e.endGroup = context.WithCancelCause(context.Background())
	again := !rt.isFresh(id)
	if again {
		if err := e.remember(); err != nil {
			return nil, err
		}
	}
	if e.began.IsZero() {
		e.began = time.UnixMicro(time.Now().UnixMicro()) // as a record has it
	}
	e.now = e.began
	rt.begin(e)
	if again {
		if err := rt.look(dbos.WithFilterWorkflowIDPrefix(id + messageMark)); err != nil {
			rt.end(e)
			return nil, err
		}
	}
	return e, nil
}

// remember reads what the database has of an earlier run.
func (e *engine) remember() (err error) {
	var began time.Time
	if e.history, began, err = readHistory(e.rt.dbos, e.id); err != nil {
		return err
	}
	for _, h := range e.history {
		e.last = h.Seq
		e.events[h.Event] = true
	}
	if !began.IsZero() {
		e.began = began
	}
	return nil
}

// close is called when the workflow's function is left.
func (e *engine) close() {
	e.rt.end(e)
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	close(e.done)
	e.endGroup(nil)
	e.stop(nil)
	for _, f := range e.flights {
		f.cancel(nil)
	}
}
