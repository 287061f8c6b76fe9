package asap_test

import (
	"reflect"
	"strconv"
	"testing"

	"github.com/asap-go/asap"
)

// TestLines keeps what different goroutines write for each task in different
// cache lines: pushes, pops, declarations and reads each have one for themselves.
// The group of package engine comes first in that of the users.
func TestLines(t *testing.T) {
	if strconv.IntSize != 64 {
		t.Skip("the lines are laid out for 64 bits")
	}
	const line = 64
	group := reflect.TypeFor[asap.Group]()
	if size := group.Size(); size != 256 {
		t.Errorf("a Group has %d bytes, want 256: the allocator aligns objects of that size to lines", size)
	}
	in := map[uintptr]string{}
	for _, fields := range []struct {
		why   string
		paths [][]string
	}{
		{"read for each task", [][]string{{"parent"}, {"ending"}, {"watch"}, {"limiter"}, {"host"}, {"searchers"}, {"plain"}}},
		{"written by who declares", [][]string{{"declared"}}},
		{"written by who pushes", [][]string{{"in"}}},
		{"written by who pops", [][]string{{"popMu"}, {"out"}}},
	} {
		for i, path := range fields.paths {
			at, typ := uintptr(0), group
			for _, name := range append([]string{"core"}, path...) {
				f, ok := typ.FieldByName(name)
				if !ok {
					t.Fatalf("%s has no field %s", typ, name)
				}
				at, typ = at+f.Offset, f.Type
			}
			first, last := at/line, (at+typ.Size()-1)/line
			other, taken := in[first]
			if first != last || taken && (i == 0 || other != fields.why) || !taken && i > 0 {
				t.Errorf("%v, %s, is at %d to %d, which shares a line with what is %s", path, fields.why, at, at+typ.Size(), other)
			}
			in[first] = fields.why
		}
	}
}
