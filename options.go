package asap

import (
	"fmt"

	"github.com/asap-go/asap/internal/engine"
)

// Option sets how a group works. Without options the first failure cancels the
// rest, any number of bodies run at once, in this process, and nobody observes.
type Option interface{ Apply(*engine.Config) }

type option func(*engine.Config)

func (o option) Apply(c *engine.Config) { o(c) }

// configured returns what the options say, nil without any.
func configured(options []Option) *engine.Config {
	if len(options) == 0 {
		return nil
	}
	c := &engine.Config{NodeOf: nodeOf}
	for _, o := range options {
		if o == nil {
			panic("asap: New with a nil Option; leave it out")
		}
		o.Apply(c)
	}
	return c
}

// Settled lets every task run to its end whatever fails, like allSettled. Wait
// still returns the failures.
func Settled() Option { return option(func(c *engine.Config) { c.Settled = true }) }

// Name names the group in errors, pictures, traces and profiles: bodies carry
// the pprof labels group and task then. If given twice, the last wins.
func Name(name string) Option {
	return option(func(c *engine.Config) {
		c.Name = name
		c.Labels = true
	})
}

// Limit lets at most n bodies of a group run at the same time, or of the elements
// of a [Group.Map], within the limits of the groups around. A body that awaits a
// task or a nested group, or is in [Blocking], does not count meanwhile, so no limit
// can deadlock. What has begun is finished first: a free slot goes to a body that
// goes on, then to what a body waits for or makes inside of it, then to what is ready
// because another task has ended, and only then to what was ready from the start;
// each in order. So what has not begun may wait as long as what has keeps the
// slots busy. It is one limit for each group that it is given to: see
// [SharedLimit] for one across groups. Limit panics if n is less than 1.
//
// Whatever else a body waits for, or holds over an await, is to be taken in Blocking:
// a lock, a connection of a pool, a semaphore, a rate limit, the pause of a retry.
func Limit(n int) interface {
	Option
	MapOption
} {
	if n < 1 {
		panic(fmt.Sprintf("asap: Limit(%d); pass at least 1, or leave Limit out", n))
	}
	return limitOption(n)
}

type limitOption int

func (n limitOption) Apply(c *engine.Config)        { c.Limit = int(n) }
func (n limitOption) ApplyMap(c *engine.TaskConfig) { c.Limit = int(n) }

// SharedLimit is a limit as a value: given to many groups and tasks, of many
// requests, it is one limit, as of a database or an API. At most n bodies run of all
// that it was given to.
//
//	var db = asap.SharedLimit(8)
//
// A body has at most one: its task's, else its group's, else that of the task around
// its group. It counts in addition to the limits of the groups: a body takes its
// slot when those let it run, holds none of them while it waits for it, and gives
// back all of them together. Who gets a free slot is decided as [Limit] says, across all
// that share it.
//
// In tests with testing/synctest make it in the bubble. A body that would have to
// wait for bodies of another bubble panics. With an engine elsewhere it panics where
// it is declared. SharedLimit panics if n is less than 1.
func SharedLimit(n int) interface {
	Option
	TaskOption
} {
	if n < 1 {
		panic(fmt.Sprintf("asap: SharedLimit(%d); pass at least 1, or leave SharedLimit out", n))
	}
	return sharedOption{engine.NewShared(n)}
}

type sharedOption struct{ shared *engine.Shared }

func (o sharedOption) Apply(c *engine.Config)         { c.Shared = o.shared }
func (o sharedOption) ApplyTask(c *engine.TaskConfig) { c.Shared = o.shared }
func (o sharedOption) ApplyMap(c *engine.TaskConfig)  { o.ApplyTask(c) }

// Observe reports everything that happens in the group to o. If given more
// than once, all are told, in that order; a nil Observer is ignored.
func Observe(o Observer) Option {
	t := &teller{o} // once for all groups that are given the option
	return option(func(c *engine.Config) {
		if o != nil {
			c.Observe(t)
		}
	})
}
