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
// The invariant: what the group is told, and in which order, is what the database has
// in the steps of the workflow. What happens (a body returns, a timer fires, a message
// comes) waits among the news. Step takes all of them at once, has them recorded as one
// step, and tells the group of one after the other; only when that is done it makes the
// next step. News that are lost with the process were told to nobody. When the workflow
// runs again the group is told the same in the same order, so it makes the same calls in
// the same order, which is all that DBOS asks for. Bodies begin in a step that the
// database does not have: so behind all that was recorded, and those that are told of by
// then never do.
//
// So what ends while a step is written is in the next one, whatever its number: the
// database writes the steps of one workflow one after the other anyway.
type engine struct {
	rt       *Runtime
	def      *definition
	ctx      dbos.Context // of the workflow
	stop     context.CancelCauseFunc
	id       string
	group    context.Context // of the group
	endGroup context.CancelCauseFunc
	began    time.Time
	now      time.Time // of the last thing that the group was told of

	// Of the goroutine inside the group's methods alone.
	page     []record           // of the last step, what the group was not told of yet
	told     bool               // there was a step
	timers   map[string]func()  // that have not fired, by their events
	made     int                // timers
	expected map[string]*flight // signals, by the events of their coming
	flights  map[string]*flight // calls that have not ended, by name
	started  []*flight          // in order; some of them have ended
	pending  []*flight          // of flights, what launch has not seen
	held     []*flight          // of flights, whose bodies begin in the next step
	acted    bool               // the group was told of an end
	ended    bool               // the group's context
	left     bool               // DBOS has ended the workflow
	broken   error              // of the database

	wake chan struct{} // has one when there are news

	mu    sync.Mutex
	news  []record                   // what has happened and is not recorded
	inbox map[string]json.RawMessage // messages, the first of each name
	hoped map[string]string          // the events of messages that are expected
	tries map[string]try             // by task, of bodies that ran again
	alone *flight                    // whose body runs in Step
}

var (
	_ flow.Executor = (*engine)(nil)
	_ flow.Clock    = (*engine)(nil)
	_ flow.Canceler = (*engine)(nil)
	_ flow.Signaler = (*engine)(nil)
)

// newEngine makes the engine of the workflow of ctx, with what the database has of it.
func newEngine(ctx dbos.Context, rt *Runtime, def *definition) (*engine, error) {
	id, err := dbos.GetWorkflowID(ctx)
	if err != nil {
		return nil, err
	}
	e := &engine{rt: rt, def: def, id: id, timers: make(map[string]func()), expected: make(map[string]*flight), flights: make(map[string]*flight),
		wake: make(chan struct{}, 1), inbox: make(map[string]json.RawMessage), hoped: make(map[string]string), tries: make(map[string]try)}
	e.ctx, e.stop = dbos.WithCancelCause(ctx)
	e.group, e.endGroup = context.WithCancelCause(context.Background())
	again := !rt.isFresh(id)
	if again {
		if _, e.began, err = readHistory(rt.dbos, id); err != nil {
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

// close is called when the workflow's function is left.
func (e *engine) close() {
	e.rt.end(e)
	e.endGroup(nil)
	e.stop(nil)
}
