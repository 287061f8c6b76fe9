package handles

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

// A Model has the functions of a package that call asap or errgroup.
type Model struct {
	Pass  *analysis.Pass
	Units []*Unit
}

// A Unit is a function declaration, or the value of a package's variable, with all
// function literals in it. Handles are followed within it.
type Unit struct {
	Root   ast.Node
	Fns    []*Fn // in the order of the source, those around first
	Groups []*Group
	Tasks  []*Task
	Exits  []*Exit
	Bodies []*Body
	Ops    []*Op // all calls of the two libraries, in the order of the source

	info    *types.Info
	parents map[ast.Node]ast.Node
	fns     map[ast.Node]*Fn // by literal or declaration
	values  map[*types.Var][]value
	params  map[*types.Var]any // handles that a build function is given
	vars    map[*types.Var]any // resolved
	calls   map[*ast.CallExpr]any
	ops     map[*ast.CallExpr]*Op
	uses    []use
}

// A Role says when a function literal runs.
type Role int

const (
	Other    Role = iota // anybody may call it, at any time
	Function             // it is a declaration
	Inline               // where it is written, once
	Deferred             // when the function around it returns
	InBody               // it is a body of a task
	Build                // it declares the tasks of Run or Define
	After                // Run calls it after the end
)

// A Fn is a function declaration or literal.
type Fn struct {
	Node   ast.Node // *ast.FuncDecl or *ast.FuncLit
	Parent *Fn
	Role   Role
	Body   *Body  // if it is one
	Group  *Group // of a Build or After
}

// Block returns the statements of f.
func (f *Fn) Block() *ast.BlockStmt {
	switch n := f.Node.(type) {
	case *ast.FuncDecl:
		return n.Body
	case *ast.FuncLit:
		return n.Body
	}
	return nil
}

// Type returns the parameters and results of f.
func (f *Fn) Type() *ast.FuncType {
	switch n := f.Node.(type) {
	case *ast.FuncDecl:
		return n.Type
	case *ast.FuncLit:
		return n.Type
	}
	return nil
}

// Enclosing returns the body that f is or is written in, nil if there is none.
func (f *Fn) Enclosing() *Body {
	for ; f != nil; f = f.Parent {
		if f.Role == InBody {
			return f.Body
		}
	}
	return nil
}

// Within reports whether f is g or is written in it.
func (f *Fn) Within(g *Fn) bool {
	for ; f != nil; f = f.Parent {
		if f == g {
			return true
		}
	}
	return false
}

// Runs returns the function whose statements f runs among: that around an Inline or
// Deferred, else f.
func (f *Fn) Runs() *Fn {
	for f.Parent != nil && (f.Role == Inline || f.Role == Deferred) {
		f = f.Parent
	}
	return f
}

// RunsIn reports whether f is root, or runs among its statements.
func (f *Fn) RunsIn(root *Fn) bool {
	for ; f != root; f = f.Parent {
		if f == nil || f.Role != Inline && f.Role != Deferred {
			return false
		}
	}
	return true
}

// DeferredIn reports whether f is, or is in, a deferred literal of root.
func (f *Fn) DeferredIn(root *Fn) bool {
	for ; f != nil && f != root; f = f.Parent {
		if f.Role == Deferred {
			return true
		}
	}
	return false
}

// A Group is a group of asap or of errgroup.
type Group struct {
	Errgroup bool
	Var      *types.Var // nil if it is not kept in one
	Defs     []ast.Node // the calls that make it; of errgroup one for each assignment
	Fn       *Fn        // whose statements make it, the Build of Run and Define
	Made     string     // New, Run, Define, WithContext, or empty for a plain errgroup

	Settled bool
	Serial  bool // at most one body runs
	Limited bool // Limit is given
	Unknown bool // has options that are not written out

	Context *types.Var // derived by errgroup.WithContext
	Escapes bool
}

// Name returns what the group is called in its source.
func (g *Group) Name() string {
	if g.Var == nil {
		return "the group"
	}
	return g.Var.Name()
}

// An Edge says that a task is declared on another one.
type Edge struct {
	To   *Task
	Read bool // its value may be read with Get
}

// A Task is the call that declares one.
type Task struct {
	Call   *ast.CallExpr
	Method string
	Var    *types.Var
	Group  *Group // nil if not known
	Fn     *Fn
	Edges  []Edge
	Bodies []*Body

	Options  []*Option
	Unknown  bool // has options or dependencies that are not written out
	MayFail  bool
	Optional bool // its value is a Result
	Escapes  bool
}

// Name returns what the task is called: its variable, else its name in quotes.
func (t *Task) Name() string {
	if t.Var != nil {
		return t.Var.Name()
	}
	if len(t.Call.Args) > 0 {
		if lit, ok := t.Call.Args[0].(*ast.BasicLit); ok {
			return lit.Value
		}
	}
	return "the task"
}

// Succeeds reports whether t cannot fail by itself: its bodies are written out and
// return nil, and so are those of what it depends on.
func (t *Task) Succeeds() bool { return t.succeeds(map[*Task]bool{}) }

func (t *Task) succeeds(seen map[*Task]bool) bool {
	if seen[t] || t.Unknown {
		return seen[t]
	}
	seen[t] = true
	for _, o := range t.Options {
		if o.Name != "Needs" && o.Name != "After" && o.Name != "AfterEnd" && o.Name != "When" {
			return false
		}
	}
	for _, b := range t.Bodies {
		if b.Fn == nil || !returnsNil(b.Fn) {
			return false
		}
	}
	for _, e := range t.Edges {
		if !e.To.succeeds(seen) {
			return false
		}
	}
	return true
}

// returnsNil reports whether the last result of every return of f is nil.
func returnsNil(f *Fn) bool {
	ok := true
	ast.Inspect(f.Block(), func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			id, isID := n.Fun.(*ast.Ident)
			if isID && id.Name == "panic" {
				ok = false
			}
		case *ast.ReturnStmt:
			if len(n.Results) == 0 {
				ok = false
				break
			}
			id, isID := n.Results[len(n.Results)-1].(*ast.Ident)
			if !isID || id.Name != "nil" {
				ok = false
			}
		}
		return ok
	})
	return ok
}

// An Option of a task, by the function of package asap that makes it.
type Option struct {
	Name string
	Call *ast.CallExpr
}

// An Exit is the call that makes one.
type Exit struct {
	Call    *ast.CallExpr
	Var     *types.Var
	Group   *Group
	Escapes bool
}

// A Body is a function that a group runs: of a task, an element of a Map, a function
// of a Race, an argument of errgroup's Go.
type Body struct {
	Expr    ast.Expr
	Fn      *Fn // nil if it is not a literal
	Call    *ast.CallExpr
	Task    *Task // nil in an errgroup
	Group   *Group
	Many    bool // runs for each element
	Context *types.Var
	Awaits  []*Task
	Unknown bool // awaits what is not known
}

// Name returns what the body is called in a report.
func (b *Body) Name() string {
	if b.Task != nil {
		return b.Task.Name()
	}
	return "a body"
}

// An Op is a call of one of the libraries.
type Op struct {
	Call   *ast.CallExpr
	Callee Call
	Recv   any // *Group, *Task, *Exit, And, nil if not known
	Fn     *Fn
}

// And are the tasks of an And2 or And3.
type And struct{ Tasks []*Task }

// Task returns the task that o is a method of, or nil.
func (o *Op) Task() *Task { t, _ := o.Recv.(*Task); return t }

// Group returns the group that o is a method of, or nil.
func (o *Op) Group() *Group { g, _ := o.Recv.(*Group); return g }

// Parent returns the node around n.
func (u *Unit) Parent(n ast.Node) ast.Node { return u.parents[n] }

// Of returns what is declared as expr: a *Group, *Task, *Exit or And, or nil.
func (u *Unit) Of(expr ast.Expr) any { return u.resolve(expr) }

// Op returns the call of a library that call is, or nil.
func (u *Unit) Op(call *ast.CallExpr) *Op { return u.ops[call] }

// FnOf returns the function that n is written in.
func (u *Unit) FnOf(n ast.Node) *Fn {
	for n != nil {
		if f := u.fns[n]; f != nil {
			return f
		}
		n = u.parents[n]
	}
	return nil
}

// Uses calls yield with each mention of v.
func (u *Unit) Uses(v *types.Var) []*ast.Ident {
	var all []*ast.Ident
	ast.Inspect(u.Root, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && u.info.ObjectOf(id) == v {
			all = append(all, id)
		}
		return true
	})
	return all
}
