package journey

import "reflect"

// fill sets everything in v that does not encode itself to something that is not zero.
func (w *walk) fill(v reflect.Value, depth int) {
	t := v.Type()
	if w.isMessage(t) && v.CanSet() && !w.Trusted[t] {
		w.Messages.Fill(v, depth)
		return
	}
	if depth == 0 || w.opaque[t] || !v.CanSet() {
		return
	}
	switch t.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(7)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(0.5)
	case reflect.String:
		v.SetString("7") // a json.Number, too
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		w.fill(v.Elem(), depth-1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(t, 1, 1))
		w.fill(v.Index(0), depth-1)
	case reflect.Array:
		for i := range v.Len() {
			w.fill(v.Index(i), depth-1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		key, elem := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		w.fill(key, depth-1)
		w.fill(elem, depth-1)
		v.SetMapIndex(key, elem)
	case reflect.Struct:
		for i := range t.NumField() {
			if !isResult(t) || i == 0 {
				w.fill(v.Field(i), depth-1)
			}
		}
	}
}

// differs says where b differs from a, "" if nowhere, but for what encodes itself: of that
// fill has set nothing.
func (w *walk) differs(a, b reflect.Value, at string) string {
	t := a.Type()
	if w.isMessage(t) && a.CanInterface() && !w.Trusted[t] {
		if w.Messages.Equal(a, b) {
			return ""
		}
		return at
	}
	if w.opaque[t] {
		return ""
	}
	same := true
	switch t.Kind() {
	case reflect.Struct:
		message := isGenerated(t)
		for i := range t.NumField() {
			f := t.Field(i)
			if isResult(t) && i > 0 || f.Name == "_" || message && !f.IsExported() {
				continue
			}
			if d := w.differs(a.Field(i), b.Field(i), at+"."+f.Name); d != "" {
				return d
			}
		}
	case reflect.Pointer, reflect.Interface:
		if same = a.IsNil() == b.IsNil(); same && !a.IsNil() {
			return w.differs(a.Elem(), b.Elem(), at)
		}
	case reflect.Slice, reflect.Array:
		if same = a.Len() == b.Len(); same {
			for i := range a.Len() {
				if d := w.differs(a.Index(i), b.Index(i), at+"[…]"); d != "" {
					return d
				}
			}
		}
	case reflect.Map:
		same = a.Len() == b.Len()
		for _, key := range a.MapKeys() { // one
			v := b.MapIndex(key)
			if !v.IsValid() {
				return at + "[…]"
			}
			if d := w.differs(a.MapIndex(key), v, at+"[…]"); d != "" {
				return d
			}
		}
	default:
		same = a.Equal(b)
	}
	if !same {
		return at
	}
	return ""
}
