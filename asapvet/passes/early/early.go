// Package early finds values that are read before they can be there.
package early

import (
	"go/ast"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/edit"
	"github.com/asap-go/asap/asapvet/internal/handles"
	"github.com/asap-go/asap/asapvet/internal/order"
)

// Analyzer reports Value, Result, Err and Get where they panic.
var Analyzer = check.New(check.Check{
	Name: "early",
	Doc: `report values that are read before they can be there

Value, Result and Err panic before the end of the group, also of a task that is done;
Value panics as well if the task failed, so the error of Wait is looked at first, or in a
settled group the Result. Get reads what the body needs, and panics for all else.`,
	Imports:  []string{check.Asap},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			r := &reader{pass: pass, unit: u, order: order.Of(pass.TypesInfo, u), flows: map[*handles.Group]*flow{}}
			for _, op := range u.Ops {
				r.judge(op)
			}
			r.returned()
		}
		return nil
	},
})

type reader struct {
	pass  *analysis.Pass
	unit  *handles.Unit
	order *order.Order
	flows map[*handles.Group]*flow
}

func (r *reader) judge(op *handles.Op) {
	t := op.Task()
	if t == nil || op.Callee.Path != check.Asap || op.Callee.Recv != "Task" || t.Escapes || t.Group == nil || t.Group.Escapes {
		return
	}
	call := op.Callee.Name
	if call == "Get" {
		r.get(op, t)
		return
	}
	if call != "Value" && call != "Result" && call != "Err" || t.Method == "Input" {
		return
	}
	g := t.Group
	report := func(why string) {
		d := analysis.Diagnostic{Pos: op.Call.Pos(), End: op.Call.End()}
		edit.Messagef(&d, "%s.%s is read %s", t.Name(), call, why)
		r.pass.Report(d)
	}
	if inBodyOf(op.Fn, g) {
		report("in a body of its group, where it panics; await it, or declare it with Needs and Get it")
		return
	}
	switch g.Made {
	case "Run":
		switch {
		case op.Fn.RunsIn(g.Fn) && !op.Fn.DeferredIn(g.Fn):
			report("before the end of the group; a task that still runs panics here: read it in the function that is returned")
		case call == "Value" && g.Settled && !r.lookedAt(t) && inAfter(op.Fn, g):
			report("in a settled group without its Result; if the task failed this panics")
		}
	case "New":
		if !op.Fn.RunsIn(g.Fn) || op.Fn.DeferredIn(g.Fn) {
			return
		}
		f := r.flows[g]
		if f == nil {
			f = newFlow(r.pass.TypesInfo, r.order, g)
			r.flows[g] = f
		}
		s := f.at(op.Call)
		switch {
		case s&open != 0 && (s == open || r.isPlain(op.Call, g)):
			report("before " + g.Name() + ".Wait; a task that still runs panics here")
		case call != "Value" || t.Optional || r.lookedAt(t):
		case s&unchecked != 0 && g.Settled:
			report("in a settled group without its Result; if the task failed this panics")
		case s&unchecked != 0:
			report("after " + g.Name() + ".Wait, whose error was not checked; if the task failed this panics")
		case s&failed != 0 && s&passed != 0 && r.isPlain(op.Call, g):
			report("also when " + g.Name() + ".Wait failed; if the task failed this panics")
		}
	}
}

// returned reports tasks of settled groups whose Value is what Run returns.
func (r *reader) returned() {
	for _, t := range r.unit.Tasks {
		g := t.Group
		if g == nil || g.Escapes || t.Escapes || g.Made != "Run" || !g.Settled || t.Var == nil || t.Optional || r.lookedAt(t) {
			continue
		}
		for _, id := range r.unit.Uses(t.Var) {
			sel, ok := r.unit.Parent(id).(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Value" {
				continue
			}
			if _, ok := r.unit.Parent(sel).(*ast.ReturnStmt); ok {
				d := analysis.Diagnostic{Pos: sel.Pos(), End: sel.End()}
				edit.Messagef(&d, "%s.Value is read in a settled group without its Result; if the task failed this panics", t.Name())
				r.pass.Report(d)
			}
		}
	}
}

// lookedAt reports whether something else than its Value is asked of t.
func (r *reader) lookedAt(t *handles.Task) bool {
	if t.Group.Settled && t.Succeeds() {
		return true
	}
	for _, op := range r.unit.Ops {
		if op.Task() != t {
			continue
		}
		switch op.Callee.Name {
		case "Result", "Err":
			return true
		case "Await":
			if op.Fn.Enclosing() == t.Fn.Enclosing() {
				return true
			}
		}
	}
	return false
}

// isPlain reports whether n runs whenever the statements in which g is made do: no
// condition is around it that may be the one which decides whether Wait was called.
func (r *reader) isPlain(n ast.Node, g *handles.Group) bool {
	list := r.unit.Parent(edit.Statement(r.unit, g.Defs[0]))
	for n != nil && n != list {
		switch n.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			if parent := r.unit.Parent(n); parent != list {
				return false
			}
		case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
			return false
		}
		n = r.unit.Parent(n)
	}
	return n != nil
}

// get judges a Get of t.
func (r *reader) get(op *handles.Op, t *handles.Task) {
	if t.Method == "Define" && op.Fn.RunsIn(t.Group.Fn) {
		return // defineawait
	}
	if t.Group.Made == "Define" && op.Fn.RunsIn(t.Group.Fn) {
		return
	}
	inner := ""
	for f := op.Fn; f != nil; f = f.Parent {
		if f.Role == handles.Other {
			return
		}
		if f.Role != handles.InBody {
			continue
		}
		b := f.Body
		if b == nil || b.Task == nil || b.Task.Unknown || b.Task.Escapes {
			return
		}
		if inner == "" {
			inner = b.Task.Name()
		}
		if b.Task == t {
			break
		}
		for _, e := range b.Task.Edges {
			if e.To == t && e.Read {
				return
			}
		}
	}
	d := analysis.Diagnostic{Pos: op.Call.Pos(), End: op.Call.End()}
	if inner == "" {
		edit.Messagef(&d, "%s.Get is called in no body, where it panics; use Await, or Value after the end", t.Name())
	} else {
		edit.Messagef(&d, "%s.Get in the body of task %s, which does not need it, panics; declare it with Needs(%s)", t.Name(), inner, t.Name())
	}
	r.pass.Report(d)
}

func inBodyOf(f *handles.Fn, g *handles.Group) bool {
	for ; f != nil; f = f.Parent {
		if f.Role == handles.InBody && f.Body != nil && f.Body.Group == g {
			return true
		}
	}
	return false
}

func inAfter(f *handles.Fn, g *handles.Group) bool {
	for ; f != nil; f = f.Parent {
		if f.Role == handles.After {
			return f.Group == g
		}
	}
	return false
}
