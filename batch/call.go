package batch

import (
	"context"
	"errors"

	"github.com/asap-go/asap/internal/engine"
)

// call is one call of a loader's fetch, and the record of the task that it is.
type call[K comparable, V any] struct {
	node     engine.Node
	loader   *Loader[K, V]
	keys     []K // under the mu of the loader, until the body has taken them
	held     engine.Held
	declared chan struct{} // closed once the node is declared, or it was too late for that
	tooLate  bool          // written before
}

// declare is called by the one who has made the call, with no lock held, as observers
// may be told. Others may have added keys, and wait for this.
func (c *call[K, V]) declare() {
	defer close(c.declared)
	c.tooLate = true // also if it panics
	l := c.loader
	if c.tooLate = !l.group.Hold(&c.node, &c.held, l.maxWait); c.tooLate {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.open == c {
			l.open = nil // it would keep the keys
		}
	}
}

// Call is the body of the task. An Around may call it again, or at once: the answers of
// the first call that has succeeded are kept. While fetch runs the body counts as one
// that waits: others need not wait for it to ask.
func (c *call[K, V]) Call(ctx context.Context) error {
	keys := c.take()
	if len(keys) == 0 {
		return nil // who has asked has gone without an answer
	}
	var values map[K]V
	err := engine.Rest(&c.node, func() (err error) {
		values, err = c.loader.fetch(ctx, keys)
		return err
	})
	own, isOwn := errors.AsType[Errors[K]](err)
	if err != nil && !isOwn {
		return err
	}
	if engine.KindOf(&c.node)&engine.Wrapped != 0 {
		if !engine.BeginKeep(&c.node) {
			return nil
		}
		defer engine.EndKeep(&c.node)
	}
	c.keep(values, own)
	return nil
}

// take closes the call for more keys, drops those whose askers have left, and returns
// the others.
func (c *call[K, V]) take() []K {
	l := c.loader
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == c {
		l.open = nil
	}
	keys := make([]K, 0, len(c.keys))
	for _, key := range c.keys {
		switch e := l.entries[key]; {
		case e == nil || e.call != c: // it was dropped before
		case e.askers == 0:
			delete(l.entries, key)
		default:
			keys = append(keys, key)
		}
	}
	return keys
}

// keep notes the answers, each for who asks for its key once the node is done. It goes
// by the keys that were asked for: those that fetch was given it may have written to.
func (c *call[K, V]) keep(values map[K]V, own Errors[K]) {
	l := c.loader
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range c.keys {
		e := l.entries[key]
		if e == nil || e.call != c {
			continue // dropped: nobody waits for it here
		}
		v, ok := values[key]
		switch err := own[key]; {
		case err != nil:
			e.err = err
		case ok:
			e.value = v
		default:
			e.err = ErrMissing
		}
	}
}

// Dep and Drop are what an engine.Body has besides: no dependencies, and nothing that
// a call keeps.
func (c *call[K, V]) Dep(int) *engine.Node { return nil }
func (c *call[K, V]) Drop(bool)            {}

var _ engine.Body = (*call[string, int])(nil)
