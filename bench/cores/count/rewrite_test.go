package count_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asap-go/asap/bench/cores/count"
)

// engine reads the source of package asap.
func engine(t *testing.T) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("../../../*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = text
	}
	return files
}

// TestRewrite finds in the engine of today everything that the counts are
// about. That the copy compiles and counts is a test of the benchmark itself.
func TestRewrite(t *testing.T) {
	out, err := count.Rewrite(engine(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ file, want string }{
		{"relay.go", "func (r *relay) popUncounted("},
		{"relay.go", "tallyBatch(r.in.Swap(nil))"},
		{"node.go", ", n.list.CompareAndSwap("},
		{"group.go", ", g.live.CompareAndSwap("},
		{"tally_hooks.go", `tally.Site{Func: "relay.pop", Field: "mu", Op: "Lock"}`},
	} {
		if !strings.Contains(string(out[tt.file]), tt.want) {
			t.Errorf("Rewrite: %s lacks %q", tt.file, tt.want)
		}
	}
	if _, ok := out["doc.go"]; ok {
		t.Error("Rewrite returned doc.go, which has nothing to count")
	}
}

// TestRewriteOfAnother engine says what is missing.
func TestRewriteOfAnother(t *testing.T) {
	files := engine(t)
	files["relay.go"] = []byte(strings.ReplaceAll(string(files["relay.go"]), "in.Swap(", "in.Exchange("))
	if _, err := count.Rewrite(files); err == nil || !strings.Contains(err.Error(), `no "in Swap"`) {
		t.Errorf("Rewrite without a swap = %v, want an error that names it", err)
	}
	files["relay.go"] = []byte("package asap\nfunc {")
	if _, err := count.Rewrite(files); err == nil || !strings.Contains(err.Error(), "relay.go:2") {
		t.Errorf("Rewrite of bad source = %v, want an error with its place", err)
	}
}
