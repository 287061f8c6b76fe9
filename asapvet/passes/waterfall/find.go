package waterfall

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/internal/site"
)

// Find returns the sites of a package, of all tiers, in the order of the source. The
// audit calls it with a table of all packages of a program, which knows more of what
// implements an interface than one of a single package.
func Find(p *effects.Package, table *effects.Table) []*site.Site {
	return newFinder(p, table).sites
}

func newFinder(p *effects.Package, table *effects.Table) *finder {
	f := &finder{p: p, table: table, plans: make(map[*site.Site]plan), taken: make(map[*ast.FuncDecl][]string)}
	for _, file := range p.Files {
		if ast.IsGenerated(file) {
			continue
		}
		f.findFile(file)
	}
	return f
}

// finder looks for sites in one package.
type finder struct {
	p     *effects.Package
	table *effects.Table
	sites []*site.Site
	plans map[*site.Site]plan
	taken map[*ast.FuncDecl][]string // names that fixes have given

	file      *ast.File
	name      string // of the file
	decl      *ast.FuncDecl
	usage     *usage              // of the function's variables, nil until it is asked for
	low       []string            // why the function is LOW as a whole
	exclusive map[*types.Var]bool // made from what one at a time may use
}

func (f *finder) findFile(file *ast.File) {
	f.file, f.name = file, f.p.Fset.Position(file.Package).Filename
	for _, d := range file.Decls {
		d, ok := d.(*ast.FuncDecl)
		if !ok || d.Body == nil {
			continue
		}
		f.decl = d
		f.exclusive = f.exclusiveVars(d)
		f.usage = nil
		f.low = functionLow(f.name, d)
		f.block(d.Body.List, scope{low: f.low})
	}
}

// site makes a site of a run of steps, or nil if there are no two calls that do not
// need each other.
func (f *finder) site(run []*step, tier site.Tier, sc scope) *site.Site {
	for len(run) > 0 && run[len(run)-1].call == nil {
		run = run[:len(run)-1]
	}
	var calls []*callStep
	for _, st := range run {
		if st.call != nil {
			calls = append(calls, st.call)
		}
	}
	if len(calls) < 2 {
		return nil
	}
	s := &site.Site{Kind: site.Sequential, Tier: tier, File: f.name, Func: f.decl.Name.Name, Recv: recvOf(f.decl)}
	s.Pos = run[0].stmt.Pos()
	s.Line = f.line(s.Pos)
	f.depend(s, run)
	s.Level()
	if !f.worth(s, calls, tier) {
		return nil
	}
	for _, c := range calls {
		if c.cheap != "" && tier <= site.Low {
			s.Why = append(s.Why, c.cheap)
		}
	}
	for _, st := range run {
		for _, w := range st.why {
			if !slices.Contains(s.Why, w) {
				s.Why = append(s.Why, w)
			}
		}
	}
	if deep := slices.DeleteFunc(slices.Clone(calls), func(c *callStep) bool { return !c.deep }); len(deep) > 1 && s.Tier > site.Likely {
		s.Tier = site.Likely
		s.Why = append(s.Why, deep[0].name+" and "+deep[1].name+" change what their receivers have, perhaps the same")
	}
	if tier, w := f.inTransaction(calls); w != "" && s.Tier > tier {
		s.Tier = tier
		s.Why = append(s.Why, w)
	}
	if w := f.orderComment(run); w != "" {
		s.Tier = site.Declined
		s.Why = append(s.Why, w)
	}
	if len(sc.declined) > 0 {
		s.Tier = site.Declined
		s.Why = append(s.Why, sc.declined...)
	}
	if len(sc.low) > 0 && s.Tier > site.Low {
		s.Tier = site.Low
		s.Why = append(s.Why, sc.low...)
	}
	if s.Tier > site.Low {
		for _, w := range [...]string{f.writesBack(calls), f.writesRead(calls)} {
			if w != "" {
				s.Tier = site.Low
				s.Why = append(s.Why, w)
			}
		}
	}
	return s
}

// inTransaction says why calls that run on what their context has may do so in a
// transaction, which is for one at a time: somebody calls the function in one, or the
// function is none that reads.
func (f *finder) inTransaction(calls []*callStep) (site.Tier, string) {
	var sessions []*callStep
	for _, c := range calls {
		if c.session {
			sessions = append(sessions, c)
		}
	}
	if len(sessions) < 2 {
		return site.High, ""
	}
	if fn, ok := f.p.Info.Defs[f.decl.Name].(*types.Func); ok && f.table.InTransaction(fn) {
		return site.Low, f.decl.Name.Name + " is called in a transaction, which " + sessions[0].name + " and " + sessions[1].name + " run in then"
	}
	if !readsByName(f.decl.Name.Name) {
		return site.Likely, sessions[0].name + " and " + sessions[1].name + " run in the transaction of their context, if it has one"
	}
	return site.High, ""
}

// depend fills in the calls of a site and what they need of each other.
func (f *finder) depend(s *site.Site, run []*step) {
	taint := make(map[*types.Var]uint64)
	n := 0
	for _, st := range run {
		var in uint64
		for v := range st.reads {
			in |= taint[v]
		}
		if c := st.call; c != nil {
			call := site.Call{Name: c.name, Pos: c.expr.Pos(), End: c.expr.End(), Line: f.line(c.expr.Pos()), Tier: st.tier, Why: c.why}
			for i := range n {
				if in&(1<<i) != 0 {
					call.Needs = append(call.Needs, i)
					call.Uses = append(call.Uses, f.use(c, taint, i))
				}
			}
			s.Calls = append(s.Calls, call)
			for i, v := range c.results {
				if v == c.err {
					continue
				}
				if _, whole := ast.Unparen(c.stmt.Lhs[i]).(*ast.Ident); whole {
					taint[v] = 1 << n
				} else {
					taint[v] |= 1 << n
				}
			}
			for v := range st.changed {
				if !slices.Contains(c.results, v) {
					taint[v] |= 1<<n | in
				}
			}
			n++
			continue
		}
		for v := range st.changed {
			taint[v] |= in
		}
	}
	for j := range s.Calls { // what is needed by way of another is left out
		c := &s.Calls[j]
		var direct []int
		var uses []site.Use
		for k, i := range c.Needs {
			if !slices.ContainsFunc(c.Needs, func(o int) bool { return o != i && needs(s.Calls, o, i) }) || c.Uses[k].Text != "" {
				direct, uses = append(direct, i), append(uses, c.Uses[k])
			}
		}
		c.Needs, c.Uses = direct, uses
	}
}

func needs(calls []site.Call, j, i int) bool {
	for _, n := range calls[j].Needs {
		if n == i || needs(calls, n, i) {
			return true
		}
	}
	return false
}

// use says what of call i's results a call uses.
func (f *finder) use(c *callStep, taint map[*types.Var]uint64, i int) site.Use {
	u := site.Use{Call: i, Line: f.line(c.expr.Pos())}
	ast.Inspect(c.expr, func(n ast.Node) bool {
		if u.Text != "" {
			return false
		}
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		switch e.(type) {
		case *ast.SelectorExpr, *ast.Ident:
			if v := effects.RootVar(f.p.Info, e); v != nil && taint[v]&(1<<i) != 0 {
				u.Text, u.Line = types.ExprString(e), f.line(e.Pos())
				return false
			}
		}
		return true
	})
	return u
}

// worth reports whether two calls that take their time do not need each other.
func (f *finder) worth(s *site.Site, calls []*callStep, tier site.Tier) bool {
	for j := range s.Calls {
		for i := range j {
			if tier > site.Low && (calls[i].cheap != "" || calls[j].cheap != "") {
				continue
			}
			if !needs(s.Calls, j, i) {
				return true
			}
		}
	}
	return false
}

func (f *finder) line(pos token.Pos) int { return f.p.Fset.Position(pos).Line }

// orderComment returns a comment within the run that speaks of the order of things.
func (f *finder) orderComment(run []*step) string {
	from, to := run[0].end(), run[len(run)-1].stmt.Pos()
	for _, g := range f.file.Comments {
		if g.Pos() < from || g.Pos() > to {
			continue
		}
		for _, w := range effects.CommentWords(g.Text()) {
			for _, o := range [...]string{"race", "races", "racing", "order", "ordered", "ordering", "first", "last", "before", "after", "atomic", "atomically", "snapshot"} {
				if w == o {
					return fmt.Sprintf("a comment speaks of %q", w)
				}
			}
			if strings.HasPrefix(w, "consisten") || strings.HasPrefix(w, "inconsisten") {
				return fmt.Sprintf("a comment speaks of %q", w)
			}
		}
	}
	return ""
}

// writesBack reports whether a method of a store reads by other methods of it, and
// then writes by itself: what it read before is likely to guard what it writes.
func (f *finder) writesBack(calls []*callStep) string {
	if f.decl.Recv == nil || len(f.decl.Recv.List[0].Names) == 0 {
		return ""
	}
	own := f.p.Info.Defs[f.decl.Recv.List[0].Names[0]]
	for _, c := range calls {
		sel, ok := ast.Unparen(c.expr.Fun).(*ast.SelectorExpr)
		if !ok {
			return ""
		}
		id, ok := ast.Unparen(sel.X).(*ast.Ident)
		if !ok || f.p.Info.Uses[id] != own {
			return ""
		}
	}
	why := ""
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		if ok && why == "" && f.table.WritesHere(f.p, c) {
			why = "the function writes what it may have read before (" + nameOf(c) + ")"
		}
		return why == ""
	})
	return why
}
