// Package asap has the signatures of asap, without what they do.
package asap

import (
	"context"
	"time"
)

type Group struct{ _ int }

type (
	Task[T any]       struct{ _ T }
	And2[A, B any]    struct{ _ int }
	And3[A, B, C any] struct{ _ int }
	Exit[R any]       struct{ _ R }
	Option            interface{ Apply(*config) }
	TaskOption        interface {
		MapOption
		ApplyTask(*config)
	}
	MapOption     interface{ ApplyMap(*config) }
	config        struct{}
	option        struct{}
	Result[T any] struct {
		Value T
		Err   error
	}
	Dep interface {
		Name() string
		Err() error
		core() int
	}
)

func (option) Apply(*config)     {}
func (option) ApplyTask(*config) {}
func (option) ApplyMap(*config)  {}

func New(ctx context.Context, options ...Option) *Group { return nil }

func Run[T any](ctx context.Context, build func(*Group) func() T, options ...Option) (v T, err error) {
	return
}

func Blocking(ctx context.Context, fn func() error) error { return nil }
func Cause(err error) error                               { return nil }
func Plain[T any](value T, err error) (T, error)          { return value, err }

func Settled() Option         { return option{} }
func Name(name string) Option { return option{} }
func Limit(n int) interface {
	Option
	MapOption
} {
	return option{}
}
func SharedLimit(n int) interface {
	Option
	TaskOption
} {
	return option{}
}
func Around(wrap func(ctx context.Context, task string, body func(context.Context) error) error) interface {
	Option
	TaskOption
} {
	return option{}
}

func Needs(deps ...Dep) TaskOption       { return option{} }
func After(deps ...Dep) TaskOption       { return option{} }
func AfterEnd(deps ...Dep) TaskOption    { return option{} }
func MayFail() TaskOption                { return option{} }
func When(cond bool) TaskOption          { return option{} }
func Timeout(d time.Duration) TaskOption { return option{} }
func Within(d time.Duration) TaskOption  { return option{} }

func (g *Group) Wait() error { return nil }
func (g *Group) Stop()       {}

func (g *Group) Go[T any](name string, fn func(context.Context) (T, error), options ...TaskOption) *Task[T] {
	return nil
}
func (g *Group) Do(name string, fn func(context.Context) error, options ...TaskOption) *Task[struct{}] {
	return nil
}
func (g *Group) Optional[T any](name string, fn func(context.Context) (T, error), options ...TaskOption) *Task[Result[T]] {
	return nil
}
func (g *Group) Input[T any](name string, v T) *Task[T]                  { return nil }
func (g *Group) Gather[T any](name string, tasks ...*Task[T]) *Task[[]T] { return nil }
func (g *Group) Map[S ~[]E, E, U any](name string, in *Task[S], fn func(context.Context, E) (U, error), options ...MapOption) *Task[[]U] {
	return nil
}
func (g *Group) MapOptional[S ~[]E, E, U any](name string, in *Task[S], fn func(context.Context, E) (U, error), options ...MapOption) *Task[[]Result[U]] {
	return nil
}
func (g *Group) Race[T any](name string, fns ...func(context.Context) (T, error)) *Task[T] {
	return nil
}
func (g *Group) NewExit[R any]() *Exit[R] { return nil }

func (e *Exit[R]) With(value R) error    { return nil }
func (e *Exit[R]) Value() (v R, ok bool) { return }

func (t *Task[T]) Then[U any](name string, fn func(context.Context, T) (U, error), options ...TaskOption) *Task[U] {
	return nil
}
func (t *Task[T]) Do(name string, fn func(context.Context, T) error, options ...TaskOption) *Task[struct{}] {
	return nil
}
func (t *Task[T]) Optional[U any](name string, fn func(context.Context, T) (U, error), options ...TaskOption) *Task[Result[U]] {
	return nil
}
func (t *Task[T]) Race[U any](name string, fns ...func(context.Context, T) (U, error)) *Task[U] {
	return nil
}
func (t *Task[T]) And[U any](u *Task[U]) And2[T, U]                          { return And2[T, U]{} }
func (t *Task[T]) Undo(fn func(ctx context.Context, value T) error) *Task[T] { return t }
func (t *Task[T]) Await(ctx context.Context) (v T, err error)                { return }
func (t *Task[T]) Get(ctx context.Context) (v T)                             { return }
func (t *Task[T]) Value() (v T)                                              { return }
func (t *Task[T]) Result() (r Result[T])                                     { return }
func (t *Task[T]) Err() error                                                { return nil }
func (t *Task[T]) Name() string                                              { return "" }
func (t *Task[T]) core() int                                                 { return 0 }

func (r Result[T]) Or(def T) T      { return def }
func (r Result[T]) Get() (T, error) { return r.Value, r.Err }

func (d And2[A, B]) Then[R any](name string, fn func(context.Context, A, B) (R, error), options ...TaskOption) *Task[R] {
	return nil
}
func (d And2[A, B]) Do(name string, fn func(context.Context, A, B) error, options ...TaskOption) *Task[struct{}] {
	return nil
}
func (d And2[A, B]) Optional[R any](name string, fn func(context.Context, A, B) (R, error), options ...TaskOption) *Task[Result[R]] {
	return nil
}
func (d And2[A, B]) Race[R any](name string, fns ...func(context.Context, A, B) (R, error)) *Task[R] {
	return nil
}
func (d And2[A, B]) And[C any](u *Task[C]) And3[A, B, C] { return And3[A, B, C]{} }

func (d And3[A, B, C]) Then[R any](name string, fn func(context.Context, A, B, C) (R, error), options ...TaskOption) *Task[R] {
	return nil
}
func (d And3[A, B, C]) Do(name string, fn func(context.Context, A, B, C) error, options ...TaskOption) *Task[struct{}] {
	return nil
}
func (d And3[A, B, C]) Optional[R any](name string, fn func(context.Context, A, B, C) (R, error), options ...TaskOption) *Task[Result[R]] {
	return nil
}
func (d And3[A, B, C]) Race[R any](name string, fns ...func(context.Context, A, B, C) (R, error)) *Task[R] {
	return nil
}
