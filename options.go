package asap

import "fmt"

// Option sets how a group works. Without options the first failure cancels the
// rest, any number of bodies run at once, in this process, and nobody observes.
type Option interface{ apply(*config) }

type config struct {
	settled   bool
	name      string
	named     bool
	limit     int
	observers []Observer
	executor  Executor
}

type option func(*config)

func (o option) apply(c *config) { o(c) }

// Settled lets every task run to its end whatever fails, like allSettled. Wait
// still returns the failures.
func Settled() Option { return option(func(c *config) { c.settled = true }) }

// Name names the group in errors, pictures, traces and profiles: bodies carry
// the pprof labels group and task then. If given twice, the last wins.
func Name(name string) Option {
	return option(func(c *config) { c.name, c.named = name, true })
}

// Limit lets at most n bodies run at the same time. A body that awaits a task
// or a nested group does not count meanwhile, so no limit can deadlock. First
// ready, first started; bodies that go on come before those that start.
// Limit panics if n is less than 1.
func Limit(n int) Option {
	if n < 1 {
		panic(fmt.Sprintf("asap: Limit(%d); pass at least 1, or leave Limit out", n))
	}
	return option(func(c *config) { c.limit = n })
}

// Observe reports everything that happens in the group to o. If given more
// than once, all are told, in that order; a nil Observer is ignored.
func Observe(o Observer) Option {
	return option(func(c *config) {
		if o != nil {
			c.observers = append(c.observers, o)
		}
	})
}

// On runs the bodies on another engine, which should be made with the context
// that [New] gets: the group learns of its end only when Step returns. Bodies
// must not use the group or its tasks then, and panics and Goexit come back as
// errors. A nil Executor is this process.
func On(e Executor) Option { return option(func(c *config) { c.executor = e }) }
