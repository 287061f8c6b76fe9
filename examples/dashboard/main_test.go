package main

import (
	"flag"
	"io"
	"os"
	"testing"
	"testing/synctest"
)

var update = flag.Bool("update", false, "write testdata/output.txt anew")

// The program's output, standard error first, is the one that README.md
// shows. In virtual time it is the same every time.
func TestOutput(t *testing.T) {
	t.Setenv("COLUMNS", "80")
	got := capture(t, &os.Stderr, func() {
		got := capture(t, &os.Stdout, func() { synctest.Test(t, func(*testing.T) { main() }) })
		os.Stderr.WriteString("\n" + got)
	})
	if *update {
		if err := os.WriteFile("testdata/output.txt", []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/output.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the program printed\n%s\nwant\n%s\nif that is right, run go test -update", got, want)
	}
}

// capture returns what f writes to file.
func capture(t *testing.T, file **os.File, f func()) string {
	t.Helper()
	tmp, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer tmp.Close()
	saved := *file
	*file = tmp
	defer func() { *file = saved }()
	f()
	if _, err := tmp.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(tmp)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
