package record

import (
	"reflect"
	"strconv"
	"testing"
)

// Every task of a run that is recorded has an entry; what few have is in more, which
// fills a size of the allocator.
func TestSize(t *testing.T) {
	if strconv.IntSize < 64 {
		t.Skip("sizes are those of 64 bits")
	}
	if n := reflect.TypeFor[Entry]().Size(); n != 80 {
		t.Errorf("an Entry has %d bytes, want 80", n)
	}
	if n := reflect.TypeFor[more]().Size(); n > 128 {
		t.Errorf("what few entries have has %d bytes, want 128", n)
	}
}
