// Package edit makes the small fixes of the checks.
package edit

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Messagef sets the message of d.
func Messagef(d *analysis.Diagnostic, format string, args ...any) {
	d.Message = fmt.Sprintf(format, args...)
}

// Statement returns the statement of a block that n is in, if nothing but that
// statement is around it: nil if it is the condition of an if, say.
func Statement(u *handles.Unit, n ast.Node) ast.Stmt {
	for n != nil {
		parent := u.Parent(n)
		if stmt, ok := n.(ast.Stmt); ok {
			switch parent.(type) {
			case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
				switch stmt.(type) {
				case *ast.AssignStmt, *ast.DeclStmt, *ast.ExprStmt:
					return stmt
				}
			}
			if _, ok := stmt.(*ast.AssignStmt); !ok {
				return nil
			}
			return nil
		}
		n = parent
	}
	return nil
}

// InsertAfter returns the fix that puts text on the line after stmt.
func InsertAfter(fset *token.FileSet, stmt ast.Stmt, text string) analysis.SuggestedFix {
	indent := strings.Repeat("\t", max(fset.Position(stmt.Pos()).Column-1, 0))
	return analysis.SuggestedFix{
		Message:   "Add " + text,
		TextEdits: []analysis.TextEdit{{Pos: stmt.End(), End: stmt.End(), NewText: []byte("\n" + indent + text)}},
	}
}

// Replace returns the fix that puts text in the place of n.
func Replace(n ast.Node, text string) analysis.SuggestedFix {
	return analysis.SuggestedFix{
		Message:   "Replace by " + text,
		TextEdits: []analysis.TextEdit{{Pos: n.Pos(), End: n.End(), NewText: []byte(text)}},
	}
}
