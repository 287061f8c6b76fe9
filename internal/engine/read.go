package engine

import "context"

// MayRead reports whether the body that ctx belongs to needs the value of n: it, or
// a body around its group, was declared so. by is that body, nil if there is none.
func MayRead(ctx context.Context, n *Node) (by *Node, ok bool) {
	by = callerOf(ctx)
	for b := by; b != nil; b = b.group.owner.Load() {
		if b.group == n.group {
			return by, b.reads(n)
		}
	}
	return by, false
}

// reads reports whether n's body may read the value of d: n, or what it is a part of,
// was declared so. Its body runs, so what it depends on is there; what it is a part of
// may have ended, for another part has failed, so a part knows that by itself.
func (n *Node) reads(d *Node) bool {
	if o := n.options(); o != nil {
		l := o.find(d)
		return l != nil && l.Read
	}
	dep := n.body.Dep
	if b, ok := n.body.(Expander); ok {
		dep = b.Input
	}
	for i := 0; ; i++ {
		switch dep(i) {
		case nil:
			return false
		case d:
			return true
		}
	}
}

// valuesKey is the key under which the context of a body that runs on another
// engine has what the body may read.
type valuesKey struct{}

type travelers struct {
	task   string
	values map[*Node]any
}

// WithValues returns a context with the values that the body of a task may read, for
// one that does not run as a node's.
func WithValues(ctx context.Context, task string, values map[*Node]any) context.Context {
	return context.WithValue(ctx, valuesKey{}, &travelers{task, values})
}

// Traveled returns the value of n that WithValues has given ctx, and the name of the
// task, "" if ctx is of no such body.
func Traveled(ctx context.Context, n *Node) (v any, task string, ok bool) {
	t, _ := ctx.Value(valuesKey{}).(*travelers)
	if t == nil {
		return nil, "", false
	}
	v, ok = t.values[n]
	return v, t.task, ok
}
