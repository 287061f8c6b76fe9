// Package closer finds values that are dead when they are read.
package closer

import (
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Analyzer reports tasks whose value has to be closed and is read after the end.
var Analyzer = check.New(check.Check{
	Name: "closer",
	Doc: `report values with Close that are read after the group has ended

When a group ends its context is canceled: a response body, rows or a transaction that a
task has begun with it are dead after Wait. Consume them in the task. A hint, off by
default: what was opened without the context lives on.`,
	Imports:  []string{check.Asap},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			for _, op := range u.Ops {
				t := op.Task()
				if t == nil || t.Escapes || t.Method == "Input" || op.Callee.Recv != "Task" || op.Callee.Name != "Value" {
					continue
				}
				if typ := pass.TypesInfo.TypeOf(op.Call); closes(typ) {
					pass.Reportf(op.Call.Pos(), "%s has to be closed, and the context that task %s opened it with has ended with the group; consume it in the task", types.TypeString(typ, types.RelativeTo(pass.Pkg)), t.Name())
				}
			}
		}
		return nil
	},
})

func closes(t types.Type) bool {
	if t == nil {
		return false
	}
	if p, ok := t.(*types.Pointer); ok {
		if n, ok := types.Unalias(p.Elem()).(*types.Named); ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "net/http" && n.Obj().Name() == "Response" {
			return true
		}
	}
	obj, _, _ := types.LookupFieldOrMethod(t, true, nil, "Close")
	_, ok := obj.(*types.Func)
	return ok
}
