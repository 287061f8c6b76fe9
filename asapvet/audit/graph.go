package audit

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/asap-go/asap/asapvet/internal/load"
)

// graph knows which function of a program names which: enough to say from which
// handlers one is reached, and which constants it hands on.
type graph struct {
	nodes   map[*types.Func]*node
	methods map[string][]*node // by name: what a method of an interface may be
	order   []*node
}

// node is a function with a body. What is in a literal is the function's around it.
type node struct {
	fn      *types.Func
	decl    *ast.FuncDecl
	pkg     *load.Package
	uses    []*types.Func
	texts   []string // string constants
	handler bool
	from    *node // the handler that it is reached from
}

func newGraph(p *load.Program) *graph {
	g := &graph{nodes: make(map[*types.Func]*node), methods: make(map[string][]*node)}
	for _, pkg := range p.Packages {
		for _, f := range pkg.Files {
			for _, d := range f.Decls {
				d, ok := d.(*ast.FuncDecl)
				if !ok || d.Body == nil {
					continue
				}
				fn, ok := pkg.Info.Defs[d.Name].(*types.Func)
				if !ok {
					continue
				}
				n := &node{fn: fn, decl: d, pkg: pkg, handler: isHandler(pkg, d)}
				n.read(d.Body)
				g.nodes[fn] = n
				g.order = append(g.order, n)
				if d.Recv != nil {
					g.methods[d.Name.Name] = append(g.methods[d.Name.Name], n)
				}
			}
		}
	}
	g.reach()
	return g
}

// read notes what a body names.
func (n *node) read(body ast.Node) {
	ast.Inspect(body, func(x ast.Node) bool {
		switch x := x.(type) {
		case *ast.Ident:
			switch o := n.pkg.Info.Uses[x].(type) {
			case *types.Func:
				if o = o.Origin(); !slices.Contains(n.uses, o) {
					n.uses = append(n.uses, o)
				}
			case *types.Const:
				if o.Val().Kind() == constant.String {
					n.texts = append(n.texts, constant.StringVal(o.Val()))
				}
			}
		case *ast.BinaryExpr: // a text of several parts is one constant
			if v := n.pkg.Info.Types[x].Value; v != nil && v.Kind() == constant.String {
				n.texts = append(n.texts, constant.StringVal(v))
				return false
			}
		case *ast.BasicLit:
			if x.Kind == token.STRING {
				if v := constant.MakeFromLiteral(x.Value, x.Kind, 0); v.Kind() == constant.String {
					n.texts = append(n.texts, constant.StringVal(v))
				}
			}
		}
		return true
	})
}

// targets are the nodes that a use may be: the function, or the methods that an
// interface's method may be.
func (g *graph) targets(fn *types.Func) []*node {
	if n := g.nodes[fn]; n != nil {
		return []*node{n}
	}
	sig := fn.Signature()
	if sig.Recv() == nil || !types.IsInterface(sig.Recv().Type()) {
		return nil
	}
	var list []*node
	for _, n := range g.methods[fn.Name()] {
		other := n.fn.Signature()
		if other.Params().Len() == sig.Params().Len() && other.Results().Len() == sig.Results().Len() {
			list = append(list, n)
		}
	}
	return list
}

// reach says of each function from which handler one comes to it by the fewest calls.
func (g *graph) reach() {
	var queue []*node
	for _, n := range g.order {
		if n.handler {
			n.from = n
			queue = append(queue, n)
		}
	}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		for _, use := range n.uses {
			for _, m := range g.targets(use) {
				if m.from == nil {
					m.from = n.from
					queue = append(queue, m)
				}
			}
		}
	}
}

// constants are the texts that a function and what it calls, some calls deep, have.
func (g *graph) constants(fn *types.Func, deep int) []string {
	var texts []string
	seen := make(map[*node]bool)
	level := g.targets(fn)
	for ; deep > 0 && len(level) > 0; deep-- {
		var next []*node
		for _, n := range level {
			if seen[n] || len(seen) > 200 {
				continue
			}
			seen[n] = true
			texts = append(texts, n.texts...)
			for _, use := range n.uses {
				next = append(next, g.targets(use)...)
			}
		}
		level = next
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// frameworks are the types of parameters and results by which handlers of web and RPC
// frameworks are known, as they are written.
var frameworks = []string{
	"http.ResponseWriter", "*http.Request", "*gin.Context", "echo.Context", "*fiber.Ctx", "fiber.Ctx", "*fasthttp.RequestCtx",
	"*connect.Request", "middleware.Responder", "*web.Context", "*context.APIContext", "*beego.Controller",
}

// isHandler tells whether a function answers requests: it has the parameters of an HTTP
// handler, or is a method of a gRPC server or of a resolver of GraphQL.
func isHandler(pkg *load.Package, d *ast.FuncDecl) bool {
	fields := d.Type.Params.List
	if d.Type.Results != nil {
		fields = slices.Concat(fields, d.Type.Results.List)
	}
	takesContext := false
	for i, f := range fields {
		text := types.ExprString(f.Type)
		text, _, _ = strings.Cut(text, "[")
		if slices.Contains(frameworks, text) {
			return true
		}
		takesContext = takesContext || i == 0 && text == "context.Context"
	}
	recv, _ := receiver(d)
	if !takesContext || recv == "" || !d.Name.IsExported() {
		return false
	}
	if strings.HasSuffix(strings.ToLower(recv), "resolver") {
		return true
	}
	// What protoc generates is embedded by every server.
	for _, f := range pkg.Files {
		for _, other := range f.Decls {
			g, ok := other.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, s := range g.Specs {
				s := s.(*ast.TypeSpec)
				st, ok := s.Type.(*ast.StructType)
				if !ok || s.Name.Name != recv {
					continue
				}
				for _, f := range st.Fields.List {
					text := types.ExprString(f.Type)
					text = text[strings.LastIndexByte(text, '.')+1:]
					if len(f.Names) == 0 && strings.HasPrefix(text, "Unimplemented") && strings.HasSuffix(text, "Server") {
						return true
					}
				}
			}
		}
	}
	return false
}
