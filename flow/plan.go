package flow

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/engine"
)

// plan is what the group of a flow knows of its definition: whether that has
// returned, and what it must not do until then. It is the option of the group.
type plan struct {
	flow     string
	options  []asap.Option
	numbers  *numbers    // of the flow, in this process
	running  *here       // of a run with a handle, else nil
	first    bool        // it notes them
	building atomic.Bool // the flow's function has not returned
	backend  backend     // of the group
	nodeOf   func(task any) *engine.Node
	input    *engine.Node
	result   error // of a run, when the function has returned: what refused says then

	mu    sync.Mutex
	err   error   // the first thing the function must not do
	noted []noted // declared so far, in a first run
}

func newPlan(flow string) *plan {
	p := &plan{flow: flow}
	p.backend.plan = p
	p.building.Store(true)
	return p
}

// Apply makes the plan the group's, and then applies the options of the flow,
// which may have another name for the group.
func (p *plan) Apply(c *engine.Config) {
	c.Name, c.Flow, c.Backend = p.flow, p, newBackend
	p.nodeOf = c.NodeOf
	for _, o := range p.options {
		if o == nil {
			panic("asap: New with a nil Option; leave it out")
		}
		o.Apply(c)
	}
}

// holds takes the input of the flow, which is the first node of the group and
// has its value only when the flow's function has returned.
func (p *plan) holds(n *engine.Node) bool {
	if p.input != nil {
		return false
	}
	p.input = n
	return true
}

// defined lets the tasks start when the flow's function has returned, or ends the
// group if it has not done so properly.
func (p *plan) defined(built bool) {
	p.building.Store(false)
	g := p.backend.group
	if built {
		p.keepNoted()
	}
	if p.result = p.refused(); !built || p.result != nil {
		g.NoticedEnd() // the parent's comes first
		g.EndWith(cmp.Or(p.result, context.Canceled), p.result)
	}
	g.Release(p.input)
}

// refused is the error of the first thing that the function has done and must not.
func (p *plan) refused() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *plan) refuse(call string, n *engine.Node) error {
	if n != nil {
		call += " of task " + engine.Label(n)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	err := fmt.Errorf("asap: flow %s: its function calls %s, but values are there only when it has returned; declare a task with Then instead", p.flow, call)
	if p.err == nil {
		p.err = err
	}
	return err
}

// refuseCall panics when the flow's function, or a body that uses the flow it
// was recorded in, calls what it must not.
func (p *plan) refuseCall(call string, n *engine.Node) {
	p.refuseRecorded(call, n)
	if p.building.Load() {
		panic(p.refuse(call, n).Error())
	}
}

// isRecorded reports whether the flow's function has returned for Flow.Calls: bodies may
// run elsewhere now.
func (p *plan) isRecorded() bool { return p.backend.drawing != nil && !p.building.Load() }

func (p *plan) refuseRecorded(call string, n *engine.Node) {
	if p.isRecorded() {
		panic(p.elsewhere(call, n).Error())
	}
}

// elsewhere is the error of a body that uses the flow that it was recorded in.
func (p *plan) elsewhere(call string, n *engine.Node) error {
	if n == nil {
		return fmt.Errorf("asap: flow %s: %s inside a body that runs on another engine; do it in the flow's function", p.flow, call)
	}
	name := engine.Label(n)
	if call == "Undo" {
		return fmt.Errorf("asap: flow %s: Undo of task %s inside a body that runs on another engine; declare it in the flow's function", p.flow, name)
	}
	return fmt.Errorf("asap: flow %s: %s of task %s inside a body that runs on another engine; declare it with Needs(%s) and read it with Get",
		p.flow, call, name, name)
}

// refuseAwait is the error of a wait for n that the flow's function, or by's body,
// must not make.
func (p *plan) refuseAwait(n, by *engine.Node) error {
	own := by != nil && engine.GroupOf(by) == p.backend.group
	switch {
	case p.building.Load() && !own:
		return p.refuse("Await", n)
	case own:
		name := engine.Label(n)
		return fmt.Errorf("asap: task %s awaits task %s inside flow %s: values travel along declared edges only; declare it with Needs(%s) and read it with Get",
			engine.Label(by), name, p.flow, name)
	}
	return nil
}
