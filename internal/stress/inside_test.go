package stress_test

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"

	"github.com/asap-go/asap"
)

// inside reads the fields of a group that has ended, and of its limits: what the engine
// keeps there for waits, queues and nested groups is gone when nothing runs any more.
func inside(g *asap.Group) string {
	var bad strings.Builder
	core := reflect.ValueOf(g).Elem().FieldByName("core")
	if loaded(field(core, "over")) != 2 {
		return ""
	}
	note := func(format string, args ...any) { fmt.Fprintf(&bad, format+"; ", args...) }
	for _, name := range []string{"inner", "parked", "in"} {
		if p := pointed(field(core, name)); p != nil {
			note("%s is not empty", name)
		}
	}
	if !field(core, "out").IsNil() {
		note("out is not empty")
	}
	if n := loaded(field(core, "uphill")); n != 0 {
		note("uphill is %d", n)
	}
	if b := pointed(field(core, "ledger")); b != nil {
		book := reflect.NewAt(field(core, "ledger").Addr().MethodByName("Load").Type().Out(0).Elem(), b).Elem()
		if n := loaded(field(book, "several")); n != 0 {
			note("several is %d", n)
		}
		if n := field(book, "hubs").Len(); n != 0 {
			note("%d hubs", n)
		}
		if !field(book, "joins").IsNil() {
			note("joins are left")
		}
		if d := pointed(field(book, "undoing")); d != nil {
			d := reflect.NewAt(field(book, "undoing").Addr().MethodByName("Load").Type().Out(0).Elem(), d).Elem()
			if n := field(d, "all").Len() + field(d, "losers").Len() + field(d, "todo").Len(); n != 0 {
				note("%d undos", n)
			}
		}
		if n, k := field(book, "queued").Len(), field(book, "queuedNow").Int(); n != 0 || k != 0 {
			note("%d queued, %d in queues", n, k)
		}
	}
	for l := field(core, "limiter"); !l.IsNil(); l = field(l.Elem(), "up") {
		q := field(l.Elem(), "queue")
		if valid, stale := field(q, "valid").Int(), field(q, "stale").Int(); valid < 0 || stale < 0 {
			note("a limit has %d valid, %d stale", valid, stale)
		}
	}
	return bad.String()
}

// slots compares the free slots of the group's own limit with n, when everybody under it
// has ended.
func slots(g *asap.Group, n int) string {
	l := field(reflect.ValueOf(g).Elem().FieldByName("core"), "limiter")
	if n == 0 || l.IsNil() {
		return ""
	}
	if s := field(l.Elem(), "shared"); !s.IsNil() {
		for _, name := range []string{"places", "branches", "inHand", "held"} {
			if k := field(s.Elem(), name).Len(); k != 0 {
				return fmt.Sprintf("%d %s of a shared limit are left; ", k, name)
			}
		}
		if field(s.Elem(), "crowded").Addr().MethodByName("Load").Call(nil)[0].Bool() || field(field(s.Elem(), "root"), "items").Len() > 0 {
			return "a shared limit is crowded; "
		}
	}
	q := field(l.Elem(), "queue")
	if free, valid, stale := loaded(field(l.Elem(), "word")), field(q, "valid").Int(), field(q, "stale").Int(); free != int64(n) || valid != 0 || stale != 0 {
		return fmt.Sprintf("%d of %d slots free, %d in the queue, %d stale; ", free, n, valid, stale)
	}
	return ""
}

func field(v reflect.Value, name string) reflect.Value {
	f := v.FieldByName(name)
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
}

func pointed(v reflect.Value) unsafe.Pointer {
	return v.Addr().MethodByName("Load").Call(nil)[0].UnsafePointer()
}

func loaded(v reflect.Value) int64 { return v.Addr().MethodByName("Load").Call(nil)[0].Int() }

// checkInside looks at all groups of the run, when everything has ended.
func (r *run) checkInside() {
	var bad string
	for i, o := range r.groups {
		if o == nil || r.g.scopes[i] == nil {
			continue
		}
		problem := inside(o.g)
		problem += slots(o.g, r.g.scopes[i].limit)
		if problem != "" {
			bad += fmt.Sprintf("g%d: %s", i, problem)
		}
	}
	if bad != "" {
		panic(fmt.Sprintf("seed %d: %s", r.g.seed, bad))
	}
}
