package asap

import (
	"context"
	"fmt"
	"time"

	"github.com/asap-go/asap/internal/engine"
)

// TaskOption sets how one task works: what else it waits for, when it has to be
// done, what is around its body. Several add up where that makes sense:
// dependencies and Arounds do, all [When] must hold, and of the rest the last counts.
type TaskOption interface {
	MapOption
	ApplyTask(*engine.TaskConfig)
}

// MapOption is an option of [Group.Map]: every [TaskOption], and [Limit]. What is
// said of a body is said of the body of each element.
type MapOption interface{ ApplyMap(*engine.TaskConfig) }

type taskOption func(*engine.TaskConfig)

func (o taskOption) ApplyTask(c *engine.TaskConfig) { o(c) }
func (o taskOption) ApplyMap(c *engine.TaskConfig)  { o(c) }

// Dep is a task of any type, as a dependency: every *[Task] is one.
type Dep interface {
	// Name returns the name that the task was declared with.
	Name() string
	// Err returns the error with which the task has ended: see [Task.Err].
	Err() error

	core() *engine.Node
}

// Needs makes the task wait until all of deps have succeeded, beside what it is
// declared on; its body reads their values with [Task.Get]. If one fails or is
// skipped, the task is skipped. They must be tasks of the same group; one that
// is named twice counts once.
func Needs(deps ...Dep) TaskOption { return dependOn("Needs", deps, true, true) }

// After makes the task wait until all of deps have succeeded, without their
// values. If one fails or is skipped, the task is skipped.
func After(deps ...Dep) TaskOption { return dependOn("After", deps, true, false) }

// AfterEnd makes the task wait until all of deps have ended, whatever became of
// them. Beside Needs or After of the same task it adds nothing.
func AfterEnd(deps ...Dep) TaskOption { return dependOn("AfterEnd", deps, false, false) }

func dependOn(call string, deps []Dep, must, read bool) TaskOption {
	list := make([]engine.Dependency, len(deps))
	for i, d := range deps {
		if d == nil || d.core() == nil {
			panic("asap: " + call + " with a nil Task; make one with Group.Go")
		}
		n := d.core()
		if engine.GroupOf(n) == nil {
			panic("asap: " + call + " with a zero Task; make one with Group.Go")
		}
		list[i] = engine.Dependency{On: n, Must: must, Read: read}
	}
	return taskOption(func(c *engine.TaskConfig) { c.Deps = append(c.Deps, list...) })
}

// MayFail makes the failure of the task one only for those that need it: it ends
// nothing, Wait does not return it, and its outcome is [Tolerated]. Tasks that depend
// on it are skipped, which is no failure either; those that name it in [AfterEnd]
// run. Await, Result and Err tell. It is for bodies without a value, and for chains
// that one can do without; for a value with a default there is [Group.Optional].
func MayFail() TaskOption { return taskOption(func(c *engine.TaskConfig) { c.MayFail = true }) }

// When leaves the task out if cond is false: as soon as its dependencies are done
// it is done too, with the zero value, without its body, [Around] or limits of time,
// and what depends on it runs. Its outcome is [LeftOut]. In a flow, When is part of
// the definition: it must not depend on what can change between two builds.
func When(cond bool) TaskOption {
	return taskOption(func(c *engine.TaskConfig) { c.LeftOut = c.LeftOut || !cond })
}

// Timeout ends the context of the task's body d after the body began. It makes
// nobody return: a body that ignores its context holds up its dependents and Wait,
// and one that returns nil late has succeeded. An error that it returns later is
// [context.DeadlineExceeded] as well: "price: timeout 50ms: …"; so is the context's Err,
// also of what is derived from it. That of a body that has succeeded lives until the group
// ends; if it has asked for Done, or derived a context, that leaves a registration in the
// group until then; one that it has derived with a later deadline than its own ends with
// the group only. An [Around] has one Timeout over all its calls. It panics if d is not positive.
func Timeout(d time.Duration) TaskOption {
	checkDuration("Timeout", d)
	return taskOption(func(c *engine.TaskConfig) { c.Timeout = d })
}

// Within ends the context of the task's body d after the task's group was made. A
// task whose body has not begun by then never begins: it fails at that instant,
// with an error that is [context.DeadlineExceeded], "ads: within 80ms", and what
// depends on it goes on. Otherwise it is like [Timeout].
func Within(d time.Duration) TaskOption {
	checkDuration("Within", d)
	return taskOption(func(c *engine.TaskConfig) { c.Within = d })
}

func checkDuration(call string, d time.Duration) {
	if d < 1 {
		panic(fmt.Sprintf("asap: %s(%v); pass a duration above 0, or leave %s out", call, d, call))
	}
}

// Around calls wrap in place of a body: of every body of a group that it is an
// option of, or of a task's. wrap is given the body's context, the name of the
// task (likes[3] for an element) and the body, to call with that context or one
// derived from it: not at all, once, or several times, also at once. It is where
// retries, circuit breakers, hedges, logs and values for the context go.
//
// The task has the value of the first call that succeeded. If wrap returns an
// error, that is the task's, and a value is dropped; if it returns nil and no call has
// succeeded, the task fails with the error of the last. A panic, a Goexit or an
// exit in a call is the body's at once, so that no retry repeats it. Calls that
// still run when wrap returns are canceled, and the group waits for them.
//
// wrap runs in the body's slot of a [Limit]; to wait in it, use [Blocking]. Of
// several, the first is outermost, and a group's are outside a task's. A nested
// group does not inherit them. Calls at once run the same function at once: what
// it captures must bear that.
func Around(wrap func(ctx context.Context, task string, body func(context.Context) error) error) interface {
	Option
	TaskOption
} {
	if wrap == nil {
		panic("asap: Around with a nil function; leave it out")
	}
	return aroundOption(wrap)
}

type aroundOption engine.Around

func (o aroundOption) Apply(c *engine.Config)         { c.Around = append(c.Around, engine.Around(o)) }
func (o aroundOption) ApplyTask(c *engine.TaskConfig) { c.Around = append(c.Around, engine.Around(o)) }
func (o aroundOption) ApplyMap(c *engine.TaskConfig)  { o.ApplyTask(c) }

// start declares n with options, of which there is at least one.
func start(n *engine.Node, options []TaskOption) {
	var c engine.TaskConfig
	for _, o := range options {
		checkOption(o == nil, n)
		o.ApplyTask(&c)
	}
	startWith(n, &c)
}

// startWith declares n as its options say.
func startWith(n *engine.Node, c *engine.TaskConfig) {
	g := engine.GroupOf(n)
	for _, d := range c.Deps {
		checkGroup(g, d.On, "an option", engine.Label(n))
	}
	g.StartWith(n, c)
}
