package audit

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/drive"
	"github.com/asap-go/asap/asapvet/internal/load"
)

// Ignore is a comment that silences nothing.
type Ignore struct {
	File string
	Line int
	Text string // what is wrong with it
}

// Ignores returns the comments //asapvet:ignore that silence nothing: nothing is
// reported there, or they have no reason, or name no check.
func Ignores(cfg Config, checks []*analysis.Analyzer) ([]Ignore, error) {
	prog, err := load.Load(load.Config{Dir: cfg.Dir, Tags: cfg.Tags, Tests: cfg.Tests}, cfg.Patterns...)
	if err != nil {
		return nil, err
	}
	root, err := filepath.Abs(cmp.Or(cfg.Dir, "."))
	if err != nil {
		return nil, err
	}
	a := &audit{root: root}
	type comment struct {
		check.Ignore
		file string
		pkg  *load.Package
		used bool
	}
	var all []*comment
	for _, p := range prog.Packages {
		for _, f := range p.Files {
			for _, i := range check.Ignores(prog.Fset, f) {
				all = append(all, &comment{Ignore: i, file: prog.Fset.Position(i.Pos).Filename, pkg: p})
			}
			for _, group := range f.Comments { // so that the checks speak
				for _, c := range group.List {
					for _, i := range all {
						if i.Pos == c.Pos() {
							c.Text = "//"
						}
					}
				}
			}
		}
	}
	failed := make(map[*load.Package]bool)
	for _, r := range drive.Run(prog, checks...) {
		if r.Err != nil {
			failed[r.Package] = true
		}
		for _, d := range r.Diagnostics {
			at := prog.Fset.Position(d.Pos)
			for _, i := range all {
				if i.file == at.Filename && i.Covers(r.Analyzer.Name, at.Line) {
					i.used = true
				}
			}
		}
	}
	var list []Ignore
	for _, i := range all {
		text := ""
		known := slices.ContainsFunc(checks, func(a *analysis.Analyzer) bool { return a.Name == i.Name })
		switch {
		case i.Name == "":
			text = "names no check, and silences nothing"
		case !known:
			text = fmt.Sprintf("there is no check %s", i.Name)
		case i.Reason == "":
			text = fmt.Sprintf("silences %s only with a reason", i.Name)
		case !i.used && !failed[i.pkg]:
			text = fmt.Sprintf("%s reports nothing here", i.Name)
			if len(i.pkg.Errors) > 0 {
				text += ", as far as one can see: the package has type errors"
			}
		default:
			continue
		}
		list = append(list, Ignore{a.name(i.file), i.Line, text})
	}
	return list, nil
}
