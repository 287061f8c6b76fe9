package dbosasap

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite" // sqlite: URLs
)

// Runtime is where flows run: this process and its database. [Open] and [New] make
// one. Flows are registered first, then [Runtime.Launch] goes on with those that were
// interrupted. All methods may be called from any goroutine at the same time.
type Runtime struct {
	dbos dbos.Context

	mu      sync.Mutex
	flows   map[string]*definition // by name
	running map[string]*engine     // by the id of the workflow
	fresh   map[string]bool        // ids of workflows of which the database has nothing yet
	stop    context.CancelFunc     // of the watch, nil before Launch
	watched chan struct{}
}

// Open makes a Runtime of an application with a database: a file, which is made if
// it is not there, or the URL of a PostgreSQL (postgres://user:pass@host/name). ctx
// is that of all flows: when it ends they stop where they are, and go on at the next
// start. What the application is called and which of its processes this is, is of
// [dbos.Config], as all that a database may need: use [New] with a [dbos.Context] of it.
func Open(ctx context.Context, app, database string) (*Runtime, error) {
	address := database
	if !strings.Contains(database, "://") && !strings.HasPrefix(database, "sqlite:") {
		path, err := filepath.Abs(database)
		if err != nil {
			return nil, fmt.Errorf("asap: open %s: %w", database, err)
		}
		address = (&url.URL{Scheme: "sqlite", Path: path}).String()
	}
	d, err := dbos.NewContext(ctx, dbos.Config{AppName: app, DatabaseURL: address, Logger: slog.Default()})
	if err != nil {
		return nil, fmt.Errorf("asap: open %s: %w", database, err)
	}
	return New(d), nil
}

// New makes a Runtime of a context that has not been launched.
func New(d dbos.Context) *Runtime {
	rt := &Runtime{dbos: d, flows: make(map[string]*definition), running: make(map[string]*engine), fresh: make(map[string]bool)}
	m := &mailbox{}
	dbos.RegisterWorkflow(d, m.deliver, dbos.WithInstance(m), dbos.WithWorkflowName(messageName))
	return rt
}

// DBOS returns the context that the Runtime was made with, for workflows, queues and
// schedules of one's own beside the flows.
func (rt *Runtime) DBOS() dbos.Context { return rt.dbos }

// Launch begins to serve the flows that are registered, and goes on with those that
// this executor had begun and not ended: see [dbos.Launch]. It returns when the
// database has answered.
func (rt *Runtime) Launch() error {
	if err := dbos.Launch(rt.dbos); err != nil {
		return fmt.Errorf("asap: launch: %w", err)
	}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.stop == nil {
		ctx, stop := context.WithCancel(rt.dbos)
		rt.stop, rt.watched = stop, make(chan struct{})
		go func() {
			defer close(rt.watched)
			rt.watch(ctx)
		}()
	}
	return nil
}

// Shutdown stops all flows where they are, waits for bodies that run for up to
// timeout, and closes the database. The flows go on at the next Launch.
func (rt *Runtime) Shutdown(timeout time.Duration) error {
	rt.mu.Lock()
	stop := rt.stop
	rt.stop = nil
	rt.mu.Unlock()
	if stop != nil {
		stop()
		<-rt.watched
	}
	if err := dbos.Shutdown(rt.dbos, timeout); err != nil {
		return fmt.Errorf("asap: shutdown: %w", err)
	}
	return nil
}

// log says what nobody can be told of.
func (rt *Runtime) log(text string, args ...any) { slog.Warn("asap: "+text, args...) }

// isFresh reports once whether a workflow was made by this process and runs for the
// first time.
func (rt *Runtime) isFresh(id string) bool {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	fresh := rt.fresh[id]
	delete(rt.fresh, id)
	return fresh
}

func (rt *Runtime) begin(e *engine) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.running[e.id] = e
}

func (rt *Runtime) end(e *engine) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.running[e.id] == e {
		delete(rt.running, e.id)
	}
}

func (rt *Runtime) definition(name string) *definition {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return rt.flows[name]
}

// engineOf returns the engine of a flow that runs in this process, or nil.
func (rt *Runtime) engineOf(id string) *engine {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return rt.running[id]
}
