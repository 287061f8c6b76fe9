package batch

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/engine"
)

// Loader fetches values by their keys, for the bodies of one group and of those nested
// in it: what they ask for before any of them can go on goes out in one call. It keeps
// every value and error as long as it lives itself, which should be one request.
//
// Make it with [New] or [NewInOrder]. All methods may be called from any goroutine at the
// same time.
type Loader[K comparable, V any] struct {
	group   *engine.Group
	name    string
	fetch   func(context.Context, []K) (map[K]V, error)
	maxSize int
	maxWait time.Duration
	loose   bool // a key may be of a type that is not comparable

	mu      sync.Mutex
	entries map[K]*entry[K, V]
	open    *call[K, V] // that takes keys, nil if none does
}

// New makes a Loader for g, right behind g and before its first task. fetch gets keys,
// each once, in the order in which they were first asked for, in a slice of its own, and
// returns their values.
// A key without one is [ErrMissing] for who asks for it. An error of fetch is that of
// all its keys, with the name before it, and ends nothing by itself; if it is or wraps
// an [Errors], each key has its own, and the others their values.
//
// Each call of fetch is a task of g with that name, which begins when it is quiet: a
// panic, a Goexit and an exit in it are that task's. g must be one whose bodies run in
// this process, and no flow's.
func New[K comparable, V any](g *asap.Group, name string, fetch func(context.Context, []K) (map[K]V, error), options ...Option) *Loader[K, V] {
	return newLoader("New", g, name, fetch, options)
}

// NewInOrder is [New] for a function that returns the values in the order of the keys, as
// they are in its slice when it returns.
func NewInOrder[K comparable, V any](g *asap.Group, name string, fetch func(context.Context, []K) ([]V, error), options ...Option) *Loader[K, V] {
	if fetch == nil {
		return newLoader[K, V]("NewInOrder", g, name, nil, options)
	}
	return newLoader("NewInOrder", g, name, func(ctx context.Context, keys []K) (map[K]V, error) {
		list, err := fetch(ctx, keys)
		if _, own := errors.AsType[Errors[K]](err); err != nil && !own {
			return nil, err
		}
		if len(list) != len(keys) {
			return nil, fmt.Errorf("%d values for %d keys", len(list), len(keys))
		}
		values := make(map[K]V, len(list))
		for i, key := range keys {
			values[key] = list[i]
		}
		return values, err
	}, options)
}

func newLoader[K comparable, V any](what string, g *asap.Group, name string, fetch func(context.Context, []K) (map[K]V, error), options []Option) *Loader[K, V] {
	if g == nil {
		panic("asap: batch." + what + " of " + name + " with a nil Group; make one with asap.New")
	}
	if fetch == nil {
		panic("asap: batch." + what + " of " + name + " with a nil function; pass one that fetches the values of keys")
	}
	l := &Loader[K, V]{name: name, fetch: fetch, maxWait: defaultMaxWait, entries: make(map[K]*entry[K, V])}
	l.loose = mayNotCompare(reflect.TypeFor[K]())
	for _, o := range options {
		if o == nil {
			panic("asap: batch." + what + " of " + name + " with a nil option; leave it out")
		}
		o(&l.maxSize, &l.maxWait)
	}
	g.Do(name, func(context.Context) error { return nil }, handed(func(core *engine.Group) { l.group = core }))
	switch {
	case l.group.Backend() != nil:
		panic("asap: batch." + what + " of " + name + " in the group of a flow or of an engine elsewhere; make it in the group around, or in one that a body makes")
	case !l.group.MakeQuiet():
		panic("asap: batch." + what + " of " + name + " in a group that has tasks already; make it before the first one")
	}
	return l
}

// handed is an option of a task with which nothing is declared: the engine's group is
// handed over instead.
type handed func(*engine.Group)

func (h handed) ApplyTask(c *engine.TaskConfig) { c.Hand = h }
func (h handed) ApplyMap(c *engine.TaskConfig)  { c.Hand = h }

// Option sets when a call goes out though others could still ask.
type Option func(maxSize *int, maxWait *time.Duration)

// MaxSize lets a call have at most n keys: with the last of them it goes out at once.
// Without it a call has any number. It panics if n is less than 1.
func MaxSize(n int) Option {
	if n < 1 {
		panic(fmt.Sprintf("asap: batch.MaxSize(%d); pass at least 1, or leave MaxSize out", n))
	}
	return func(maxSize *int, _ *time.Duration) { *maxSize = n }
}

// MaxWait lets a call go out d after it was first asked for, whoever still runs. It is
// 50 ms without it. It is a net: for bodies that run long, in a call of their own or
// in [asap.Blocking], and for what is blocked on who waits in Get by a channel or a
// lock. It panics if d is not positive.
func MaxWait(d time.Duration) Option {
	if d < 1 {
		panic(fmt.Sprintf("asap: batch.MaxWait(%v); pass a duration above 0, or leave MaxWait out", d))
	}
	return func(_ *int, maxWait *time.Duration) { *maxWait = d }
}

const defaultMaxWait = 50 * time.Millisecond

// Name returns the name that the loader was made with.
func (l *Loader[K, V]) Name() string { return l.name }
