package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/asap-go/asap/waterfall"
)

//go:generate go test -run TestPictures -update

var update = flag.Bool("update", false, "write the runs and pictures of docs/ anew")

// The runs and the pictures in docs are what this program and `asap show`
// make, in virtual time: so they are the same on every machine.
func TestPictures(t *testing.T) {
	runs := map[string]struct {
		slow  bool
		limit int
		wide  bool
	}{
		"checkout": {}, "checkout-slow": {slow: true}, "checkout-limit": {limit: 2}, "catalog": {wide: true},
	}
	for name, of := range runs {
		var run *waterfall.Run
		synctest.Test(t, func(t *testing.T) {
			var err error
			if of.wide {
				run, err = recordCatalog(t.Context())
			} else {
				run, err = record(t.Context(), of.slow, of.limit)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
		golden(t, "../../docs/runs/"+name+".json", run, waterfall.JSON)
		golden(t, "../../docs/img/"+name+".svg", run, waterfall.SVG)
	}
}

// golden compares a picture of the run with a file.
func golden(t *testing.T, path string, run *waterfall.Run, f waterfall.Format) {
	t.Helper()
	var got bytes.Buffer
	if err := run.Write(&got, f); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s is not the picture of the run; if the new one is right, run go generate and look at it", filepath.Base(path))
	}
}
