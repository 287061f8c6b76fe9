package rewrite

import (
	"cmp"
	"errors"
	"fmt"
	"go/token"
	"go/types"
)

var errUnknownType = errors.New("a type is not known")

// Type returns the text of a type in code at pos.
func (f *File) Type(pos token.Pos, t types.Type) (string, error) {
	if err := f.writable(pos, t, make(map[types.Type]bool)); err != nil {
		return "", err
	}
	var failed error
	text := types.TypeString(t, func(p *types.Package) string {
		if p == f.Pkg {
			return ""
		}
		name, err := f.Import(pos, p.Path(), p.Name())
		if err != nil && failed == nil {
			failed = err
		}
		return name
	})
	return text, failed
}

// writable reports why a type cannot be written at pos.
func (f *File) writable(pos token.Pos, t types.Type, seen map[types.Type]bool) error {
	if seen[t] {
		return nil
	}
	seen[t] = true
	named := func(o *types.TypeName, args *types.TypeList) error {
		if p := o.Pkg(); p != nil && p != f.Pkg && !o.Exported() {
			return fmt.Errorf("type %s is not exported", o.Name())
		}
		if o.Pkg() == f.Pkg {
			if scope := f.Pkg.Scope().Innermost(pos); scope != nil {
				if _, found := scope.LookupParent(o.Name(), pos); found != o {
					return fmt.Errorf("type %s is hidden here", o.Name())
				}
			}
		}
		for arg := range args.Types() {
			if err := f.writable(pos, arg, seen); err != nil {
				return err
			}
		}
		return nil
	}
	switch t := t.(type) {
	case *types.Basic:
		if t.Kind() == types.Invalid {
			return errUnknownType
		}
	case *types.Alias:
		return named(t.Obj(), t.TypeArgs())
	case *types.Named:
		return named(t.Obj(), t.TypeArgs())
	case *types.Pointer:
		return f.writable(pos, t.Elem(), seen)
	case *types.Slice:
		return f.writable(pos, t.Elem(), seen)
	case *types.Array:
		return f.writable(pos, t.Elem(), seen)
	case *types.Chan:
		return f.writable(pos, t.Elem(), seen)
	case *types.Map:
		return cmp.Or(f.writable(pos, t.Key(), seen), f.writable(pos, t.Elem(), seen))
	case *types.Signature:
		for _, tuple := range [...]*types.Tuple{t.Params(), t.Results()} {
			for v := range tuple.Variables() {
				if err := f.writable(pos, v.Type(), seen); err != nil {
					return err
				}
			}
		}
	case *types.Struct:
		for v := range t.Fields() {
			if !v.Exported() && v.Pkg() != f.Pkg {
				return errors.New("a type has fields that are not exported")
			}
			if err := f.writable(pos, v.Type(), seen); err != nil {
				return err
			}
		}
	}
	return nil
}
