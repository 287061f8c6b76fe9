// Package options finds options that cannot be meant so.
package options

import (
	"go/ast"
	"go/constant"
	"time"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/edit"
	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Analyzer reports options that contradict each other or have no unit.
var Analyzer = check.New(check.Check{
	Name: "options",
	Doc: `report options that contradict each other

Of two Timeouts, Withins or limits the last wins. A Timeout that is not shorter than
the Within of the same task never ends first, an Optional does not fail so that
MayFail has nothing to do, AfterEnd beside Needs or After of the same task adds
nothing, nor does a limit of time beside When(false), and a duration below a
microsecond has lost its unit.`,
	Imports:  []string{check.Asap},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			for _, t := range u.Tasks {
				task(pass, u, t)
			}
			for _, op := range u.Ops {
				if op.Callee.Path == check.Asap && op.Callee.Recv == "" {
					function(pass, op)
				}
			}
		}
		return nil
	},
})

// function judges an option by itself, and those of a group.
func function(pass *analysis.Pass, op *handles.Op) {
	call := op.Call
	switch op.Callee.Name {
	case "Timeout", "Within":
		if d, ok := duration(pass, call); ok && d < time.Microsecond {
			pass.Reportf(call.Args[0].Pos(), "%s(%s) is %v: the unit is missing", op.Callee.Name, text(call.Args[0]), d)
		}
	case "New", "Run":
		first := 1
		if op.Callee.Name == "Run" {
			first = 2
		}
		twice(pass, call.Args[min(first, len(call.Args)):], "Limit", "Name")
	}
}

func twice(pass *analysis.Pass, args []ast.Expr, names ...string) {
	seen := map[string]bool{}
	for _, arg := range args {
		opt, ok := ast.Unparen(arg).(*ast.CallExpr)
		if !ok {
			continue
		}
		c, ok := handles.Callee(pass.TypesInfo, opt)
		if !ok || c.Path != check.Asap {
			continue
		}
		for _, name := range names {
			if c.Name == name {
				if seen[name] {
					pass.Reportf(opt.Pos(), "%s is given twice; the last wins", name)
				}
				seen[name] = true
			}
		}
	}
}

func task(pass *analysis.Pass, u *handles.Unit, t *handles.Task) {
	var args []ast.Expr
	for _, o := range t.Options {
		args = append(args, o.Call)
	}
	twice(pass, args, "Timeout", "Within", "SharedLimit", "Limit")
	var timeout, within *ast.CallExpr
	for _, o := range t.Options {
		switch o.Name {
		case "Timeout":
			timeout = o.Call
		case "Within":
			within = o.Call
		case "MayFail":
			if t.Optional {
				pass.Reportf(o.Call.Pos(), "an Optional does not fail: MayFail beside it does nothing; leave one of them out")
			}
		case "When":
			never(pass, t, o)
		case "AfterEnd":
			afterEnd(pass, u, t, o)
		}
	}
	if timeout != nil && within != nil {
		d, ok := duration(pass, timeout)
		w, ok2 := duration(pass, within)
		if ok && ok2 && d >= w {
			diag := analysis.Diagnostic{Pos: timeout.Pos(), End: timeout.End()}
			edit.Messagef(&diag, "Timeout of %v never ends before Within of %v, which counts from when the group was made", d, w)
			pass.Report(diag)
		}
	}
}

// never reports what a task has of which When(false) leaves nothing.
func never(pass *analysis.Pass, t *handles.Task, when *handles.Option) {
	if len(when.Call.Args) != 1 {
		return
	}
	v := pass.TypesInfo.Types[when.Call.Args[0]].Value
	if v == nil || v.Kind() != constant.Bool || constant.BoolVal(v) {
		return
	}
	for _, o := range t.Options {
		switch o.Name {
		case "Timeout", "Within", "Around", "MayFail":
			pass.Reportf(o.Call.Pos(), "When(false) leaves %s out every time: %s beside it does nothing", t.Name(), o.Name)
			return
		}
	}
}

// afterEnd reports a task that is needed and may end anyhow.
func afterEnd(pass *analysis.Pass, u *handles.Unit, t *handles.Task, o *handles.Option) {
	for _, arg := range o.Call.Args {
		dep, ok := u.Of(arg).(*handles.Task)
		if !ok {
			continue
		}
		n := 0
		for _, e := range t.Edges {
			if e.To == dep {
				n++
			}
		}
		if n > 1 && !twiceIn(u, o.Call, dep) {
			pass.Reportf(arg.Pos(), "%s runs only if %s succeeds: AfterEnd of it adds nothing", t.Name(), dep.Name())
		}
	}
}

func twiceIn(u *handles.Unit, call *ast.CallExpr, t *handles.Task) bool {
	n := 0
	for _, a := range call.Args {
		if u.Of(a) == any(t) {
			n++
		}
	}
	return n > 1
}

// duration returns the constant that call is given.
func duration(pass *analysis.Pass, call *ast.CallExpr) (time.Duration, bool) {
	if len(call.Args) != 1 {
		return 0, false
	}
	v := pass.TypesInfo.Types[call.Args[0]].Value
	if v == nil || v.Kind() != constant.Int {
		return 0, false
	}
	n, ok := constant.Int64Val(v)
	return time.Duration(n), ok
}

func text(e ast.Expr) string {
	if lit, ok := ast.Unparen(e).(*ast.BasicLit); ok {
		return lit.Value
	}
	return "…"
}
