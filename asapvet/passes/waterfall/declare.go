package waterfall

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/asap-go/asap/asapvet/internal/effects"
)

// name gives a call its names, and the texts of its types.
func (x *fixer) name(first token.Pos, m *moved) error {
	base := ""
	for i, l := range m.stmt.Lhs[:len(m.stmt.Lhs)-1] {
		if id, ok := ast.Unparen(l).(*ast.Ident); ok && id.Name != "_" && base == "" && m.results[i] != nil {
			base = id.Name
		}
	}
	words := effects.Words(m.callStep.name)
	full := camel(words)
	if len(base) < 3 {
		if len(words) > 1 && effects.IsReadName(m.callStep.name) {
			words = words[1:]
		}
		base = camel(words)
	}
	m.name = base
	names := []string{base + "Task", full + "Task"}
	for i := 2; i < 6; i++ {
		names = append(names, base+"Task"+strconv.Itoa(i))
	}
	var err error
	if m.task, err = x.f.Name(first, names...); err != nil {
		return err
	}
	if m.task == full+"Task" {
		m.name = full
	}
	m.text = x.f.Text(m.expr.Pos(), m.expr.End())
	if len(m.types) == 1 {
		m.value, err = x.f.Type(first, m.types[0])
		return err
	}
	if m.pack, err = x.f.Name(first, base+"Answer", base+"Values", base+"Pair"); err != nil {
		return err
	}
	m.value = m.pack
	for i, l := range m.stmt.Lhs[:len(m.stmt.Lhs)-1] {
		part := [...]string{"first", "second"}[i]
		if id, ok := ast.Unparen(l).(*ast.Ident); ok && id.Name != "_" {
			part = id.Name
		}
		m.parts = append(m.parts, part)
	}
	return nil
}

// camel joins words in mixed caps.
func camel(words []string) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			w = strings.ToUpper(w[:1]) + w[1:]
		}
		b.WriteString(w)
	}
	return b.String()
}

// declaration returns the text that declares a task.
func (x *fixer) declaration(m *moved) string {
	ctx := m.ctx
	text := m.text
	if m.ctxVar == nil || m.ctxVar.Name() != m.ctx { // r.Context()
		ctx = "ctx"
		text = x.withContext(m)
	}
	var body strings.Builder
	var params, needs []string
	for _, d := range m.deps {
		if len(m.deps) > 3 {
			needs = append(needs, d.task)
		}
		if d.pack == "" {
			v := d.results[0].Name()
			if len(m.deps) > 3 {
				fmt.Fprintf(&body, "%s := %s.Get(%s)\n", v, d.task, ctx)
			} else {
				params = append(params, v+" "+d.value)
			}
			continue
		}
		from := d.task + ".Get(" + ctx + ")"
		if len(m.deps) <= 3 {
			from = d.name + "Both"
			params = append(params, from+" "+d.value)
		}
		slices.Sort(m.of[d])
		var names, parts []string
		for _, i := range slices.Compact(m.of[d]) {
			names, parts = append(names, d.results[i].Name()), append(parts, from+"."+d.parts[i])
		}
		fmt.Fprintf(&body, "%s := %s\n", strings.Join(names, ", "), strings.Join(parts, ", "))
	}
	if m.pack == "" {
		fmt.Fprintf(&body, "return %s\n", text)
	} else {
		fmt.Fprintf(&body, "first, second, err := %s\nreturn %s{first, second}, err\n", text, m.pack)
	}
	on := x.group + ".Go"
	if len(m.deps) > 0 && len(m.deps) <= 3 {
		on = m.deps[0].task
		for _, d := range m.deps[1:] {
			on += ".And(" + d.task + ")"
		}
		on += ".Then"
	}
	options := ""
	if len(needs) > 0 {
		options = ", " + x.asap + ".Needs(" + strings.Join(needs, ", ") + ")"
	}
	var sig strings.Builder
	sig.WriteString(ctx + " " + x.ctxPkg + ".Context")
	for _, p := range params {
		sig.WriteString(", " + p)
	}
	return fmt.Sprintf("%s := %s(%q, func(%s) (%s, error) {\n%s}%s)\n", m.task, on, m.name, sig.String(), m.value, body.String(), options)
}

// withContext returns the call's text with ctx in the place of r.Context().
func (x *fixer) withContext(m *moved) string {
	var b strings.Builder
	at := m.expr.Pos()
	ast.Inspect(m.expr, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		if t := x.p.Info.TypeOf(e); t != nil && effects.IsContext(t) && types.ExprString(e) == m.ctx {
			b.WriteString(x.f.Text(at, e.Pos()) + "ctx")
			at = e.End()
			return false
		}
		return true
	})
	return b.String() + x.f.Text(at, m.expr.End())
}
