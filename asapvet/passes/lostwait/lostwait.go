// Package lostwait finds Waits whose error is lost.
package lostwait

import (
	"go/ast"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/edit"
	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Analyzer reports Waits whose error nobody sees.
var Analyzer = check.New(check.Check{
	Name: "lostwait",
	Doc: `report Waits whose error is lost

A deferred g.Wait() drops the error, and does not cancel what still runs when the
function fails: that is what Stop is for. g.Wait() as a statement drops the error of a
group of which no result is read either.`,
	Imports:  []string{check.Asap},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run:      run,
})

func run(pass *analysis.Pass) error {
	for _, u := range handles.Of(pass).Units {
		for _, op := range u.Ops {
			g := op.Group()
			if g == nil || op.Callee.Path != check.Asap || op.Callee.Name != "Wait" || g.Escapes || g.Settled || g.Unknown || g.Made != "New" {
				continue
			}
			d := analysis.Diagnostic{Pos: op.Call.Pos(), End: op.Call.End()}
			edit.Messagef(&d, "the error of %s.Wait is lost; use \"defer %s.Stop()\" or return it", g.Name(), g.Name())
			switch u.Parent(op.Call).(type) {
			case *ast.DeferStmt:
				if sel, ok := op.Call.Fun.(*ast.SelectorExpr); ok && !otherEnd(u, op) {
					d.SuggestedFixes = []analysis.SuggestedFix{edit.Replace(sel.Sel, "Stop")}
				}
				pass.Report(d)
			case *ast.ExprStmt:
				if !read(u, g) && !otherEnd(u, op) {
					pass.Report(d)
				}
			}
		}
	}
	return nil
}

// otherEnd reports whether there is a further Wait of the group of op.
func otherEnd(u *handles.Unit, op *handles.Op) bool {
	for _, o := range u.Ops {
		if o != op && o.Group() == op.Group() && o.Callee.Name == "Wait" {
			return true
		}
	}
	return false
}

// read reports whether somebody may look at what became of the tasks of g, or
// none of them fails.
func read(u *handles.Unit, g *handles.Group) bool {
	fails := false
	for _, t := range u.Tasks {
		if t.Group == g && t.Escapes {
			return true
		}
		fails = fails || t.Group == g && !t.Succeeds()
	}
	if !fails {
		return true // there is no error
	}
	for _, x := range u.Exits {
		if x.Group == g {
			return true
		}
	}
	for _, op := range u.Ops {
		if t := op.Task(); t != nil && t.Group == g {
			switch op.Callee.Name {
			case "Value", "Result", "Err":
				return true
			case "Await":
				if op.Fn.Enclosing() == g.Fn.Enclosing() {
					return true
				}
			}
		}
	}
	return false
}
