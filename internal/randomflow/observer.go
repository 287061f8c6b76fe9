package randomflow

import (
	"context"
	"fmt"
	"sync"

	"github.com/asap-go/asap"
)

// Observer keeps how the tasks of outermost groups ended, one map for each
// group in order of start. The zero Observer is ready for use.
type Observer struct {
	mu     sync.Mutex
	groups []*observed
	byID   map[asap.ID]*observed
}

type observed struct {
	names map[string]int
	tasks map[asap.ID]string
	ends  map[string]Ended
}

// Start returns ctx.
func (o *Observer) Start(ctx context.Context, e asap.Event) context.Context {
	o.mu.Lock()
	defer o.mu.Unlock()
	if e.Kind == asap.GroupStart && e.Parent == 0 {
		g := &observed{make(map[string]int), make(map[asap.ID]string), make(map[string]Ended)}
		if o.byID == nil {
			o.byID = make(map[asap.ID]*observed)
		}
		o.groups = append(o.groups, g)
		o.byID[e.Group] = g
	}
	return ctx
}

// Observe keeps the ends of tasks.
func (o *Observer) Observe(e asap.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	g := o.byID[e.Group]
	switch {
	case g == nil || e.Task == 0:
	case e.Kind == asap.Declared:
		g.names[e.Name]++
		name := e.Name
		if n := g.names[name]; n > 1 {
			name = fmt.Sprint(name, "#", n)
		}
		g.tasks[e.Task] = name
	case e.Kind == asap.Ended:
		g.ends[g.tasks[e.Task]] = Ended{e.Outcome, e.Err}
	}
}

// Runs returns how the tasks of each run ended, by their unique names.
func (o *Observer) Runs() []map[string]Ended {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []map[string]Ended
	for _, g := range o.groups {
		all = append(all, g.ends)
	}
	return all
}
