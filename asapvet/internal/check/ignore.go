package check

import (
	"go/ast"
	"go/token"
	"strings"
)

// An Ignore is a comment
//
//	//asapvet:ignore name reason
//
// which silences the check of that name on its own line and on the next one. Without
// a reason it silences nothing.
type Ignore struct {
	Name   string
	Reason string
	Pos    token.Pos
	Line   int
}

// Covers reports whether i silences a report of the check at line of its file.
func (i Ignore) Covers(check string, line int) bool {
	return i.Name == check && i.Reason != "" && (line == i.Line || line == i.Line+1)
}

// Ignores returns the ignore comments of file, also those without a reason.
func Ignores(fset *token.FileSet, file *ast.File) []Ignore {
	var all []Ignore
	for _, d := range Directives(fset, file, "ignore") {
		name, reason, _ := strings.Cut(d.Text, " ")
		all = append(all, Ignore{name, strings.TrimSpace(reason), d.Pos, d.Line})
	}
	return all
}

// A Directive is a comment //asapvet:verb text.
type Directive struct {
	Text string
	Pos  token.Pos
	Line int
}

// Directives returns those of file with the verb: ignore, outer, seq, read and so on.
func Directives(fset *token.FileSet, file *ast.File, verb string) []Directive {
	var all []Directive
	for _, group := range file.Comments {
		for _, c := range group.List {
			text, ok := strings.CutPrefix(c.Text, "//asapvet:"+verb)
			if !ok || text != "" && text[0] != ' ' && text[0] != '\t' {
				continue
			}
			all = append(all, Directive{strings.TrimSpace(text), c.Pos(), fset.Position(c.Pos()).Line})
		}
	}
	return all
}
