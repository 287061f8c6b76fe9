package dbosasap

import (
	"fmt"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/waterfall"
)

// History makes a recording of a run of flow out of what the database has of it, so
// that critical path, what-if and the pictures of package waterfall are there for
// durable flows too. It tells the flow's definition what has happened, and runs no body.
// It works for runs that go on, here or in another process, and for those that have
// ended.
//
// A body runs from the moment at which the flow began it to that at which it had
// ended, its attempts and the pauses between them included; the time that a process
// was not there is time of the bodies that it had begun. Nested groups inside of bodies
// are not in the database.
func History[In, Out any](rt *Runtime, f *flow.Flow[In, Out], id string) (*waterfall.Run, error) {
	var r waterfall.Recorder
	var run *waterfall.Run
	look := func([]flow.TaskState) { run = r.Run() }
	if err := rt.replay(f.Name(), id, look, asap.Observe(&r)); err != nil {
		return nil, fmt.Errorf("asap: flow %s: history: %w", f.Name(), err)
	}
	return run, nil
}
