package batch

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/engine"
)

// entry is a key that was asked for. Under the mu of the loader, but for value and err,
// which are written before the node of the call is done and read afterwards.
type entry[K comparable, V any] struct {
	call   *call[K, V]
	askers int // who have not got an answer yet
	value  V
	err    error
}

// Get returns the value of key. It blocks until the call that fetches it is done, which
// goes out when everybody who could still ask has asked: when all bodies of the loader's
// group and of those nested in it that have begun wait for a task, a nested group or a
// call. A key that was asked for before is not fetched again.
//
// ctx says who waits, as in [asap.Task.Await]: with that of a body the wait is the
// body's, which holds no slot meanwhile, and it ends early with the cause of ctx. With a
// context of no body, or of one outside of the loader's group, the call goes out at once.
// After the group's end only values are given that are there; others are
// [asap.ErrSkipped].
//
// The error is a [*KeyError] if it is the key's own, and else that of the call's task.
// A goroutine that a body has started is asking in its body's name, which counts as one
// that waits from then on: to ask for several keys at once there is [Loader.GetAll].
func (l *Loader[K, V]) Get(ctx context.Context, key K) (V, error) {
	if ctx == nil {
		panic("asap: Get of batch " + l.name + " with a nil context; pass the body's")
	}
	l.checkKey("Get", key)
	return l.wait(ctx, key, l.ask(ctx, key))
}

// GetAll returns the values of keys in their order, or the error of the first key that
// has one. It is Get of all of them at once.
func (l *Loader[K, V]) GetAll(ctx context.Context, keys []K) ([]V, error) {
	if ctx == nil {
		panic("asap: GetAll of batch " + l.name + " with a nil context; pass the body's")
	}
	for _, key := range keys {
		l.checkKey("GetAll", key)
	}
	asked := make([]*entry[K, V], len(keys))
	for i, key := range keys {
		asked[i] = l.ask(ctx, key)
	}
	values := make([]V, len(keys))
	var first error
	for i, key := range keys {
		v, err := l.wait(ctx, key, asked[i])
		if err != nil && first == nil {
			first = err
		}
		values[i] = v
	}
	if first != nil {
		return nil, first
	}
	return values, nil
}

// checkKey panics if key cannot be one, as a value of an interface type may be, and does
// so where no lock is held.
func (l *Loader[K, V]) checkKey(call string, key K) {
	if l.loose && !reflect.ValueOf(any(key)).Comparable() {
		panic(fmt.Sprintf("asap: %s of batch %s with a key of type %T, which is not comparable; ask by a value that is", call, l.name, key))
	}
}

// mayNotCompare reports whether values of t, which is comparable, may panic when they are
// compared: whether there is an interface in it.
func mayNotCompare(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Array:
		return mayNotCompare(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if mayNotCompare(f.Type) {
				return true
			}
		}
	}
	return false
}

// ask puts key into the call that is open, unless it was asked for before, and returns
// its entry, which counts the caller. It is nil for a key that is or has a NaN: no map
// finds that.
func (l *Loader[K, V]) ask(ctx context.Context, key K) *entry[K, V] {
	if same := key; key != same {
		return nil
	}
	l.mu.Lock()
	e := l.entries[key]
	if e != nil {
		e.askers++
		l.mu.Unlock()
		return e
	}
	c := l.open
	isNew := c == nil || engine.IsDone(&c.node)
	if isNew {
		c = &call[K, V]{loader: l, declared: make(chan struct{})}
		engine.Init(&c.node, l.group, l.name, c, engine.MayFail)
		l.open = c
	}
	e = &entry[K, V]{call: c, askers: 1}
	l.entries[key] = e
	c.keys = append(c.keys, key)
	isFull := len(c.keys) == l.maxSize
	if isFull {
		l.open = nil
	}
	l.mu.Unlock()
	if isNew {
		c.declare()
	} else {
		<-c.declared
	}
	if isFull || !l.group.IsCounted(ctx) {
		c.held.Begin()
	}
	return e
}

// wait returns the answer that e has once its call is done.
func (l *Loader[K, V]) wait(ctx context.Context, key K, e *entry[K, V]) (v V, err error) {
	if e == nil {
		return v, &KeyError{Batch: l.name, Key: key, Err: ErrMissing}
	}
	defer l.leave(key, e)
	c := e.call
	<-c.declared
	if c.tooLate {
		return v, &KeyError{Batch: l.name, Key: key, Err: endedError{}}
	}
	if err := engine.Await(&c.node, ctx); err != nil {
		return v, err
	}
	if f := engine.FailureOf(&c.node); f != nil {
		return v, f.Err
	}
	if e.err != nil {
		return v, &KeyError{Batch: l.name, Key: key, Err: e.err}
	}
	return e.value, nil
}

// leave counts off who has got an answer, or has gone without. Of a key whose call came
// too late nothing is kept.
func (l *Loader[K, V]) leave(key K, e *entry[K, V]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.askers--
	if e.call.tooLate && l.entries[key] == e {
		delete(l.entries, key)
	}
}

// KeyError is the error of one key.
type KeyError struct {
	Batch string // the name of the loader
	Key   any
	Err   error // ErrMissing, or what fetch has said of the key
}

func (e *KeyError) Error() string {
	if e.Err == ErrMissing {
		return fmt.Sprintf("%s[%v]: missing", e.Batch, e.Key)
	}
	return fmt.Sprintf("%s[%v]: %v", e.Batch, e.Key, e.Err)
}

// Unwrap returns the error of the key.
func (e *KeyError) Unwrap() error { return e.Err }

// ErrMissing is the error of a key for which fetch has returned no value.
var ErrMissing = errors.New("asap: the batch has no value for the key")

// Errors is an error of fetch that says what is wrong with each of some keys.
type Errors[K comparable] map[K]error

func (e Errors[K]) Error() string { return fmt.Sprintf("errors of %d keys", len(e)) }

// endedError is the error of a key that nobody can fetch any more.
type endedError struct{}

func (endedError) Error() string { return "the group has ended" }
func (endedError) Unwrap() error { return asap.ErrSkipped }
