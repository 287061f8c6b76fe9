// Package races finds variables that bodies which can run at the same time use.
package races

import (
	"go/ast"
	"go/types"

	"github.com/asap-go/asap/asapvet/internal/handles"
	"github.com/asap-go/asap/asapvet/internal/order"
)

// A Race is two uses of a variable that nothing puts in an order.
type Race struct {
	Var  *types.Var
	A    order.Access // in a body; it writes, if only one of them does
	B    order.Access // in a body, or beside it in the function that declares A's
	InA  *handles.Body
	InB  *handles.Body // nil if B is in that function
	Path string
}

// Find returns the races of variables between bodies of errgroups, or of groups of
// asap, one for each variable and field.
func Find(o *order.Order, errgroup bool) []Race {
	f := &finder{Order: o, errgroup: errgroup, tools: map[*handles.Fn]order.Tools{}}
	uses := map[*types.Var][]order.Access{}
	var vars []*types.Var
	for _, a := range o.Accesses() {
		if uses[a.Var] == nil {
			vars = append(vars, a.Var)
		}
		uses[a.Var] = append(uses[a.Var], a)
	}
	var all []Race
	for _, v := range vars {
		all = append(all, f.of(v, uses[v])...)
	}
	return all
}

type finder struct {
	*order.Order
	errgroup bool
	tools    map[*handles.Fn]order.Tools
}

func (f *finder) of(v *types.Var, uses []order.Access) []Race {
	var all []Race
	seen := map[string]bool{}
	for _, bothWrite := range []bool{true, false} {
		for _, a := range uses {
			if !a.Write || seen[a.Path] {
				continue
			}
			in := f.body(a.Fn)
			if in == nil || within(v, in) {
				continue
			}
			for _, b := range uses {
				if bothWrite && !b.Write || !a.Conflicts(b) {
					continue
				}
				if r, ok := f.race(v, a, b, in); ok {
					seen[a.Path] = true
					all = append(all, r)
					break
				}
			}
		}
	}
	return all
}

func (f *finder) race(v *types.Var, a, b order.Access, in *handles.Body) (Race, bool) {
	r := Race{Var: v, A: a, B: b, InA: in, Path: a.Path}
	if f.isOther(a.Fn) || f.isOther(b.Fn) {
		return r, false
	}
	other := f.body(b.Fn)
	if other != nil && !within(v, other) {
		r.InB = other
		if !f.AtOnce(in, other, v) {
			return r, false
		}
		ta, tb := f.toolsOf(in.Fn), f.toolsOf(other.Fn)
		if in == other {
			return r, !(ta.Locks || ta.Sends && (ta.Receives || ta.Done))
		}
		if !b.Write && tb.Done || !a.Write && ta.Done {
			return r, false // reads when the group has ended
		}
		return r, !ta.Ordered(tb)
	}
	d := f.Declarer(in, b.Fn)
	if d == nil || within(v, d) {
		return r, false
	}
	return r, f.During(d, b.ID, v) && !f.toolsOf(in.Fn).Ordered(f.toolsOf(b.Fn.Runs()))
}

// body returns the body whose statements f runs among, nil if it is none of the
// groups that are looked at.
func (f *finder) body(fn *handles.Fn) *handles.Body {
	fn = fn.Runs()
	if fn.Role != handles.InBody || fn.Body == nil || fn.Body.Group == nil || fn.Body.Group.Errgroup != f.errgroup {
		return nil
	}
	return fn.Body
}

// isOther reports whether fn runs nobody knows when.
func (f *finder) isOther(fn *handles.Fn) bool { return fn.Runs().Role == handles.Other }

func (f *finder) toolsOf(fn *handles.Fn) order.Tools {
	t, ok := f.tools[fn]
	if !ok {
		t = f.Tools(fn)
		f.tools[fn] = t
	}
	return t
}

func within(v *types.Var, b *handles.Body) bool {
	var n ast.Node = b.Fn.Node
	return n.Pos() <= v.Pos() && v.Pos() < n.End()
}
