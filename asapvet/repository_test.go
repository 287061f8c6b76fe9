package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRepository vets this repository with asapvet. Outside of tests there is nothing to
// report, and what is reported in tests is deliberate: testdata/deliberate.txt has it.
func TestRepository(t *testing.T) {
	if testing.Short() {
		t.Skip("type-checks the whole repository")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.work")); err != nil {
		t.Skip("not in the repository")
	}
	tool := filepath.Join(t.TempDir(), "asapvet")
	command(t, ".", "go", "build", "-o", tool, ".")
	packages := slices.DeleteFunc(strings.Fields(command(t, root, "go", "list", "work")), func(p string) bool {
		return strings.Contains(p, "/servertest") // would compile a server of Temporal
	})
	out := command(t, root, append([]string{"go", "vet", "-json", "-vettool=" + tool}, packages...)...)
	got := map[string]int{}
	where := map[string][]string{}
	seen := map[string]bool{}
	d := json.NewDecoder(strings.NewReader(withoutComments(out)))
	for d.More() {
		var reports map[string]map[string]json.RawMessage
		if err := d.Decode(&reports); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		for _, checks := range reports {
			for check, raw := range checks {
				var list []struct{ Posn, Message string }
				if err := json.Unmarshal(raw, &list); err != nil {
					t.Errorf("%s: %s", check, raw)
				}
				for _, r := range list {
					file, rest, _ := strings.Cut(strings.TrimPrefix(r.Posn, root+"/"), ":")
					if seen[check+r.Posn] {
						continue
					}
					seen[check+r.Posn] = true
					key := check + " " + file
					got[key]++
					where[key] = append(where[key], rest+" "+r.Message)
				}
			}
		}
	}
	listed := deliberate(t)
	for key, n := range got {
		if _, file, _ := strings.Cut(key, " "); !strings.HasSuffix(file, "_test.go") {
			t.Errorf("%s, which is no test: %s", key, strings.Join(where[key], "; "))
		} else if listed[key] != n {
			t.Errorf("%s: %d reports, %d in testdata/deliberate.txt: %s", key, n, listed[key], strings.Join(where[key], "; "))
		}
	}
	for key, n := range listed {
		if got[key] == 0 {
			t.Errorf("%s: no report, %d in testdata/deliberate.txt", key, n)
		}
	}
}

// deliberate returns how often a check reports a test file on purpose.
func deliberate(t *testing.T) map[string]int {
	data, err := os.ReadFile("testdata/deliberate.txt")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]int{}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		var check, file string
		var n int
		if _, err := fmt.Sscan(line, &check, &file, &n); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if !strings.Contains(line, "# ") {
			t.Errorf("%q has no reason", line)
		}
		listed[check+" "+file] = n
	}
	return listed
}

// withoutComments drops the lines that name the package.
func withoutComments(out string) string {
	var b strings.Builder
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func command(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(args[:min(4, len(args))], " "), err, out, stderr.String())
	}
	return string(out)
}
