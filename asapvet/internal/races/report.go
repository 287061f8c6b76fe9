package races

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Diagnostic returns the report of r.
func (r Race) Diagnostic(pass *analysis.Pass, u *handles.Unit) analysis.Diagnostic {
	name := r.Var.Name()
	d := analysis.Diagnostic{Pos: r.A.ID.Pos(), End: r.A.ID.End()}
	name += strings.NewReplacer("*", "", "[]", "").Replace(r.Path)
	advice := "declare it in the bodies, or return it as the task's value"
	if r.InA.Task == nil {
		advice = "declare it in the bodies, or guard it"
	}
	a := describe(pass, r.InA)
	switch {
	case r.InB == r.InA:
		d.Message = fmt.Sprintf("%s is assigned in %s, which runs several times at once; %s", name, a, advice)
	case r.InB != nil && r.B.Write:
		d.Message = fmt.Sprintf("%s is assigned in %s and %s at the same time; %s", name, a, describe(pass, r.InB), advice)
	case r.InB != nil:
		d.Message = fmt.Sprintf("%s is assigned in %s and read in %s at the same time; %s", name, a, describe(pass, r.InB), advice)
	case r.B.Write:
		d.Message = fmt.Sprintf("%s is assigned in %s and at line %d at the same time; %s", name, a, pass.Fset.Position(r.B.ID.Pos()).Line, advice)
	default:
		d.Message = fmt.Sprintf("%s is assigned in %s and read at line %d at the same time; %s", name, a, pass.Fset.Position(r.B.ID.Pos()).Line, advice)
	}
	d.Related = []analysis.RelatedInformation{{Pos: r.B.ID.Pos(), End: r.B.ID.End(), Message: "and here"}}
	if fix, ok := declareInBodies(pass.TypesInfo, u, r.Var); ok {
		d.SuggestedFixes = []analysis.SuggestedFix{fix}
	}
	return d
}

func describe(pass *analysis.Pass, b *handles.Body) string {
	if b.Task != nil {
		return "task " + b.Name()
	}
	return fmt.Sprintf("the body at line %d", pass.Fset.Position(b.Call.Pos()).Line)
}

// declareInBodies returns the fix that declares v in each body that assigns it,
// if nothing is left of the outer one: it is mentioned nowhere but where it is
// declared, in statements before, and in the bodies, each of which begins by
// assigning it alone.
func declareInBodies(info *types.Info, u *handles.Unit, v *types.Var) (analysis.SuggestedFix, bool) {
	fix := analysis.SuggestedFix{Message: "Declare " + v.Name() + " in the bodies"}
	done := map[*handles.Body]bool{}
	first := token.NoPos
	for _, id := range u.Uses(v) {
		if info.Defs[id] != nil {
			continue
		}
		b := u.FnOf(id).Enclosing()
		if b == nil || b.Fn == nil || b.Fn.Node.Pos() <= v.Pos() {
			if first.IsValid() {
				return fix, false // it may be read after the bodies
			}
			continue
		}
		if !first.IsValid() {
			first = b.Call.Pos()
		}
		if done[b] {
			continue
		}
		done[b] = true
		assign, ok := u.Parent(id).(*ast.AssignStmt)
		if !ok || assign.Tok != token.ASSIGN || len(assign.Lhs) != 1 || assign.Lhs[0] != id || u.Parent(assign) != b.Fn.Block() {
			return fix, false
		}
		fix.TextEdits = append(fix.TextEdits, analysis.TextEdit{Pos: assign.TokPos, End: assign.TokPos + 1, NewText: []byte(":=")})
	}
	// The declaration would be unused, unless something before the bodies uses it.
	return fix, len(fix.TextEdits) > 0 && usedBefore(info, u, v, first)
}

func usedBefore(info *types.Info, u *handles.Unit, v *types.Var, first token.Pos) bool {
	for _, id := range u.Uses(v) {
		if id.Pos() >= first || info.Defs[id] != nil {
			continue
		}
		if a, ok := u.Parent(id).(*ast.AssignStmt); ok {
			left := false
			for _, l := range a.Lhs {
				left = left || l == id
			}
			if left {
				continue
			}
		}
		return true
	}
	return isParam(u, v)
}

func isParam(u *handles.Unit, v *types.Var) bool {
	for _, f := range u.Fns {
		if t := f.Type(); t.Pos() <= v.Pos() && v.Pos() < t.End() {
			return true
		}
	}
	return false
}
