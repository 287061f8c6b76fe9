package waterfall

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
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
		f.low = functionLow(f.name, d.Name.Name)
		f.block(d.Body.List, scope{low: f.low})
	}
}

// scope is what surrounds a list of statements.
type scope struct {
	low      []string
	declined []string
}

func (s scope) lower(why string) scope {
	s.low = append(slices.Clip(s.low), why)
	return s
}

func (s scope) decline(why string) scope {
	s.declined = append(slices.Clip(s.declined), why)
	return s
}

// block looks at a list of statements, and at those in it.
func (f *finder) block(list []ast.Stmt, sc scope) {
	f.segments(list, sc)
	if importsErrgroup(f.file) {
		f.barriers(list, sc)
	}
	for _, s := range list {
		f.inner(s, sc)
	}
}

// inner looks at the lists of statements within a statement.
func (f *finder) inner(s ast.Stmt, sc scope) {
	switch s := s.(type) {
	case *ast.BlockStmt:
		f.block(s.List, sc)
		return
	case *ast.LabeledStmt:
		f.inner(s.Stmt, sc)
		return
	case *ast.IfStmt:
		f.literals(s.Init, sc)
		f.literals(s.Cond, sc)
		inside := sc
		if checksError(f.p.Info, s.Cond) {
			inside = sc.decline("it is in an error branch: a fallback")
		}
		f.block(s.Body.List, inside)
		if s.Else != nil {
			f.inner(s.Else, sc)
		}
		return
	case *ast.ForStmt:
		f.block(s.Body.List, sc.lower("it is in a loop"))
		return
	case *ast.RangeStmt:
		f.literals(s.X, sc)
		f.block(s.Body.List, sc.lower("it is in a loop"))
		return
	case *ast.SwitchStmt:
		f.block(s.Body.List, sc)
		return
	case *ast.TypeSwitchStmt:
		f.block(s.Body.List, sc)
		return
	case *ast.SelectStmt:
		f.block(s.Body.List, sc)
		return
	case *ast.CaseClause:
		f.block(s.Body, sc)
		return
	case *ast.CommClause:
		f.block(s.Body, sc)
		return
	}
	f.literals(s, sc)
}

// literals looks at the function literals in a statement or an expression.
func (f *finder) literals(n ast.Node, sc scope) {
	if n == nil {
		return
	}
	var calls []*ast.CallExpr // around
	ast.Inspect(n, func(m ast.Node) bool {
		switch m := m.(type) {
		case *ast.CallExpr:
			calls = append(calls, m)
		case *ast.FuncLit:
			inside := scope{low: f.low, declined: sc.declined}
			if slices.Contains(sc.low, "it is in a loop") {
				inside = inside.lower("it is in a loop")
			}
			for _, c := range calls {
				if c.Pos() <= m.Pos() && m.End() <= c.End() && c.Fun != ast.Expr(m) {
					switch around := nameOf(c); {
					case isTransaction(around):
						inside = inside.decline("it is in a transaction")
					case isRepeated(around):
						inside = inside.lower("the function around it runs more than once")
					}
				}
			}
			f.block(m.Body.List, inside)
			return false
		}
		return true
	})
}

// segments finds the sites in one list of statements: first those of the highest tier,
// then what these have left.
func (f *finder) segments(list []ast.Stmt, sc scope) {
	candidates := 0
	steps := make([]*step, len(list))
	var errs []*types.Var
	for i, s := range list {
		steps[i] = f.classify(s, errs)
		if c := steps[i].call; c != nil {
			candidates++
			errs = append(errs, c.err)
		}
	}
	if candidates < 2 {
		return
	}
	taken := make(map[*callStep]bool)
	for tier := site.High; tier >= site.Declined; tier-- {
		var run []*step
		var kept []*site.Site
		at := 0 // where the run ends
		flush := func() {
			if s := f.site(run, tier, sc); s != nil {
				kept = append(kept, s)
				f.plans[s] = plan{file: f.file, decl: f.decl, steps: steps[at-len(run) : at]}
			}
			run = nil
		}
		for i, st := range steps {
			at = i
			if st.stop || st.tier < tier || st.call != nil && taken[st.call] {
				flush()
				continue
			}
			if len(run) > 0 && !f.fits(run, st, tier) {
				flush()
			}
			if len(run) > 0 || st.call != nil {
				run = append(run, st)
			}
		}
		at = len(steps)
		flush()
		for _, s := range kept {
			for _, st := range steps {
				if st.call != nil && slices.ContainsFunc(s.Calls, func(c site.Call) bool { return c.Pos == st.call.expr.Pos() }) {
					taken[st.call] = true
				}
			}
		}
		f.sites = append(f.sites, kept...)
	}
}

// fits reports whether a step may follow the run: its context is the same, and what it
// uses has not been changed since the run began.
func (f *finder) fits(run []*step, st *step, tier site.Tier) bool {
	if st.call == nil {
		return true
	}
	first := run[0].call
	if st.call.ctx != first.ctx {
		return false
	}
	for _, r := range run {
		for v := range r.changed {
			if v == first.ctxVar {
				return false
			}
			if !r.fresh[v] && st.call.uses[v] && r.taints(run, v) == 0 {
				return false
			}
		}
	}
	return true
}

// taints reports whether what a step gives to v comes from the calls of the run: then it
// is a dependence, not a change.
func (s *step) taints(run []*step, v *types.Var) int {
	n := 0
	for _, r := range run {
		if r == s {
			break
		}
		if r.call == nil {
			continue
		}
		for _, res := range r.call.results {
			if s.reads[res] {
				n++
			}
		}
	}
	if s.call != nil {
		n++
	}
	return n
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
		if w := f.writesBack(calls); w != "" {
			s.Tier = site.Low
			s.Why = append(s.Why, w)
		}
	}
	return s
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
			for _, v := range c.results {
				if v != c.err {
					taint[v] = 1 << n
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
			if st.check {
				taint[v] |= in
			} else {
				taint[v] |= in
			}
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
	from, to := run[0].stmt.End(), run[len(run)-1].stmt.Pos()
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

func recvOf(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func nameOf(c *ast.CallExpr) string {
	switch f := ast.Unparen(c.Fun).(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.IndexExpr:
		return nameOf(&ast.CallExpr{Fun: f.X})
	case *ast.IndexListExpr:
		return nameOf(&ast.CallExpr{Fun: f.X})
	}
	return ""
}

// functionLow says why a function's sites are LOW.
func functionLow(file, name string) []string {
	var low []string
	w := effects.Words(name)
	if len(w) > 0 {
		switch w[0] {
		case "create", "update", "delete", "remove", "add", "set", "put", "save", "upsert", "insert", "register", "revoke", "grant", "assign", "unassign",
			"patch", "ensure", "refresh", "sync", "migrate", "import", "restore", "rename", "attach", "detach", "mark", "enable", "disable", "reset", "rotate",
			"stop", "start", "cancel", "kill", "restart", "retry", "rollback", "cleanup", "clean", "prune", "purge", "apply", "generate", "provision":
			low = append(low, "the function changes something, by its name")
		case "require", "check", "verify", "validate", "authorize", "authenticate", "can", "must", "allow", "permit", "guard":
			low = append(low, "the function is a check, by its name")
		case "migration", "test", "benchmark", "fuzz", "seed", "bootstrap", "setup", "diagnose":
			low = append(low, "the function is a migration, a job or a test, by its name")
		}
	}
	if strings.EqualFold(name, "collect") {
		low = append(low, "the function collects statistics, by its name")
	}
	dir, base := filepath.Split(file)
	last := strings.Split(filepath.ToSlash(filepath.Clean(dir)), "/")
	places := effects.CommentWords(strings.TrimSuffix(base, ".go"))
	if len(last) > 0 {
		places = append(places, effects.CommentWords(last[len(last)-1])...)
	}
	for _, w := range places {
		switch w {
		case "migration", "migrations", "migrate", "migrator", "job", "jobs", "cron", "test", "tests", "testing", "testutil", "testutils", "testhelper", "fixture", "fixtures",
			"doctor", "seed", "seeds", "e2e", "bootstrap", "script", "scripts":
			low = append(low, "the file is of a migration, a job or a test")
			return low
		case "metrics", "insights", "collector", "exporter", "prometheus":
			low = append(low, "the file is of metrics")
			return low
		}
	}
	return low
}

func isTransaction(name string) bool {
	w := effects.Words(name)
	for i, x := range w {
		switch x {
		case "tx", "transaction", "transact", "transactional", "atomically", "atomic", "txn":
			return true
		case "lock", "locked":
			return i > 0 || len(w) == 1
		}
	}
	return false
}

func isRepeated(name string) bool {
	for _, x := range effects.Words(name) {
		switch x {
		case "each", "foreach", "walk", "range", "retry", "map", "filter", "poll", "until", "loop", "times", "repeat", "every", "iterate", "batch", "batches", "backoff", "tick":
			return true
		}
	}
	return false
}
