package waterfall_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

var update = flag.Bool("update", false, "write the golden files")

// TestMain takes away what in the environment changes the texts.
func TestMain(m *testing.M) {
	os.Unsetenv("COLUMNS")
	m.Run()
}

// golden compares got with testdata/name, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (run with -update and look at the diff)\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

// record plays a script to a new recorder and returns what it gives.
func record(t testing.TB, script string) *waterfall.Run {
	t.Helper()
	var rec waterfall.Recorder
	play(t, &rec, script)
	return rec.Run()
}

func TestTextGolden(t *testing.T) {
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) {
			run := record(t, script)
			golden(t, name+".txt", run.Text(80, false))
		})
	}
	t.Run("narrow", func(t *testing.T) {
		golden(t, "readme-40.txt", record(t, readme).Text(40, false))
	})
	t.Run("wide", func(t *testing.T) {
		golden(t, "readme-120.txt", record(t, readme).Text(120, false))
	})
	t.Run("color", func(t *testing.T) {
		golden(t, "failed-color.txt", record(t, scripts["failed"]).Text(80, true))
	})
}

// A name of spaces alone can be seen, in the text and in the page.
func TestNameOfSpaces(t *testing.T) {
	run := recorded(t, func(g *asap.Group) { g.Go(" ", sleep(5*ms, 1)); g.Go("\u00a0", sleep(3*ms, 1)) })
	for _, want := range []string{"\n▸ \" \" ", "\"\\u00a0\"", "critical path: \" \" 5 ms"} {
		if text := run.Text(100, false); !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	if page := render(t, run, waterfall.HTML); !strings.Contains(page, `"l":"\" \""`) {
		t.Error("the page has a row without a name")
	}
}
