package suite_test

import (
	"go/ast"
	"go/types"
	"strings"
)

// A scope is where a group is made, its tasks are declared, and it is waited for.
type scope struct {
	w        *workshop
	file     string
	flow     string
	kind     string // New, Run, Define, errgroup
	group    string // the name of its variable
	settled  bool
	context  string // of errgroup
	results  *ast.FieldList
	list     []ast.Stmt
	make     int // the index in list of the statement that makes the group, -1 for a parameter
	wait     int // of the one that waits for it, or returns what is made of it
	tasks    []declared
	bodies   []bodyOf
	mutants  []mutant
	deferred ast.Stmt // defer g.Stop()
}

// declared is a task in a variable.
type declared struct {
	name     string
	at       int // the index of its statement
	optional bool
}

// bodyOf is a function literal that is a body.
type bodyOf struct {
	lit    *ast.FuncLit
	call   *ast.CallExpr
	method string
	at     int
	free   bool // depends on nothing, awaits nothing
	loop   bool // runs several times
}

func (w *workshop) mutants() []mutant {
	var all []mutant
	for i, file := range w.files {
		flow := ""
		var results *ast.FieldList
		var visit func(n ast.Node) bool
		visit = func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				flow, results = n.Name.Name, n.Type.Results
			case *ast.ValueSpec:
				flow = n.Names[0].Name
			case *ast.FuncLit:
				old := results
				results = n.Type.Results
				ast.Inspect(n.Body, visit)
				results = old
				return false
			case *ast.CallExpr:
				if build, kind := w.buildOf(n); build != nil {
					s := &scope{w: w, file: w.names[i], flow: flow, kind: kind, results: build.Type.Results, list: build.Body.List, make: -1, wait: len(build.Body.List) - 1}
					s.group = build.Type.Params.List[0].Names[0].Name
					s.settled = strings.Contains(w.text(w.names[i], n), "asap.Settled()")
					if kind == "Define" {
						s.tasks = append(s.tasks, declared{name: build.Type.Params.List[1].Names[0].Name, at: -1})
					}
					all = append(all, s.all()...)
				}
			case *ast.BlockStmt:
				for k, stmt := range n.List {
					s := &scope{w: w, file: w.names[i], flow: flow, results: results, list: n.List, make: k}
					if s.makes(stmt) && s.waits() {
						all = append(all, s.all()...)
					}
				}
			}
			return true
		}
		ast.Inspect(file, visit)
	}
	return all
}

func (w *workshop) text(file string, n ast.Node) string {
	return string(w.source[file][w.fset.Position(n.Pos()).Offset:w.fset.Position(n.End()).Offset])
}

// buildOf returns the function that declares the tasks of Run or Define.
func (w *workshop) buildOf(call *ast.CallExpr) (*ast.FuncLit, string) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) < 2 {
		return nil, ""
	}
	x, ok := sel.X.(*ast.Ident)
	lit, isLit := call.Args[1].(*ast.FuncLit)
	switch {
	case ok && isLit && x.Name == "asap" && sel.Sel.Name == "Run":
		return lit, "Run"
	case ok && isLit && x.Name == "flow" && sel.Sel.Name == "Define":
		return lit, "Define"
	}
	return nil, ""
}

// makes reports whether stmt makes a group, and notes which.
func (s *scope) makes(stmt ast.Stmt) bool {
	text := s.w.text(s.file, stmt)
	switch n := stmt.(type) {
	case *ast.AssignStmt:
		name, ok := n.Lhs[0].(*ast.Ident)
		if !ok {
			return false
		}
		s.group = name.Name
		switch right := s.w.text(s.file, n.Rhs[0]); {
		case strings.HasPrefix(right, "asap.New("):
			s.kind = "New"
			s.settled = strings.Contains(right, "Settled")
			return true
		case strings.HasPrefix(right, "errgroup.WithContext("):
			s.kind = "errgroup"
			s.context = n.Lhs[1].(*ast.Ident).Name
			return true
		case strings.HasPrefix(right, "new(errgroup.Group)"):
			s.kind = "errgroup"
			return true
		}
	case *ast.DeclStmt:
		if strings.HasSuffix(text, "errgroup.Group") {
			s.kind = "errgroup"
			s.group = strings.Fields(text)[1]
			return true
		}
	}
	return false
}

// waits finds where the group is waited for.
func (s *scope) waits() bool {
	for i := s.make + 1; i < len(s.list); i++ {
		text := s.w.text(s.file, s.list[i])
		if text == "defer "+s.group+".Stop()" {
			s.deferred = s.list[i]
		}
		head := text
		if block, ok := s.list[i].(*ast.IfStmt); ok {
			head = text[:s.w.fset.Position(block.Body.Pos()).Offset-s.w.fset.Position(block.Pos()).Offset]
		} else if strings.Contains(text, "func(") {
			head = ""
		}
		if strings.Contains(head, s.group+".Wait()") {
			s.wait = i
			return true
		}
	}
	s.wait = len(s.list) - 1 // awaited only
	return s.kind == "New"
}

// survey finds the tasks and the bodies.
func (s *scope) survey() {
	for i := s.make + 1; i < s.wait; i++ {
		if a, ok := s.list[i].(*ast.AssignStmt); ok && len(a.Lhs) == 1 {
			if id, ok := a.Lhs[0].(*ast.Ident); ok && id.Name != "_" {
				if t := s.w.info.TypeOf(a.Rhs[0]); t != nil && s.owns(a.Rhs[0]) && strings.Contains(t.String(), "asap.Task[") {
					s.tasks = append(s.tasks, declared{id.Name, i, strings.Contains(t.String(), "asap.Result[")})
				}
			}
		}
		loop := false
		ast.Inspect(s.list[i], func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.RangeStmt:
				loop = true
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "append" {
					return false // what is put into a slice is not followed
				}
				sel, ok := n.Fun.(*ast.SelectorExpr)
				if !ok || !s.owns(sel.X) {
					return true
				}
				switch sel.Sel.Name {
				case "Go", "Do", "Optional", "Then", "Map", "MapOptional", "Race":
					for _, arg := range n.Args {
						if lit, ok := arg.(*ast.FuncLit); ok {
							direct := s.w.text(s.file, sel.X) == s.group
							text := s.w.text(s.file, n)
							s.bodies = append(s.bodies, bodyOf{lit, n, sel.Sel.Name, i,
								direct && !strings.Contains(sel.Sel.Name, "Map") && sel.Sel.Name != "Race" &&
									!strings.Contains(text, "Await(") && !strings.Contains(text, "Needs(") && !strings.Contains(text, "After") && !strings.Contains(text, "<-"),
								loop || strings.Contains(sel.Sel.Name, "Map")})
						}
					}
				}
			case *ast.FuncLit:
				return false
			}
			return true
		})
	}
}

// owns reports whether e begins with the group, or a task of it.
func (s *scope) owns(e ast.Expr) bool {
	for {
		switch x := e.(type) {
		case *ast.CallExpr:
			e = x.Fun
		case *ast.SelectorExpr:
			e = x.X
		case *ast.Ident:
			if x.Name == s.group || s.kind == "New" && x.Name == "both" {
				return true
			}
			for _, t := range s.tasks {
				if t.name == x.Name {
					return true
				}
			}
			return false
		default:
			return false
		}
	}
}

func (s *scope) all() []mutant {
	s.survey()
	switch s.kind {
	case "errgroup":
		s.errgroup()
		return s.mutants
	case "Define":
		s.define()
	case "New":
		s.ending()
		s.causes()
	}
	if s.kind != "Define" {
		s.reading()
		s.waiting()
	}
	s.getting()
	s.contexts()
	s.options()
	s.sharing()
	return s.mutants
}

func (s *scope) add(check, name string, edits ...textEdit) {
	s.mutants = append(s.mutants, mutant{check, name, s.flow, s.file, edits})
}

// before puts statements before the i-th of the list.
func (s *scope) before(i int, text string) textEdit {
	return textEdit{s.list[i].Pos(), s.list[i].Pos(), text + "\n"}
}

// in puts statements at the beginning of a body.
func in(b bodyOf, text string) textEdit {
	return textEdit{b.lit.Body.Lbrace + 1, b.lit.Body.Lbrace + 1, " " + text + "; "}
}

func remove(n ast.Node) textEdit { return textEdit{n.Pos(), n.End(), ""} }

// returns is a return with zero values and err.
func (s *scope) returns(err string) string {
	var values []string
	for _, f := range s.results.List {
		v := "*new(" + s.w.text(s.file, f.Type) + ")"
		if s.w.text(s.file, f.Type) == "error" {
			v = err
		}
		for range max(len(f.Names), 1) {
			values = append(values, v)
		}
	}
	return "return " + strings.Join(values, ", ")
}

// waitCalls returns g.Wait in the statements after the group is made.
func (s *scope) waitCalls() []*ast.CallExpr {
	var calls []*ast.CallExpr
	for _, stmt := range s.list[s.make+1:] {
		ast.Inspect(stmt, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && s.w.text(s.file, call) == s.group+".Wait()" {
				calls = append(calls, call)
			}
			return true
		})
	}
	return calls
}

func replace(n ast.Node, text string) textEdit { return textEdit{n.Pos(), n.End(), text} }

// ending forgets to end the group.
func (s *scope) ending() {
	making := s.list[s.make]
	s.add("nowait", "a group that nobody holds", textEdit{making.Pos(), making.Pos(), "asap.New(ctx)\n"})
	s.add("nowait", "a group that is assigned to nothing", textEdit{making.Pos(), making.Pos(), "_ = asap.New(ctx)\n"})
	s.add("nowait", "a second group without an end", textEdit{making.Pos(), making.Pos(), "second := asap.New(ctx)\nsecond.Go(\"user\", fetchUser)\n"})
	if s.deferred == nil {
		return
	}
	edits := []textEdit{remove(s.deferred)}
	for _, call := range s.waitCalls() {
		edits = append(edits, replace(call, "ctx.Err()"))
	}
	s.add("nowait", "neither Wait nor Stop", edits...)
	for i := s.make + 2; i <= s.wait; i++ {
		s.add("nowait", "a return before Wait", remove(s.deferred), s.before(i, "if ctx.Err() != nil {\n"+s.returns("ctx.Err()")+"\n}"))
	}
	if s.settled {
		return
	}
	s.add("lostwait", "a deferred Wait", replace(s.deferred, "defer "+s.group+".Wait()"))
	if text := s.w.text(s.file, s.list[s.wait]); text == "return "+s.group+".Wait()" {
		s.add("lostwait", "Wait as a statement", replace(s.list[s.wait], s.group+".Wait()\nreturn nil"))
	}
}

// reading reads values too early, or unchecked.
func (s *scope) reading() {
	for _, t := range s.tasks {
		for i := t.at + 1; i <= s.wait; i++ {
			s.add("early", "Value before the end", s.before(i, "_ = "+t.name+".Value()"))
		}
		s.add("early", "Result before the end", s.before(s.wait, "_ = "+t.name+".Result()"))
		s.add("early", "Err before the end", s.before(s.wait, "_ = "+t.name+".Err()"))
		for _, b := range s.bodies {
			if b.at > t.at && !b.shadows(t) {
				s.add("early", "Value in a body", in(b, "_ = "+t.name+".Value()"))
			}
		}
	}
	if s.kind != "New" {
		return
	}
	wait, ok := s.list[s.wait].(*ast.IfStmt)
	if !ok || s.settled || !s.readsPlain() {
		return
	}
	s.add("early", "the error of Wait is dropped", replace(wait, "_ = "+s.group+".Wait()"))
	s.add("early", "Wait is a statement", replace(wait, s.group+".Wait()"))
	s.add("early", "the error of Wait is only named", replace(wait, "err := "+s.group+".Wait()\nprintln(err)"))
	s.add("early", "goes on after an error", replace(wait.Body, "{ println(err) }"))
}

// readsPlain reports whether the value of a task is read right after Wait.
func (s *scope) readsPlain() bool {
	for _, stmt := range s.list[s.wait+1:] {
		switch stmt.(type) {
		case *ast.ReturnStmt, *ast.AssignStmt:
			for _, t := range s.tasks {
				if !t.optional && strings.Contains(s.w.text(s.file, stmt), t.name+".Value()") {
					return true
				}
			}
		}
	}
	return false
}

// getting reads what a body does not need.
func (s *scope) getting() {
	for _, b := range s.bodies {
		for _, t := range s.tasks {
			if b.free && b.at > t.at && s.named(b) && !b.shadows(t) {
				s.add("early", "Get without Needs", in(b, "_ = "+t.name+".Get(ctx)"))
			}
		}
		text := s.w.text(s.file, b.call)
		if strings.Contains(text, ".Get(ctx)") {
			for _, arg := range b.call.Args {
				if opt, ok := arg.(*ast.CallExpr); ok && strings.HasPrefix(s.w.text(s.file, opt), "asap.Needs(") {
					s.add("early", "After in place of Needs", replace(opt.Fun, "asap.After"))
					s.add("early", "AfterEnd in place of Needs", replace(opt.Fun, "asap.AfterEnd"))
				}
			}
		}
	}
}

// shadows reports whether a parameter of b has the name of t.
func (b bodyOf) shadows(t declared) bool {
	for _, f := range b.lit.Type.Params.List {
		for _, id := range f.Names {
			if id.Name == t.name {
				return true
			}
		}
	}
	return false
}

func (s *scope) named(b bodyOf) bool {
	names := b.lit.Type.Params.List
	return len(names) > 0 && len(names[0].Names) > 0 && names[0].Names[0].Name == "ctx"
}

// contexts uses those of others.
func (s *scope) contexts() {
	for _, b := range s.bodies {
		body := s.w.text(s.file, b.lit.Body)
		if s.kind != "Define" && s.named(b) && strings.Contains(body, "(ctx") && !strings.Contains(body, "WithoutCancel(ctx)") {
			id := b.lit.Type.Params.List[0].Names[0]
			s.add("bodyctx", "the parameter has no name", replace(id, "_"))
			s.add("bodyctx", "the parameter has another name", replace(id, "given"))
		}
		ast.Inspect(b.lit.Body, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			text := s.w.text(s.file, call.Fun)
			if strings.HasSuffix(text, ".Await") || text == "asap.New" || text == "asap.Run" {
				s.add("bodyctx", "Background in a body", replace(call.Args[0], "context.Background()"))
				s.add("bodyctx", "TODO in a body", replace(call.Args[0], "context.TODO()"))
			}
			return true
		})
	}
}

// causes returns the error of an Await.
func (s *scope) causes() {
	if s.settled || len(s.bodies) < 2 || s.results == nil || s.w.text(s.file, s.results.List[len(s.results.List)-1].Type) != "error" {
		return
	}
	for _, t := range s.tasks {
		for i := t.at + 1; i <= s.wait; i++ {
			s.add("awaitcause", "the error of an Await", s.before(i, "if _, err := "+t.name+".Await(ctx); err != nil {\n"+s.returns("err")+"\n}"))
		}
	}
}

// waiting waits where it must not, and ends what it should.
func (s *scope) waiting() {
	first := s.make + 1
	if s.deferred != nil {
		first++
	}
	for _, b := range s.bodies {
		s.add("selfwait", "Wait in a body", in(b, "_ = "+s.group+".Wait()"))
		s.add("selfwait", "Stop in a body", in(b, s.group+".Stop()"))
		exit := s.before(first, "exit := "+s.group+".NewExit[int]()")
		s.add("lostexit", "an exit as a statement", exit, in(b, "exit.With(1)"))
		s.add("lostexit", "an exit to nothing", exit, in(b, "_ = exit.With(1)"))
		ast.Inspect(b.lit.Body, func(n ast.Node) bool {
			if ret, ok := n.(*ast.ReturnStmt); ok && strings.Contains(s.w.text(s.file, ret), ".With(") {
				s.add("lostexit", "an exit that is not returned", replace(ret, s.w.text(s.file, ret.Results[0])+"\nreturn nil"))
			}
			return true
		})
	}
	for i := first; i <= s.wait; i++ {
		s.add("unsetawait", "an await of what is set later", s.before(i, "var late *asap.Task[int]\n"+
			s.group+".Do(\"before\", func(ctx context.Context) error { _, err := late.Await(ctx); return err })\n"+
			"late = "+s.group+".Go(\"late\", func(ctx context.Context) (int, error) { return 1, ctx.Err() })"))
	}
}

// options gives options that contradict each other.
func (s *scope) options() {
	for _, b := range s.bodies {
		at := b.call.Rparen
		if s.w.source[s.file][s.w.fset.Position(at).Offset-1] == '\n' || b.method == "Race" {
			continue
		}
		give := func(check, name, options string) {
			s.add(check, name, textEdit{at, at, ", " + options})
		}
		give("options", "a duration without a unit", "asap.Timeout(5)")
		give("options", "a Within without a unit", "asap.Within(100)")
		give("options", "two timeouts", "asap.Timeout(1e9), asap.Timeout(2e9)")
		give("options", "a Timeout after Within", "asap.Timeout(2e9), asap.Within(1e9)")
		give("options", "left out, with a limit of time", "asap.When(false), asap.Timeout(1e9)")
		if b.method == "Optional" {
			give("options", "an Optional that may fail", "asap.MayFail()")
		}
		if sel := b.call.Fun.(*ast.SelectorExpr); b.method == "Then" || b.method == "Do" {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name != s.group && strings.Contains(s.w.info.TypeOf(x).String(), "asap.Task[") {
				give("options", "needed, and its end", "asap.AfterEnd("+x.Name+")")
			}
		}
		if s.kind == "New" {
			other := s.before(s.make, "other := asap.New(ctx)\ndefer other.Stop()\nforeign := other.Go(\"foreign\", fetchUser)")
			s.add("othergroup", "After of another group", other, textEdit{at, at, ", asap.After(foreign)"})
			s.add("othergroup", "Needs of another group", other, textEdit{at, at, ", asap.Needs(foreign)"})
		}
	}
	if s.kind != "New" {
		return
	}
	other := s.before(s.make, "other := asap.New(ctx)\ndefer other.Stop()\nforeign := other.Go(\"foreign\", fetchUser)")
	s.add("othergroup", "Gather of another group", other, s.before(s.wait, s.group+".Gather(\"all\", foreign)"))
	for _, t := range s.tasks {
		s.add("othergroup", "And with another group", other, s.before(s.wait, t.name+".And(foreign).Do(\"and\", func(ctx context.Context, _ "+s.elem(t)+", _ User) error { return ctx.Err() })"))
	}
}

// elem is the type of the value of a task.
func (s *scope) elem(t declared) string {
	var text string
	for id, obj := range s.w.info.Defs {
		if obj != nil && id.Name == t.name && s.list[t.at].Pos() <= id.Pos() && id.Pos() < s.list[t.at].End() {
			args := obj.Type().(*types.Pointer).Elem().(*types.Named).TypeArgs()
			text = types.TypeString(args.At(0), func(p *types.Package) string {
				if p.Name() == "flows" {
					return ""
				}
				return p.Name()
			})
		}
	}
	if text == "" { // assigned to a variable of before
		return "Config"
	}
	return text
}

// sharing lets bodies use one variable at once.
func (s *scope) sharing() {
	race, tx := "race", "sharedtx"
	if s.kind == "errgroup" {
		race, tx = "egrace", ""
	}
	first := max(s.make, 0)
	shared := s.before(first, "shared := 0\n_ = shared")
	use := s.before(first, "tx := openTx()")
	for i, a := range s.bodies {
		if strings.Contains(s.w.text(s.file, a.lit), "Lock()") {
			continue // what is under a lock is not told from what is not
		}
		if a.loop {
			s.add(race, "counted in each body of a loop", shared, in(a, "shared++"))
			if tx != "" {
				s.add(tx, "a transaction in each body of a loop", use, in(a, "_ = tx.Commit()"))
			}
		}
		if a.at < s.wait && s.kind != "Define" && !s.awaitsIn(a.at+1, s.wait) {
			s.add(race, "assigned in a body, read beside it", shared, in(a, "shared = 1"), s.before(s.wait, "println(shared)"))
			s.add(race, "assigned in a body and beside it", shared, in(a, "shared = 1"), s.before(s.wait, "shared = 2"))
		}
		for _, b := range s.bodies[:i] {
			if !a.free || !b.free || a.lit == b.lit || strings.Contains(s.w.text(s.file, b.lit), "Lock()") {
				continue
			}
			s.add(race, "assigned in two bodies", shared, in(a, "shared = 1"), in(b, "shared = 2"))
			s.add(race, "assigned in one body and read in another", shared, in(a, "shared = 1"), in(b, "println(shared)"))
			s.add(race, "a map that two bodies fill", s.before(first, "shared := map[string]int{}"), in(a, "shared[\"a\"] = 1"), in(b, "shared[\"b\"] = 2"))
			if tx != "" {
				s.add(tx, "a transaction in two bodies", use, in(a, "_ = tx.Commit()"), in(b, "_ = tx.Rollback()"))
			}
		}
	}
}

// awaitsIn reports whether statements await or receive.
func (s *scope) awaitsIn(from, to int) bool {
	for _, stmt := range s.list[from:to] {
		text := s.w.text(s.file, stmt)
		if strings.Contains(text, ".Await(ctx)") || strings.Contains(text, "close(") {
			return true
		}
	}
	return false
}

// define looks at values where there are none.
func (s *scope) define() {
	for i := range s.list {
		s.add("defineawait", "Wait in a build", s.before(i, "_ = "+s.group+".Wait()"))
	}
	for _, t := range s.tasks {
		for i := t.at + 1; i <= s.wait; i++ {
			s.add("defineawait", "Value in a build", s.before(i, "_ = "+t.name+".Value()"))
			s.add("defineawait", "Await in a build", s.before(i, "_, _ = "+t.name+".Await(context.Background())"))
		}
		for _, b := range s.bodies {
			if b.at > t.at && s.named(b) && !b.shadows(t) {
				s.add("defineawait", "Await in a body of a flow", in(b, "_, _ = "+t.name+".Await(ctx)"))
			}
		}
	}
}

// errgroup makes the mistakes that errgroup allows.
func (s *scope) errgroup() {
	firstGo := -1
	for _, b := range s.bodies {
		if firstGo < 0 {
			firstGo = b.at
		}
	}
	for i := firstGo + 1; i <= s.wait; i++ {
		s.add("egnowait", "a return before Wait", s.before(i, "if ctx.Err() != nil {\n"+s.returns("ctx.Err()")+"\n}"))
	}
	for _, call := range s.waitCalls()[:1] {
		if s.context != "" {
			s.add("egnowait", "no Wait", replace(call, "ctx.Err()"))
		}
	}
	for i := s.wait + 1; i < len(s.list) && s.context != ""; i++ {
		s.add("egdeadctx", "the derived context after Wait", s.before(i, "_ = store("+s.context+", Page{})"))
		s.add("egdeadctx", "a value made with the derived context", s.before(i, "if _, err := fetchUser("+s.context+"); err != nil {\n"+s.returns("err")+"\n}"))
	}
	s.sharing()
}
